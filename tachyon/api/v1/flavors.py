"""Instance flavors over HTTP."""

from typing import Any

import flask

from tachyon.api.v1 import bodies
from tachyon.api.v1 import routing
from tachyon.api.v1.schemas import common
from tachyon.db import models
from tachyon.instances import flavors as manager
from tachyon.policies import flavors as policies

_NAME = {"name": common.FLAVOR_NAME}


def _manager() -> manager.FlavorManager:
    return flask.current_app.extensions["tachyon"].flavors


def make_body(flavor: models.Flavor) -> dict[str, Any]:
    return {
        "name": flavor.name,
        "vcpus": flavor.vcpus,
        "memory_mb": flavor.memory_mb,
        "disk_gb": flavor.disk_gb,
        "created_at": bodies.time(flavor.created_at),
    }


@routing.route("GET", "/flavors", rule=policies.LIST, response="Flavors")
def list_flavors() -> Any:
    """List all flavors, smallest first."""
    flavors = _manager().list(flask.g.context)
    return {"flavors": [make_body(flavor) for flavor in flavors]}


@routing.route("POST", "/flavors", rule=policies.CREATE, status=201,
               body="FlavorCreate", response="Flavor", location=True,
               errors=(409,))
def create_flavor(body: dict[str, Any]) -> Any:
    """Create a flavor."""
    flavor = _manager().create(flask.g.context, **body)
    location = flask.url_for(".show_flavor", name=flavor.name)
    return make_body(flavor), {"Location": location}


@routing.route("GET", "/flavors/{name}", rule=policies.SHOW,
               parameters=_NAME, response="Flavor")
def show_flavor(name: str) -> Any:
    """Show a flavor."""
    return make_body(_manager().get(flask.g.context, name))


@routing.route("DELETE", "/flavors/{name}", rule=policies.DELETE,
               parameters=_NAME, status=204)
def delete_flavor(name: str) -> None:
    """Delete a flavor.

    Instances that were created with it keep what it said.
    """
    _manager().delete(flask.g.context, name)
