"""Instances over HTTP."""

from typing import Any

import flask

from tachyon.api.v1 import bodies
from tachyon.api.v1 import routing
from tachyon.api.v1.schemas import common
from tachyon.db import models
from tachyon.instances import manager
from tachyon.instances import states
from tachyon.policies import instances as policies

_ID = {"id": common.UUID}
_FILTERS: dict[str, common.Schema] = {
    "name": common.TEXT,
    "status": common.STATUS,
    "host": common.TEXT,
    "flavor": common.FLAVOR_NAME,
    "image": common.TEXT,
}
_QUERY: dict[str, common.Schema] = {
    **_FILTERS,
    "project_id": common.TEXT,
    "include_deleted": {"type": "boolean"},
    "marker": {**common.UUID, "description": (
        "The page begins behind this instance.")},
    "limit": common.LIMIT,
}
# Of the spec, what a body shows; a spec that was stored by another release
# may lack some.
_SPEC: dict[str, Any] = {
    "resources": {},
    "required_traits": [],
    "forbidden_traits": [],
    "preferred_traits": [],
    "avoided_traits": [],
    "aggregates": [],
    "scheduler_hints": {},
}


def _manager() -> manager.InstanceManager:
    return flask.current_app.extensions["tachyon"].instances


def make_body(instance: models.Instance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "name": instance.name,
        "flavor": instance.flavor,
        "image": instance.image,
        "status": instance.status,
        "task": instance.task,
        "host": instance.host,
        "ip_address": instance.ip_address,
        "fault": instance.fault,
        "request_id": instance.request_id,
        **{field: instance.spec.get(field, default)
           for field, default in _SPEC.items()},
        "project_id": instance.project_id,
        "user_id": instance.user_id,
        "created_at": bodies.time(instance.created_at),
        "updated_at": bodies.time(instance.updated_at),
        "deleted_at": bodies.time(instance.deleted_at),
    }


@routing.route("POST", "/instances", rule=policies.CREATE, status=202,
               body="InstanceCreate", response="Instance", location=True)
def create_instance(body: dict[str, Any]) -> Any:
    """Create an instance.

    It is stored, and will be placed: its status is BUILDING until it has
    landed on a host, then STOPPED, or ERROR with the reason in ``fault``.
    """
    instance = _manager().create(flask.g.context, body)
    location = flask.url_for(".show_instance", id=instance.id)
    return make_body(instance), {"Location": location}


@routing.route("GET", "/instances", rule=policies.LIST, query=_QUERY,
               response="Instances")
def list_instances(query: dict[str, Any]) -> Any:
    """List instances, oldest first.

    One's own project's, or those of all projects where policy allows that.
    DELETED ones come with ``include_deleted=true`` or ``status=DELETED``.
    """
    page = _manager().list(
        flask.g.context, project_id=query.get("project_id"),
        filters={name: query[name] for name in _FILTERS if name in query},
        include_deleted=query.get("include_deleted", False),
        marker=query.get("marker"), limit=query.get("limit"))
    return {"instances": [make_body(item) for item in page.items],
            "links": bodies.next_links(".list_instances", query, page.marker)}


@routing.route("GET", "/instances/{id}", rule=policies.SHOW, parameters=_ID,
               response="Instance")
def show_instance(id: str) -> Any:
    """Show an instance."""
    return make_body(_manager().get(flask.g.context, id))


@routing.route("POST", "/instances/{id}/actions", rule=policies.SHOW,
               parameters=_ID, status=202, body="ActionRequest",
               response="Instance", errors=(409,))
def act_on_instance(id: str, body: dict[str, Any]) -> Any:
    """Start, stop, restart, pause, resume or delete an instance.

    What its status allows; anything else is answered 409, with the state and
    the allowed actions in the error. ``task`` names the action until it is
    done.
    """
    instance = _manager().act(flask.g.context, id,
                                               body["action"])
    return make_body(instance)


@routing.route("DELETE", "/instances/{id}",
               rule=policies.for_action(states.Action.DELETE),
               parameters=_ID, status=202, response="Instance",
               errors=(409,))
def delete_instance(id: str) -> Any:
    """Delete an instance.

    At any time: whatever is under way is given up. The record stays, DELETED,
    for a while.
    """
    return make_body(_manager().delete(flask.g.context, id))
