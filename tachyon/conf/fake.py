from oslo_config import cfg

GROUP = cfg.OptGroup("fake", title="Simulator")

OPTS = [
    cfg.IntOpt("hosts", default=1, min=0, help="""
Simulated hosts. 0: report none, and simulate those named by ``[compute]
serves`` that were loaded through the Placement API.
"""),
    cfg.IntOpt("vcpus", default=16, min=1, help="""
VCPUs of each simulated host.
"""),
    cfg.IntOpt("memory_mb", default=65536, min=1, help="""
Memory of each simulated host, in MiB.
"""),
    cfg.IntOpt("disk_gb", default=1000, min=1, help="""
Disk of each simulated host, in GiB.
"""),
    cfg.ListOpt("traits", default=[], help="""
Traits of each simulated host.
"""),
    cfg.FloatOpt("delay", default=0.0, min=0.0, help="""
Seconds that each action of the simulator takes.
"""),
    cfg.FloatOpt("failure_rate", default=0.0, min=0.0, max=1.0, help="""
Share of creates that the simulator lets fail.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
