"""Aggregates of a resource provider."""

from collections.abc import Sequence
from typing import Any

import flask

from tachyon import exception
from tachyon.api import errors
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api.placement.schemas import aggregates as schemas
from tachyon.db import models
from tachyon.policies import resource_providers as policies

ROUTES = routing.Table()

_PATH = "/resource_providers/<uuid>/aggregates"
_GENERATION = "resource_provider_generation"


def _respond(call: routing.Call, provider: models.Provider,
             uuids: Sequence[str]) -> flask.Response:
    body: dict[str, Any] = {"aggregates": uuids}
    if call.since("1.19"):
        body[_GENERATION] = provider.generation
    return responses.make(body)


@ROUTES.route("GET", _PATH, rule=policies.AGGREGATES_LIST, since="1.1",
              accept=True, type_first=True)
def list_aggregates(call: routing.Call, uuid: str) -> flask.Response:
    """List the aggregates that a provider is in."""
    provider = call.placement.providers.get(call.context, uuid)
    return _respond(call, provider, sorted(provider.aggregates))


@ROUTES.route(
    "PUT", _PATH, rule=policies.AGGREGATES_UPDATE, since="1.1",
    body=schemas.PUT, provider_first=True, type_first=True,
    raises={exception.ConcurrentUpdate: errors.Rule(
        409, errors.CONCURRENT_UPDATE,
        "Resource provider's generation already changed. Please update the "
        "generation and try again.")})
def replace_aggregates(call: routing.Call, uuid: str) -> flask.Response:
    """Replace all aggregates that a provider is in.

    Their uuids are kept as they are spelt, which is what Placement does, and
    what its clients compare.
    """
    generation, uuids = None, call.body
    if call.since("1.19"):
        generation, uuids = call.body[_GENERATION], call.body["aggregates"]
    provider = call.placement.aggregates.replace(
        call.context, uuid, generation, frozenset(uuids))
    # They are told in the order that they were given in.
    return _respond(call, provider, uuids)
