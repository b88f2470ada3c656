"""Pre-filters by the metadata of aggregates."""

from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.prefilters import base

_TENANT = "filter_tenant_id"
_TRAIT = "trait:"
_REQUIRED = "required"


def require_tenant_aggregate(asked: base.Asked) -> None:
    """Keep a project to the aggregates that are for it.

    :raises SchedulingDataInvalid: there are none, and there must be.
    """
    if not asked.options.limit_tenants_to_placement_aggregate:
        return
    found = frozenset(
        each.uuid for each in asked.facts.all_aggregates
        if any(key.startswith(_TENANT) and value == asked.request.project_id
               for key, value in each.metadata.items()))
    if found:
        asked.member_of.append(found)
    elif asked.options.placement_aggregate_required_for_tenants:
        raise base.refuse("there are no hosts for this project.")


def map_az_to_placement_aggregate(asked: base.Asked) -> None:
    """Keep an instance to its availability zone."""
    zone = asked.request.availability_zone
    found = frozenset(
        each.uuid for each in asked.facts.all_aggregates
        if zone and each.metadata.get(facts_module.ZONE) == zone)
    if found:
        asked.member_of.append(found)


def isolate_aggregates(asked: base.Asked) -> None:
    """Keep out of aggregates whose metadata ``trait:...=required`` is not
    asked for."""
    if not asked.options.enable_isolated_aggregate_filtering:
        return
    allowed = {f"{_TRAIT}{trait}" for trait in asked.request.required_traits}
    asked.forbidden_aggregates.update(
        each.uuid for each in asked.facts.all_aggregates
        if any(key.startswith(_TRAIT) and value == _REQUIRED
               and key not in allowed
               for key, value in each.metadata.items()))
