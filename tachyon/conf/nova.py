from oslo_config import cfg

GROUP = cfg.OptGroup("nova", title="Requests of nova's")

OPTS = [
    cfg.BoolOpt("enabled", default=False, help="""
Whether tachyon-scheduler answers nova-conductor, in nova-scheduler's place.
"""),
    cfg.StrOpt("transport_url", secret=True, help="""
The bus that nova-conductor calls on: ``transport_url`` of nova's own
configuration. Not given, it is Tachyon's.
"""),
    cfg.StrOpt("control_exchange", default="nova", help="""
As in nova's configuration.
"""),
    cfg.BoolOpt("rabbit_quorum_queue", default=False, help="""
As ``[oslo_messaging_rabbit] rabbit_quorum_queue`` in nova's configuration:
both sides have to declare the same.

What that group says in Tachyon's configuration is for Tachyon's own queues.
What else differs from there can be given in the query of ``transport_url``.
"""),
    cfg.IntOpt("max_attempts", default=3, min=1, help="""
Hosts that are named for one server: the one that was chosen, and alternates
that the conductor tries if it fails. As in nova's ``[scheduler]`` group.
"""),
    cfg.IntOpt("max_placement_results", default=1000, min=1, help="""
As in nova's ``[scheduler]`` group. It is told in Explain only: all hosts are
considered, at no cost.
"""),
    cfg.BoolOpt("disable_fallback_pcpu_query", default=False, help="""
Whether servers whose processors are pinned are only given hosts that count
them as ``PCPU``. Else hosts will do, too, that have as many ``VCPU`` and pin
them, as computes do that were not told which processors are dedicated. As in
nova's ``[workarounds]`` group.
"""),
    cfg.IntOpt("discover_hosts_in_cells_interval", default=-1, min=-1, help="""
Seconds between two looks for new hosts in the cells, which are mapped then, as
by ``nova-manage cell_v2 discover_hosts``; 0 is every minute, -1 never. As in
nova's ``[scheduler]`` group.

Nova's databases are written to for that, and for nothing else.
"""),
    cfg.ListOpt("config_files", default=[], help="""
Configuration files of nova's own, for third-party filters and weighers: their
options, and those of nova's that they read, are there. Not given, they are
where nova itself finds them: /etc/nova/nova.conf...

They are read once, if such a plug-in is named in ``[filter_scheduler]``.
"""),
    cfg.FloatOpt("sweep_interval", default=60.0, min=0.1, help="""
Seconds between two looks for servers that nova has given up, and that have
allocations all the same: a scheduler was killed after the claim and before
the answer. These are removed.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
