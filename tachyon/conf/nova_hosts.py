"""Where what Placement does not know of nova's hosts comes from."""

from oslo_config import cfg

GROUP = cfg.OptGroup("nova_hosts", title="What is known of nova's hosts")

OPTS = [
    cfg.StrOpt("source", default="nova", help="""
Host source (entry point ``tachyon.host_sources``).

``nova`` reads nova's own databases; ``tachyon`` takes Tachyon's own computes
for the hosts.
"""),
    cfg.StrOpt("api_connection", secret=True, help="""
URL of nova's API database, as in nova's ``[api_database] connection``. The
databases of the cells are found there.

A user that may only read is enough.
"""),
    cfg.StrOpt("cell_connection", secret=True, help="""
URL that fills in the templates of cell mappings, as in nova's ``[database]
connection``. Needed only where they have any.
"""),
    cfg.FloatOpt("max_age", default=1.0, min=0.0, mutable=True, help="""
Seconds for which what was read of hosts serves all decisions.

What a decision takes from a host is known to the next one at once.
"""),
    cfg.FloatOpt("cell_timeout", default=10.0, min=0.1, help="""
Seconds to wait for a database of nova's. The hosts of a cell whose database
does not answer get nothing new.
"""),
    cfg.FloatOpt("service_down_time", default=60.0, min=0.2, help="""
Seconds without a report after which a compute of nova's counts as down, as in
nova's ``[DEFAULT] service_down_time``.
"""),
    cfg.StrOpt("default_availability_zone", default="nova", mutable=True,
               help="""
Availability zone of hosts that no aggregate puts into one, as in nova's
``[DEFAULT] default_availability_zone``.
"""),
    cfg.BoolOpt("packing_host_numa_cells_allocation_strategy", default=False,
                mutable=True, help="""
Whether a guest with NUMA cells gets those of a host that are used most, as in
nova's ``[compute]`` group.

It has to be as the computes have it, who choose the cells.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
