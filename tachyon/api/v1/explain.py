"""Dry runs over HTTP: of an instance, of a server of Nova's, and of a query
for candidates."""

from typing import Any

import flask

from tachyon import exception
from tachyon.api import errors
from tachyon.api import microversion
from tachyon.api import validation
from tachyon.api.placement import groups
from tachyon.api.placement.schemas import allocation_candidates as schemas
from tachyon.api.v1 import routing
from tachyon.api.v1.schemas import common
from tachyon.instances import requests as manager
from tachyon.placement.managers import explanations
from tachyon.policies import requests as policies

_GROUPED = "Also with the suffix of a group, as in Placement."


# Characters of one value.
_LONGEST = 8192


def _text(description: str) -> common.Schema:
    return {"type": "string", "maxLength": _LONGEST,
            "description": description}


# What OpenAPI can say of them; ``groups`` knows the rest.
_QUERY: dict[str, common.Schema] = {
    "resources": _text(f"``VCPU:4,MEMORY_MB:2048``. {_GROUPED}"),
    "required": _text(f"Traits: ``A,!B`` or ``in:A,B``. {_GROUPED}"),
    "member_of": _text(f"Aggregates: ``in:`` and uuids. {_GROUPED}"),
    "in_tree": _text(f"The uuid of a provider. {_GROUPED}"),
    "group_policy": _text("``none`` or ``isolate``."),
    "same_subtree": _text("Suffixes of groups."),
    "root_required": _text("Traits of the root: ``A,!B``."),
    "limit": _text("Candidates that would be asked for."),
}


def _manager() -> manager.RequestsManager:
    return flask.current_app.extensions["tachyon"].requests


def _explanations() -> explanations.ExplanationsManager:
    return flask.current_app.extensions["tachyon"].placement.explanations


@routing.route("POST", "/explain", rule=policies.EXPLAIN,
               body=routing.Forms("ExplainRequest", {
                   "server": "ExplainServerRequest",
                   "request_spec": "ExplainSpecRequest"}),
               response="ExplainDocument")
def explain(body: dict[str, Any]) -> Any:
    """Ask what would be decided on an instance now, without creating it.

    Or on a server of Nova's: in plain words, or as Nova asks a scheduler.
    With ``capacity``, it is also told how many more of them fit.
    """
    return _manager().explain(flask.g.context, body)


@routing.route("GET", "/explain", rule=policies.EXPLAIN_CANDIDATES,
               query=_QUERY, raw_query=True, response="ExplainDocument")
def explain_candidates() -> Any:
    """Ask why a query has these allocation candidates, or none.

    The query is any that ``GET /allocation_candidates`` takes at the latest
    microversion.
    """
    given = _read_query()
    try:
        return _explanations().explain(flask.g.context, groups.parse(given))
    except (exception.ResourceClassNotFound,
            exception.TraitNotFound) as error:
        raise errors.Problem(400, str(error)) from error


def _read_query() -> validation.Query:
    given = validation.read_query(
        microversion.choose(schemas.LIST, microversion.MAX_VERSION))
    for name, value in given.items(multi=True):
        if len(value) > _LONGEST:
            raise exception.ValidationError(field=name, reason="too long.")
    return given
