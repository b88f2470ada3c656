"""The pre-filter of routed networks."""

from tachyon.scheduler.prefilters import base


def routed_networks_filter(asked: base.Asked) -> None:
    """Keep to hosts that are on a segment of each network: in an aggregate
    of the provider that Neutron made of it.

    :raises SchedulingDataInvalid: a segment has no aggregate.
    """
    for reach in asked.request.call.reaches or ():
        found: set[str] = set()
        for segment in reach.segments:
            aggregates = asked.aggregates_of(segment)
            if not aggregates:
                raise base.refuse(f"Aggregates not found for {reach.of}.")
            found |= aggregates
        asked.member_of.append(frozenset(found))
