"""The pre-filter of routed networks, which Tachyon does not have."""

from tachyon.scheduler.prefilters import base


def routed_networks_filter(asked: base.Asked) -> None:
    """Refuse what only Neutron could tell: which hosts a segment reaches.

    :raises SchedulingDataInvalid: the option is on, and there are networks.
    """
    if (asked.options.query_placement_for_routed_network_aggregates
            and asked.request.requested_networks):
        raise base.refuse(
            "hosts of routed networks are not known: [scheduler] "
            "query_placement_for_routed_network_aggregates is not "
            "supported.")
