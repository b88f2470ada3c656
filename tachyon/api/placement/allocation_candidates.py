"""Allocation candidates."""

import flask

from tachyon import exception
from tachyon.api import errors
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api.placement import groups
from tachyon.api.placement import traits
from tachyon.api.placement.schemas import allocation_candidates as schemas
from tachyon.db import models
from tachyon.placement.managers import candidates
from tachyon.policies import allocations as policies

ROUTES = routing.Table()

# A ratio can make a capacity that no JSON integer of 64 bits holds.
_MAX_INT64 = 2 ** 63 - 1


@ROUTES.route(
    "GET", "/allocation_candidates", rule=policies.CANDIDATES, since="1.39",
    accept=True, query=schemas.LIST_V1_36,
    raises={
        exception.ResourceClassNotFound: errors.Rule(
            400, detail="Invalid resource class in resources parameter: "
                        "{error}"),
        exception.TraitNotFound: errors.Rule(400),
    })
def list_candidates(call: routing.Call) -> flask.Response:
    """List ways to allocate what is asked for, ready to be sent back in
    ``PUT /allocations/{consumer_uuid}``."""
    found = call.placement.candidates.list(call.context,
                                           groups.parse(call.query))
    return responses.make({
        "allocation_requests": [_request(item) for item in found.requests],
        "provider_summaries": {provider.uuid: _summary(provider)
                               for provider in found.providers},
    })


def _request(found: candidates.AllocationRequest) -> dict[str, object]:
    return {
        "allocations": {uuid: {"resources": dict(resources)}
                        for uuid, resources in found.allocations.items()},
        "mappings": {suffix: list(uuids)
                     for suffix, uuids in found.mappings.items()},
    }


def _summary(provider: models.Provider) -> dict[str, object]:
    return {
        "resources": {
            resource_class: {"capacity": min(inventory.capacity, _MAX_INT64),
                             "used": inventory.used}
            for resource_class, inventory in provider.inventories.items()},
        "traits": traits.order(provider.traits),
        "parent_provider_uuid": provider.parent_uuid,
        "root_provider_uuid": provider.root_uuid,
    }
