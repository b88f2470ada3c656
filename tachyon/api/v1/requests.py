"""Requests over HTTP: what was decided, and why."""

from typing import Any

import flask

from tachyon.api.v1 import bodies
from tachyon.api.v1 import routing
from tachyon.api.v1.schemas import common
from tachyon.db import models
from tachyon.instances import requests as manager
from tachyon.policies import requests as policies

_QUERY: dict[str, common.Schema] = {
    "consumer": {**common.UUID, "description": "Only of this instance."},
    "project_id": common.TEXT,
    "marker": {**common.TOKEN, "description": (
        "The page begins behind this request.")},
    "limit": common.LIMIT,
}


def _manager() -> manager.RequestsManager:
    return flask.current_app.extensions["tachyon"].requests


def make_summary(decision: models.Decision) -> dict[str, Any]:
    """Return what a list shows of a decision."""
    return {
        "request_id": decision.request_id,
        "consumer_uuid": decision.consumer_uuid or None,
        "project_id": decision.project_id,
        "verdict": decision.verdict,
        "summary": decision.document["summary"],
        "created_at": bodies.time(decision.created_at),
    }


@routing.route("GET", "/requests", rule=policies.LIST, query=_QUERY,
               response="Requests")
def list_requests(query: dict[str, Any]) -> Any:
    """List decisions, newest first.

    One's own project's, or those of all projects where policy allows that.
    """
    page = _manager().list(
        flask.g.context, consumer_uuid=query.get("consumer"),
        project_id=query.get("project_id"), marker=query.get("marker"),
        limit=query.get("limit"))
    return {"requests": [make_summary(item) for item in page.items],
            "links": bodies.next_links(".list_requests", query, page.marker)}


@routing.route("GET", "/requests/{id}", rule=policies.SHOW,
               parameters={"id": common.TOKEN}, response="Request")
def show_request(id: str) -> Any:
    """Show what was decided on a request, and why.

    Host names, and what is told of single hosts, only where policy allows.
    """
    decision = _manager().get(flask.g.context, id)
    return {**decision.document, **make_summary(decision)}
