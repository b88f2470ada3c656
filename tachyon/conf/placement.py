from oslo_config import cfg

GROUP = cfg.OptGroup("placement", title="Placement")

OPTS = [
    cfg.BoolOpt("randomize_allocation_candidates", default=False, help="""
Whether allocation candidates are returned in random order.
"""),
    cfg.IntOpt("max_allocation_candidates", default=-1, min=-1, help="""
Allocation candidates that are generated for one request, -1 for no limit.
"""),
    cfg.IntOpt("allocation_conflict_retry_count", default=10, min=0, help="""
Times a write that meets a generation conflict not of its caller is retried.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
