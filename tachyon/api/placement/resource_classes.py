"""Resource classes."""

from typing import Any

import flask

from tachyon import exception
from tachyon.api import errors
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api import validation
from tachyon.api.placement.schemas import resource_classes as schemas
from tachyon.policies import catalogue as policies

ROUTES = routing.Table()

_ALL = "/resource_classes"
_ONE = _ALL + "/<name>"
_IN_DELETE = "Error in delete resource class: "


def _url(name: str) -> str:
    return responses.url("resource_classes", name)


def _body(name: str) -> dict[str, Any]:
    return {"name": name, "links": [{"rel": "self", "href": _url(name)}]}


@ROUTES.route("GET", _ALL, rule=policies.CLASSES_LIST, since="1.2",
              accept=True)
def list_resource_classes(call: routing.Call) -> flask.Response:
    """List all resource classes."""
    found = call.placement.resource_classes.list(call.context)
    return responses.make(
        {"resource_classes": [_body(entry.name) for entry in found]},
        modified=max((entry.updated_at for entry in found), default=None))


@ROUTES.route(
    "POST", _ALL, rule=policies.CLASSES_CREATE, since="1.2",
    body=schemas.POST,
    raises={exception.ResourceClassExists: errors.Rule(
        409, detail="Conflicting resource class already exists: "
                    "{resource_class}")})
def create_resource_class(call: routing.Call) -> flask.Response:
    """Create a custom resource class."""
    entry = call.placement.resource_classes.create(call.context,
                                                   call.body["name"])
    return responses.make_empty(201, location=_url(entry.name))


@ROUTES.route("GET", _ONE, rule=policies.CLASSES_SHOW, since="1.2",
              accept=True)
def show_resource_class(call: routing.Call, name: str) -> flask.Response:
    """Show one resource class."""
    entry = call.placement.resource_classes.get(call.context, name)
    return responses.make(_body(entry.name), modified=entry.updated_at)


@ROUTES.route(
    "PUT", _ONE, rule=policies.CLASSES_UPDATE, since="1.2", until="1.6",
    body=schemas.POST,
    raises={
        exception.ResourceClassStandard: errors.Rule(
            400, detail="Cannot update standard resource class {name}"),
        exception.ResourceClassExists: errors.Rule(
            409, detail="Resource class already exists: {resource_class}"),
    })
def rename_resource_class(call: routing.Call, name: str) -> flask.Response:
    """Rename a custom resource class."""
    entry = call.placement.resource_classes.rename(call.context, name,
                                                   call.body["name"])
    return responses.make(_body(entry.name))


@ROUTES.route("PUT", _ONE, rule=policies.CLASSES_UPDATE, since="1.7")
def ensure_resource_class(call: routing.Call, name: str) -> flask.Response:
    """Make sure that a custom resource class exists."""
    validation.check(schemas.POST, {"name": name})
    entry, made = call.placement.resource_classes.ensure(call.context, name)
    return responses.make_empty(201 if made else 204,
                                location=_url(entry.name))


@ROUTES.route(
    "DELETE", _ONE, rule=policies.CLASSES_DELETE, since="1.2",
    raises={
        exception.ResourceClassStandard: errors.Rule(
            400, detail=_IN_DELETE + "{error}"),
        exception.ResourceClassInUse: errors.Rule(
            409, detail=_IN_DELETE + "Cannot delete resource class {name}. "
                                     "Class is in use in inventory."),
    })
def delete_resource_class(call: routing.Call, name: str) -> flask.Response:
    """Delete a custom resource class of which there is no inventory."""
    call.placement.resource_classes.delete(call.context, name)
    return responses.make_empty()
