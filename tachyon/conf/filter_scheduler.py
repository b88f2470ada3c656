"""The options of nova's filters and weighers, under nova's names."""

from oslo_config import cfg

GROUP = cfg.OptGroup("filter_scheduler",
                     title="Filters and weighers of requests of nova's")


def _multiplier(name: str, default: float, help: str,
                min: float | None = None) -> cfg.FloatOpt:
    return cfg.FloatOpt(f"{name}_weight_multiplier", default=default, min=min,
                        mutable=True, help=f"""
{help}

The metadata of an aggregate may have another value for its hosts, under the
name of this option; of several the least counts.
""")


OPTS = [
    cfg.ListOpt("enabled_filters", mutable=True, default=[
        "ComputeFilter", "ComputeCapabilitiesFilter", "ImagePropertiesFilter",
        "ServerGroupAntiAffinityFilter", "ServerGroupAffinityFilter"],
        help="""
Filters of nova's requests, in order (entry points ``tachyon.nova.filters``).

Put those that remove the most hosts first.
"""),
    cfg.MultiStrOpt("available_filters",
                    default=["nova.scheduler.filters.all_filters"], help="""
Third-party filters, written against nova's base class: dotted paths of
classes, or of functions that return classes. ``enabled_filters`` knows them by
the name of the class. The package nova has to be installed.

What begins with ``nova.`` stands for Tachyon's own forms of nova's filters,
which are always available. A third-party filter that has the name of one of
them takes its place.
"""),
    cfg.ListOpt("weight_classes", mutable=True,
                default=["nova.scheduler.weights.all_weighers"], help="""
Weighers of nova's requests (entry points ``tachyon.nova.weighers``).

As in nova, a name may have a module before it. One of nova's does not count:
``nova.scheduler.weights.ram.RAMWeigher`` is RAMWeigher, and ``all_weighers``
is all of nova's. Any other is that of a third-party weigher, which is written
against nova's base class; the package nova has to be installed.
"""),
    cfg.StrOpt("weighing", default="sum", choices=["sum", "lexicographic"],
               mutable=True, help="""
How weighers decide together.

``sum``, as in nova: their weights, times their multipliers, are added up.
``lexicographic``: in the order of ``weight_classes``, each decides among the
hosts that are equal to those before it.
"""),
    cfg.IntOpt("host_subset_size", default=1, min=1, mutable=True, help="""
Among how many of the best hosts one is drawn.

More than 1 lets schedulers that decide at the same time choose different
hosts, at the price of a host that is not the best.
"""),
    cfg.BoolOpt("shuffle_best_same_weighed_hosts", default=False,
                mutable=True, help="""
Draw one of the hosts that weigh the same, the most.

Tachyon always does: schedulers that decide at the same time do not all run to
the same host. The option is there so that a configuration of nova's is valid.
"""),
    cfg.IntOpt("max_io_ops_per_host", default=8, min=0, mutable=True, help="""
Instances that are built, resized, migrated, rescued or snapshotted on a host
at the same time, for IoOpsFilter and AggregateIoOpsFilter.
"""),
    cfg.IntOpt("max_instances_per_host", default=50, min=1, mutable=True,
               help="""
Instances on a host, for NumInstancesFilter and AggregateNumInstancesFilter.
"""),
    cfg.StrOpt("image_properties_default_architecture", mutable=True, help="""
Architecture of images that do not name theirs, for ImagePropertiesFilter.

If there are hosts of several architectures, it keeps such images from those
of the others. For example x86_64.
"""),
    cfg.ListOpt("isolated_images", default=[], mutable=True, help="""
Ids of images whose instances go to isolated hosts only, for
IsolatedHostsFilter.
"""),
    cfg.ListOpt("isolated_hosts", default=[], mutable=True, help="""
Names of the compute services of isolated hosts, for IsolatedHostsFilter.
"""),
    cfg.BoolOpt("restrict_isolated_hosts_to_isolated_images", default=True,
                mutable=True, help="""
Keep instances of other images off isolated hosts.
"""),
    cfg.StrOpt("aggregate_image_properties_isolation_namespace",
               mutable=True, help="""
What the names of metadata start with that AggregateImagePropertiesIsolation
looks at. By default it looks at all of it.
"""),
    cfg.StrOpt("aggregate_image_properties_isolation_separator", default=".",
               mutable=True, help="""
What stands after the namespace in the name of metadata.
"""),
    _multiplier("ram", 1.0, """
Multiplier of free memory. Negative: fill hosts up instead of spreading."""),
    _multiplier("cpu", 1.0, """
Multiplier of free VCPUs. Negative: fill hosts up instead of spreading."""),
    _multiplier("disk", 1.0, """
Multiplier of free disk. Negative: fill hosts up instead of spreading."""),
    _multiplier("hypervisor_version", 1.0, """
Multiplier of the hypervisor's version. Negative: prefer older ones."""),
    _multiplier("num_instances", 0.0, """
Multiplier of the number of instances. Negative: prefer hosts with fewer."""),
    _multiplier("io_ops", -1.0, """
Multiplier of the number of instances that are built, moved or the like.
Negative, the default: prefer hosts that are less busy."""),
    _multiplier("pci", 1.0, """
Multiplier of how few PCI devices are left: hosts that have many are kept for
who needs them.""", min=0.0),
    _multiplier("soft_affinity", 1.0, """
Multiplier of the members of a soft-affinity group on a host.""", min=0.0),
    _multiplier("soft_anti_affinity", 1.0, """
Multiplier of how few members of a soft-anti-affinity group are on a
host.""", min=0.0),
    _multiplier("fragmentation", 1.0, """
Multiplier of what a placement leaves that is of use, less what is not, for
FragmentationWeigher. That is not one of nova's: weight_classes has to name it.
See ``[scheduler] fragmentation_workload``.
"""),
    _multiplier("image_props", 0.0, """
Multiplier of the instances of a host whose images have the same properties, of
ImagePropertiesWeigher. Negative: prefer hosts with fewer.

If it is not 0, the properties of all instances' images are read from nova's
databases. If it is, aggregates can't change that."""),
    cfg.ListOpt("image_props_weight_setting", default=[], mutable=True,
                help="""
Properties that ImagePropertiesWeigher looks at, with their factors:
``os_distro=2, hw_machine_type=-1``. By default it looks at all, each once.
"""),
    _multiplier("build_failure", 1000000.0, """
How much builds that failed of late speak against a host. 0: not at all."""),
    _multiplier("cross_cell_move", 1000000.0, """
Multiplier of being in the cell that an instance moves from. Negative: prefer
other cells."""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
