from oslo_config import cfg

GROUP = cfg.OptGroup("compute", title="Compute")

OPTS = [
    cfg.StrOpt("domain_driver", default="fake", help="""
Name of the domain driver (entry points ``tachyon.compute.drivers``).
"""),
    cfg.ListOpt("serves", default=[], help="""
Glob patterns of the names of root providers whose instances this daemon runs.

Empty: the names that the domain driver reports.
"""),
    cfg.IntOpt("max_concurrent_actions", default=16, min=1, help="""
Instance actions that the domain driver does at the same time.
"""),
    cfg.FloatOpt("inventory_interval", default=60.0, min=0.1, help="""
Seconds between two reports of the inventory.
"""),
    cfg.FloatOpt("reconcile_interval", default=60.0, min=0.1, help="""
Seconds between two comparisons of what runs here with what should.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
