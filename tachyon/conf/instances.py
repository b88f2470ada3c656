from oslo_config import cfg

GROUP = cfg.OptGroup("instances", title="Instances")

OPTS: list[cfg.Opt] = [
    cfg.IntOpt("max_name_length", default=255, min=1, max=255, help="""
Longest name of an instance, in characters.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
