"""Allocations: what consumers have of which providers."""

from collections.abc import Iterator
from typing import Any

import flask
from oslo_utils import uuidutils

from tachyon import exception
from tachyon.api import errors
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api.placement import params
from tachyon.api.placement.schemas import allocations as schemas
from tachyon.db import models
from tachyon.policies import allocations as policies
from tachyon.policies import resource_providers as provider_policies

ROUTES = routing.Table()

_ONE = "/allocations/<consumer_uuid>"

_UNABLE = errors.Rule(409, detail="Unable to allocate inventory: {error}")
# What any change of allocations is answered with.
RAISES: errors.Rules = {
    exception.ConsumerGenerationConflict: errors.Rule(
        409, errors.CONCURRENT_UPDATE),
    exception.ConcurrentUpdate: errors.Rule(
        409, errors.CONCURRENT_UPDATE,
        "Inventory and/or allocations changed while attempting to allocate: "
        "{error}"),
    exception.ResourceProviderNotFound: errors.Rule(
        400, detail="Allocation for resource provider '{uuid}' that does not "
                    "exist."),
    exception.InvalidInventory: _UNABLE,
    exception.CapacityExceeded: _UNABLE,
    exception.AllocationConstraintsViolated: _UNABLE,
}


@ROUTES.route("GET", _ONE, rule=policies.LIST, accept=True)
def list_allocations(call: routing.Call,
                     consumer_uuid: str) -> flask.Response:
    """List what a consumer has. One that nobody knows has nothing."""
    consumer = call.placement.allocations.find(call.context, consumer_uuid)
    if consumer is None:
        return responses.make({"allocations": {}})
    body: dict[str, Any] = {"allocations": {
        uuid: {"resources": dict(allocation.resources),
               "generation": allocation.provider_generation}
        for uuid, allocation in consumer.allocations.items()}}
    for field, value, since in (
            ("project_id", consumer.project_id, "1.12"),
            ("user_id", consumer.user_id, "1.12"),
            ("consumer_generation", consumer.generation, "1.28"),
            ("consumer_type", consumer.type, "1.38")):
        if call.since(since):
            body[field] = value
    return responses.make(body, modified=consumer.updated_at)


@ROUTES.route(
    "GET", "/resource_providers/<uuid>/allocations",
    rule=provider_policies.ALLOCATIONS_LIST, accept=True)
def list_provider_allocations(call: routing.Call,
                              uuid: str) -> flask.Response:
    """List what consumers have of a provider."""
    provider, consumers = call.placement.allocations.list_by_provider(
        call.context, uuid)
    return responses.make({
        "allocations": {
            consumer.uuid: {
                "resources": dict(consumer.allocations[uuid].resources),
                **({"consumer_generation": consumer.generation}
                   if call.since("1.28") else {})}
            for consumer in consumers},
        "resource_provider_generation": provider.generation,
    }, modified=max((consumer.updated_at for consumer in consumers),
                    default=None))


@ROUTES.route(
    "PUT", _ONE, rule=policies.UPDATE, body=schemas.PUT,
    raises={**RAISES, exception.ResourceClassNotFound: errors.Rule(
        400, detail="Unable to allocate inventory for consumer "
                    "{consumer_uuid}: {error}")})
def replace_allocations(call: routing.Call,
                        consumer_uuid: str) -> flask.Response:
    """Replace all that a consumer has. Nothing at all deletes it."""
    if not uuidutils.is_uuid_like(consumer_uuid):
        raise errors.Problem(400,
                             f"Malformed consumer_uuid: {consumer_uuid}")
    call.placement.allocations.replace(
        call.context, [make_claim(call, consumer_uuid, call.body)])
    return responses.make_empty()


@ROUTES.route(
    "POST", "/allocations", rule=policies.MANAGE, since="1.13",
    body=schemas.POST,
    raises={**RAISES, exception.ResourceClassNotFound: errors.Rule(
        400, detail="Unable to allocate inventory {error}")})
def replace_many_allocations(call: routing.Call) -> flask.Response:
    """Replace all that several consumers have, at once or not at all."""
    call.placement.allocations.replace(
        call.context,
        [make_claim(call, uuid, fields)
         for uuid, fields in call.body.items()])
    return responses.make_empty()


@ROUTES.route("DELETE", _ONE, rule=policies.DELETE)
def delete_allocations(call: routing.Call,
                       consumer_uuid: str) -> flask.Response:
    """Take everything from a consumer."""
    call.placement.allocations.delete(call.context, consumer_uuid)
    return responses.make_empty()


def make_claim(call: routing.Call, consumer_uuid: str,
               fields: dict[str, Any]) -> models.Claim:
    """Return what a body says of one consumer.

    Clients of old do not tell all that is kept today.
    """
    options = call.placement.options
    return models.Claim(
        consumer_uuid=params.normalise_uuid(consumer_uuid),
        consumer_generation=fields.get("consumer_generation"),
        compared=call.since("1.28"),
        project_id=fields.get("project_id",
                              options.incomplete_consumer_project_id),
        user_id=fields.get("user_id", options.incomplete_consumer_user_id),
        consumer_type=fields.get("consumer_type"),
        allocations={
            uuid: {name: min(amount, params.MORE_THAN_ANY)
                   for name, amount in resources.items()}
            for uuid, resources in _resources(fields["allocations"])})


def _resources(allocations: Any) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield what is wanted of each provider; until 1.12 this was a list."""
    if isinstance(allocations, list):
        for one in allocations:
            yield one["resource_provider"]["uuid"], one["resources"]
    else:
        for uuid, one in allocations.items():
            yield uuid, one["resources"]
