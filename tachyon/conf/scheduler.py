from oslo_config import cfg

from tachyon.conf import types

GROUP = cfg.OptGroup("scheduler", title="Scheduler")

OPTS = [
    cfg.IntOpt("workers", default=1, min=1, help="""
Scheduler processes on this machine.
"""),
    cfg.ListOpt("pipeline",
                default=["candidates", "filter", "weigh", "claim"], help="""
Actions of a scheduling decision, in order (entry points ``tachyon.actions``).
"""),
    cfg.ListOpt("enabled_filters", default=["ComputeFilter"], mutable=True,
                help="""
Filters, in order (entry points ``tachyon.scheduler.filters``).

Put those that remove the most hosts first.
"""),
    cfg.ListOpt("enabled_weighers", mutable=True,
                default=["RAMWeigher", "CPUWeigher", "DiskWeigher",
                         "TraitsWeigher"],
                help="""
Weighers (entry points ``tachyon.scheduler.weighers``).
"""),
    cfg.StrOpt("weighing", default="sum", choices=["sum", "lexicographic"],
               mutable=True, help="""
How weighers decide together.

``sum``: their weights, times their multipliers, are added up.
``lexicographic``: in the order of ``enabled_weighers``, each decides among the
hosts that are equal to those before it. Of a multiplier only the sign counts;
0 leaves a weigher out.
"""),
    cfg.FloatOpt("ram_weight_multiplier", default=1.0, mutable=True, help="""
Multiplier of free memory. Negative: fill hosts up instead of spreading.
"""),
    cfg.FloatOpt("cpu_weight_multiplier", default=1.0, mutable=True, help="""
Multiplier of free VCPUs. Negative: fill hosts up instead of spreading.
"""),
    cfg.FloatOpt("disk_weight_multiplier", default=1.0, mutable=True, help="""
Multiplier of free disk. Negative: fill hosts up instead of spreading.
"""),
    cfg.FloatOpt("traits_weight_multiplier", default=2.0, mutable=True,
                 help="""
Multiplier of preferred less avoided traits that a host has.
"""),
    cfg.FloatOpt("fragmentation_weight_multiplier", default=1.0, mutable=True,
                 help="""
Multiplier of what a placement leaves that is of use, less what is not, for
FragmentationWeigher.
"""),
    cfg.MultiOpt("fragmentation_workload", item_type=types.Workload(),
                 mutable=True, help="""
Requests that are expected, for FragmentationWeigher: a kind in each line, with
its share (1 unless it is given), as in ``3*VCPU:4,MEMORY_MB:8192``.

Without any, more requests like the one that is placed are expected. Every
kind costs time with every host.
"""),
    cfg.IntOpt("max_attempts", default=3, min=1, help="""
Times a durable request is delivered before its instance ends in ERROR.

A delivery is used up by a host that fails and by a daemon that dies.
"""),
    cfg.IntOpt("claim_retries", default=10, min=0, help="""
Conflicts with other schedulers that one decision survives by taking the next
best host.
"""),
    cfg.FloatOpt("claim_ttl", default=30.0, min=0.5, help="""
Seconds that a message claim lasts unless renewed.

Renewed with every heartbeat of the compute that works on it: keep it at three
times ``[DEFAULT] report_interval`` or more. After a crash it is the time until
somebody else takes over.
"""),
    cfg.FloatOpt("sweep_interval", default=5.0, min=0.1, help="""
Seconds between two looks for requests whose wake-up was lost or whose claim
expired.
"""),
    cfg.BoolOpt("limit_tenants_to_placement_aggregate", default=False,
                mutable=True, help="""
Requests of nova's: keep projects to the aggregates that have their id in
metadata ``filter_tenant_id``, or a name that begins so.
"""),
    cfg.BoolOpt("placement_aggregate_required_for_tenants", default=False,
                mutable=True, help="""
Requests of nova's: refuse projects that no such aggregate is for.
"""),
    cfg.BoolOpt("query_placement_for_image_type_support", default=False,
                mutable=True, help="""
Requests of nova's: only hosts with a trait for the image's disk format.
"""),
    cfg.BoolOpt("enable_isolated_aggregate_filtering", default=False,
                mutable=True, help="""
Requests of nova's: keep out of aggregates with metadata
``trait:NAME=required`` unless flavor or image require that trait.
"""),
    cfg.BoolOpt("image_metadata_prefilter", default=False, mutable=True,
                help="""
Requests of nova's: only hosts with traits for the devices and the architecture
that properties of the image name.
"""),
    cfg.BoolOpt("query_placement_for_routed_network_aggregates",
                default=False, mutable=True, help="""
Requests of nova's that name networks or ports: only hosts that the segments of
these reach. Neutron is asked for the segments: see group ``neutron``, and
install openstacksdk (extra ``neutron``).
"""),
    cfg.IntOpt("explain_examples", default=3, min=0, help="""
Host names that Explain gives as examples of each reason.
"""),
    cfg.IntOpt("explain_hosts", default=10, min=0, help="""
Hosts whose scores Explain lists, best first.
"""),
    cfg.IntOpt("explain_capacity_hosts", default=100, min=0, help="""
Hosts that Explain lists where it is asked how many more fit, those that take
most first.
"""),
    cfg.IntOpt("explain_max_bytes", default=65536, min=1024, help="""
Size above which an Explain document loses its lists.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
