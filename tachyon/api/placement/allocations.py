"""Allocations: what consumers have of which providers."""

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
_RAISES: errors.Rules = {
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


@ROUTES.route("GET", _ONE, rule=policies.LIST, since="1.38", accept=True)
def list_allocations(call: routing.Call,
                     consumer_uuid: str) -> flask.Response:
    """List what a consumer has. One that nobody knows has nothing."""
    consumer = call.placement.allocations.find(call.context, consumer_uuid)
    if consumer is None:
        return responses.make({"allocations": {}})
    return responses.make({
        "allocations": {
            uuid: {"resources": dict(allocation.resources),
                   "generation": allocation.provider_generation}
            for uuid, allocation in consumer.allocations.items()},
        "project_id": consumer.project_id,
        "user_id": consumer.user_id,
        "consumer_generation": consumer.generation,
        "consumer_type": consumer.type,
    }, modified=consumer.updated_at)


@ROUTES.route(
    "GET", "/resource_providers/<uuid>/allocations", since="1.28",
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
                "consumer_generation": consumer.generation}
            for consumer in consumers},
        "resource_provider_generation": provider.generation,
    }, modified=max((consumer.updated_at for consumer in consumers),
                    default=None))


@ROUTES.route(
    "PUT", _ONE, rule=policies.UPDATE, since="1.38", body=schemas.PUT_V1_38,
    raises={**_RAISES, exception.ResourceClassNotFound: errors.Rule(
        400, detail="Unable to allocate inventory for consumer "
                    "{consumer_uuid}: {error}")})
def replace_allocations(call: routing.Call,
                        consumer_uuid: str) -> flask.Response:
    """Replace all that a consumer has. Nothing at all deletes it."""
    if not uuidutils.is_uuid_like(consumer_uuid):
        raise errors.Problem(400,
                             f"Malformed consumer_uuid: {consumer_uuid}")
    call.placement.allocations.replace(
        call.context, [_claim(consumer_uuid, call.body)])
    return responses.make_empty()


@ROUTES.route(
    "POST", "/allocations", rule=policies.MANAGE, since="1.38",
    body=schemas.POST_V1_38,
    raises={**_RAISES, exception.ResourceClassNotFound: errors.Rule(
        400, detail="Unable to allocate inventory {error}")})
def replace_many_allocations(call: routing.Call) -> flask.Response:
    """Replace all that several consumers have, at once or not at all."""
    call.placement.allocations.replace(
        call.context,
        [_claim(uuid, fields) for uuid, fields in call.body.items()])
    return responses.make_empty()


@ROUTES.route("DELETE", _ONE, rule=policies.DELETE)
def delete_allocations(call: routing.Call,
                       consumer_uuid: str) -> flask.Response:
    """Take everything from a consumer."""
    call.placement.allocations.delete(call.context, consumer_uuid)
    return responses.make_empty()


def _claim(consumer_uuid: str, fields: dict[str, Any]) -> models.Claim:
    return models.Claim(
        consumer_uuid=params.normalise_uuid(consumer_uuid),
        consumer_generation=fields["consumer_generation"],
        project_id=fields["project_id"], user_id=fields["user_id"],
        consumer_type=fields["consumer_type"],
        allocations={
            uuid: {name: min(amount, params.MORE_THAN_ANY)
                   for name, amount in allocation["resources"].items()}
            for uuid, allocation in fields["allocations"].items()})
