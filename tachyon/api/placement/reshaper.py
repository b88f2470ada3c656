"""The reshaper: inventories and allocations, changed together."""

import flask

from tachyon import exception
from tachyon.api import errors
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api.placement import allocations
from tachyon.api.placement import inventories
from tachyon.api.placement.schemas import reshaper as schemas
from tachyon.db import models
from tachyon.policies import allocations as policies

ROUTES = routing.Table()


@ROUTES.route(
    "POST", "/reshaper", rule=policies.RESHAPE, since="1.30",
    body=schemas.POST,
    raises={
        **allocations.RAISES,
        exception.ReshapedProviderNotFound: errors.Rule(
            400, errors.PROVIDER_NOT_FOUND,
            "Resource provider {uuid} in inventories not found: {error}"),
        exception.ProviderGenerationConflict: errors.Rule(
            409, errors.CONCURRENT_UPDATE),
        exception.ConcurrentUpdate: errors.Rule(
            409, errors.CONCURRENT_UPDATE, "update conflict: {error}"),
        exception.ResourceClassNotFound: errors.Rule(
            400, detail="malformed reshaper data: {error}"),
        exception.InventoryInUse: errors.Rule(
            409, errors.INVENTORY_IN_USE, "update conflict: {error}"),
    })
def reshape(call: routing.Call) -> flask.Response:
    """Replace inventories of providers, and what consumers have of them, at
    once or not at all."""
    call.placement.allocations.reshape(
        call.context,
        [models.Reshape(uuid, wanted["resource_provider_generation"], {
            name: inventories.make(fields)
            for name, fields in wanted["inventories"].items()})
         for uuid, wanted in call.body["inventories"].items()],
        [allocations.make_claim(call, uuid, fields)
         for uuid, fields in call.body["allocations"].items()])
    return responses.make_empty()
