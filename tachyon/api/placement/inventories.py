"""Inventories of a resource provider."""

from typing import Any

import flask

from tachyon import exception
from tachyon.api import errors
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api.placement.schemas import inventories as schemas
from tachyon.db import models
from tachyon.policies import resource_providers as policies

ROUTES = routing.Table()

_ALL = "/resource_providers/<uuid>/inventories"
_ONE = _ALL + "/<resource_class>"
_FIELDS = ("total", "reserved", "min_unit", "max_unit", "step_size",
           "allocation_ratio")
_GENERATION = "resource_provider_generation"

_STALE = errors.Rule(409, errors.CONCURRENT_UPDATE,
                     "resource provider generation conflict")
_BAD_CAPACITY = errors.Rule(
    400, detail="Unable to update inventory for resource provider {uuid}: "
                "{error}")


def make(fields: dict[str, Any]) -> models.Inventory:
    """Return the inventory that a body describes."""
    return models.Inventory(**{name: fields[name] for name in _FIELDS
                               if name in fields})


def _all_reserved(call: routing.Call) -> bool:
    return call.since("1.26")


def _body(inventory: models.Inventory) -> dict[str, Any]:
    return {name: getattr(inventory, name) for name in _FIELDS}


def _respond_all(provider: models.Provider) -> flask.Response:
    return responses.make(
        {"inventories": {resource_class: _body(inventory)
                         for resource_class, inventory
                         in provider.inventories.items()},
         _GENERATION: provider.generation},
        modified=provider.updated_at)


def _respond_one(provider: models.Provider, resource_class: str,
                 **kwargs: Any) -> flask.Response:
    body = _body(provider.inventories[resource_class])
    return responses.make({**body, _GENERATION: provider.generation},
                          modified=provider.updated_at, **kwargs)


@ROUTES.route("GET", _ALL, rule=policies.INVENTORIES_LIST, accept=True)
def list_inventories(call: routing.Call, uuid: str) -> flask.Response:
    """List a provider's inventories."""
    return _respond_all(call.placement.providers.get(call.context, uuid))


@ROUTES.route(
    "PUT", _ALL, rule=policies.INVENTORIES_UPDATE,
    body=schemas.PUT_ALL, provider_first=True,
    raises={
        exception.ConcurrentUpdate: _STALE,
        exception.InvalidInventoryCapacity: _BAD_CAPACITY,
        exception.ResourceClassNotFound: errors.Rule(
            400, detail="Unknown resource class in inventory for resource "
                        "provider {uuid}: {error}"),
        exception.InventoryInUse: errors.Rule(
            409, errors.INVENTORY_IN_USE, "update conflict: {error}"),
    })
def replace_inventories(call: routing.Call, uuid: str) -> flask.Response:
    """Replace all of a provider's inventories."""
    return _respond_all(call.placement.inventories.replace(
        call.context, uuid, call.body[_GENERATION],
        {resource_class: make(fields) for resource_class, fields
         in call.body["inventories"].items()},
        all_reserved=_all_reserved(call)))


@ROUTES.route(
    "POST", _ALL, rule=policies.INVENTORIES_CREATE,
    body=schemas.POST, provider_first=True,
    raises={
        exception.InventoryExists: errors.Rule(
            409, errors.CONCURRENT_UPDATE, "Update conflict: {error}"),
        exception.InvalidInventoryCapacity: errors.Rule(
            400, detail="Unable to create inventory for resource provider "
                        "{uuid}: {error}"),
        exception.ResourceClassNotFound: errors.Rule(
            400, detail="Unable to create inventory for resource provider "
                        "{uuid}: {error}"),
    })
def create_inventory(call: routing.Call, uuid: str) -> flask.Response:
    """Give a provider the inventory of one class more."""
    resource_class = call.body["resource_class"]
    provider = call.placement.inventories.create(
        call.context, uuid, resource_class, make(call.body),
        all_reserved=_all_reserved(call))
    return _respond_one(
        provider, resource_class, status=201,
        location=responses.url("resource_providers", uuid, "inventories",
                               resource_class))


@ROUTES.route(
    "DELETE", _ALL, rule=policies.INVENTORIES_DELETE, since="1.5",
    missing=405, raises={exception.ConcurrentUpdate: errors.Rule(
        409, errors.CONCURRENT_UPDATE,
        "Unable to delete inventory for resource provider {uuid} because the "
        "inventory was updated by another process. Please retry your "
        "request.")})
def delete_inventories(call: routing.Call, uuid: str) -> flask.Response:
    """Take all inventories from a provider."""
    call.placement.inventories.delete_all(call.context, uuid)
    return responses.make_empty()


@ROUTES.route("GET", _ONE, rule=policies.INVENTORIES_SHOW, accept=True)
def show_inventory(call: routing.Call, uuid: str,
                   resource_class: str) -> flask.Response:
    """Show the inventory of one class."""
    provider = call.placement.providers.get(call.context, uuid)
    if resource_class not in provider.inventories:
        raise exception.InventoryNotFound(resource_class=resource_class,
                                          uuid=uuid)
    return _respond_one(provider, resource_class)


@ROUTES.route(
    "PUT", _ONE, rule=policies.INVENTORIES_UPDATE,
    body=schemas.PUT, provider_first=True,
    raises={
        exception.ConcurrentUpdate: _STALE,
        exception.InvalidInventoryCapacity: _BAD_CAPACITY,
        exception.InventoryNotFound: errors.Rule(
            400, detail="No inventory record with resource class for "
                        "resource provider {uuid}: No inventory of class "
                        "{resource_class} found."),
    })
def update_inventory(call: routing.Call, uuid: str,
                     resource_class: str) -> flask.Response:
    """Change the inventory of one class."""
    provider = call.placement.inventories.update(
        call.context, uuid, call.body[_GENERATION], resource_class,
        make(call.body), all_reserved=_all_reserved(call))
    return _respond_one(provider, resource_class)


_UNABLE = "Unable to delete inventory of class {resource_class}: {error}"
_NOT_THERE = errors.Rule(404, detail="No inventory of class {resource_class} "
                                     "found for delete: {error}")


@ROUTES.route(
    "DELETE", _ONE, rule=policies.INVENTORIES_DELETE,
    raises={
        # Placement says so of both.
        exception.ConcurrentUpdate: errors.Rule(
            409, errors.CONCURRENT_UPDATE, _UNABLE),
        exception.InventoryInUse: errors.Rule(
            409, errors.CONCURRENT_UPDATE, _UNABLE),
        exception.InventoryNotFound: _NOT_THERE,
        exception.ResourceClassNotFound: _NOT_THERE,
    })
def delete_inventory(call: routing.Call, uuid: str,
                     resource_class: str) -> flask.Response:
    """Take the inventory of one class from a provider."""
    call.placement.inventories.delete(call.context, uuid, resource_class)
    return responses.make_empty()
