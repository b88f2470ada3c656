"""Services over HTTP."""

from typing import Any

import flask

from tachyon.api.v1 import bodies
from tachyon.api.v1 import routing
from tachyon.api.v1.schemas import common
from tachyon.db import models
from tachyon.instances import services as manager
from tachyon.policies import services as policies

_ID = {"id": common.TOKEN}


def _manager() -> manager.ServicesManager:
    return flask.current_app.extensions["tachyon"].services


def make_body(service: models.Service) -> dict[str, Any]:
    up = _manager().is_up(service)
    return {
        "id": service.id,
        "host": service.host,
        "binary": service.binary,
        "serves": service.serves,
        "status": "enabled" if service.enabled else "disabled",
        "disabled_reason": service.disabled_reason,
        "state": "up" if up else "down",
        "last_seen": bodies.time(service.last_seen),
    }


@routing.route("GET", "/services", rule=policies.LIST, response="Services")
def list_services() -> Any:
    """List the daemons, and whether each is up."""
    services = _manager().list(flask.g.context)
    return {"services": [make_body(service) for service in services]}


@routing.route("PATCH", "/services/{id}", rule=policies.UPDATE, parameters=_ID,
               body="ServiceUpdate", response="Service")
def update_service(id: str, body: dict[str, Any]) -> Any:
    """Enable or disable a service.

    What a disabled one has in hand it finishes. ``disabled_reason`` goes with
    ``disabled`` only.
    """
    return make_body(_manager().update(
        flask.g.context, id, enabled=body["status"] == "enabled",
        disabled_reason=body.get("disabled_reason")))


@routing.route("DELETE", "/services/{id}", rule=policies.DELETE,
               parameters=_ID, status=204)
def delete_service(id: str) -> None:
    """Forget a service that is gone for good.

    One that still runs is back, enabled, with its next heartbeat.
    """
    _manager().delete(flask.g.context, id)
