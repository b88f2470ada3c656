from oslo_config import cfg

GROUP = cfg.OptGroup("database", title="Store")

OPTS = [
    cfg.StrOpt("driver", default="sqlite", help="""
Name of the db driver (entry points ``tachyon.db.drivers``).
"""),
    cfg.StrOpt("sqlite_path", default="$state_path/tachyon.sqlite", help="""
File of the sqlite driver.
"""),
    cfg.FloatOpt("deadline", default=5.0, min=0.1, help="""
Seconds after which a store call that keeps failing is given up (HTTP 503).

A client waits for it: keep it below the clients' own time-outs.
"""),
    cfg.IntOpt("decision_retention", default=7 * 24 * 3600, min=60, help="""
Seconds that Explain documents are kept.
"""),
    cfg.IntOpt("deleted_retention", default=7 * 24 * 3600, min=60, help="""
Seconds that DELETED instances are kept.
"""),
    cfg.IntOpt("change_retention", default=24 * 3600, min=60, help="""
Seconds that tombstones of deleted providers are kept.

A process that was away for longer loads its view afresh.
"""),
    cfg.IntOpt("gc_interval", default=600, min=1, help="""
Seconds between two garbage collections of the store by a scheduler.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
