"""Allocation candidates."""

import flask
import orjson

from tachyon import exception
from tachyon.api import errors
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api.placement import candidates_body
from tachyon.api.placement import groups
from tachyon.api.placement.schemas import allocation_candidates as schemas
from tachyon.policies import allocations as policies

ROUTES = routing.Table()


@ROUTES.route(
    "GET", "/allocation_candidates", rule=policies.CANDIDATES, since="1.10",
    accept=True, query=schemas.LIST,
    raises={
        exception.ResourceClassNotFound: errors.Rule(
            400, detail="Invalid resource class in resources parameter: "
                        "{error}"),
        exception.TraitNotFound: errors.Rule(400),
    })
def list_candidates(call: routing.Call) -> flask.Response:
    """List ways to allocate what is asked for, ready to be sent back in
    ``PUT /allocations/{consumer_uuid}``."""
    query = groups.parse(call.query, call.version)
    asked = frozenset(resource_class for group in query.groups
                      for resource_class in group.resources)
    body = call.placement.candidates.list(
        call.context, query,
        lambda found: candidates_body.make(found, call.version, asked),
        nested=call.since("1.29"))
    return responses.make(orjson.Fragment(body))
