"""Allocation candidates."""

from typing import Any

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
    "GET", "/allocation_candidates", rule=policies.CANDIDATES, since="1.10",
    accept=True, query=schemas.LIST,
    raises={
        exception.ResourceClassNotFound: errors.Rule(
            400, detail="Invalid resource class in resources parameter: "
                        "{error}"),
        exception.TraitNotFound: errors.Rule(400),
    })
def list_candidates(call: routing.Call) -> flask.Response:
    """List ways to allocate what is asked for, ready to be sent back in
    ``PUT /allocations/{consumer_uuid}``."""
    query = groups.parse(call.query, call.version)
    found = call.placement.candidates.list(call.context, query,
                                           nested=call.since("1.29"))
    asked = frozenset(resource_class for group in query.groups
                      for resource_class in group.resources)
    make = _request if call.since("1.12") else _listed_request
    return responses.make({
        "allocation_requests": [make(call, item) for item in found.requests],
        "provider_summaries": {provider.uuid: _summary(call, provider, asked)
                               for provider in found.providers},
    })


def _listed_request(call: routing.Call,
                    found: candidates.AllocationRequest) -> dict[str, Any]:
    return {"allocations": [
        {"resource_provider": {"uuid": uuid}, "resources": dict(resources)}
        for uuid, resources in found.allocations.items()]}


def _request(call: routing.Call,
             found: candidates.AllocationRequest) -> dict[str, Any]:
    body: dict[str, Any] = {"allocations": {
        uuid: {"resources": dict(resources)}
        for uuid, resources in found.allocations.items()}}
    if call.since("1.34"):
        body["mappings"] = {suffix: list(uuids)
                            for suffix, uuids in found.mappings.items()}
    return body


def _summary(call: routing.Call, provider: models.Provider,
             asked: frozenset[str]) -> dict[str, Any]:
    everything = call.since("1.27")
    body: dict[str, Any] = {"resources": {
        resource_class: {"capacity": min(inventory.capacity, _MAX_INT64),
                         "used": inventory.used}
        for resource_class, inventory in provider.inventories.items()
        if everything or resource_class in asked}}
    if call.since("1.17"):
        body["traits"] = traits.order(provider.traits)
    if call.since("1.29"):
        body["parent_provider_uuid"] = provider.parent_uuid
        body["root_provider_uuid"] = provider.root_uuid
    return body
