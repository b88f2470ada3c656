"""The OpenAPI document, made of the routes and of the schemas they name."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from tachyon.api.v1 import routing
from tachyon.api.v1 import schemas
from tachyon.api.v1.schemas import common

PREFIX = "/api/v1"

_DESCRIPTION = """\
Instances, from the wish for one to its end, and why each is where it is.

Errors are JSON: a list `errors` with one entry, which names the field that is
wrong, if one is. Work that takes time is answered 202, and shown by the
instance's `status` and `task`.
"""
_TAGS = {
    "instances": "Virtual machines.",
    "flavors": "Named sizes of instances.",
    "requests": "What was decided on a request, and why.",
    "explain": "What would be decided.",
    "services": "Tachyon's own daemons.",
    "about": "What is here.",
}
_ERRORS = {
    400: "The request makes no sense; `field` says where.",
    401: "Who are you?",
    403: "Policy does not allow it.",
    404: "There is no such thing, or it is not yours to see.",
    409: "What is there does not allow it now.",
    413: "The body is too large.",
    415: "The body is not of type application/json.",
    503: "The store or the scheduler can't be reached; try again.",
}


def make_document(routes: Iterable[routing.Route]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operations = paths.setdefault(PREFIX + route.path, {})
        operations[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tachyon", "version": metadata.version("tachyon"),
                 "description": _DESCRIPTION,
                 "license": {"name": "Apache-2.0",
                             "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": text}
                 for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.SCHEMAS,
            "responses": {f"Error{status}": _error(text)
                          for status, text in _ERRORS.items()},
            "securitySchemes": {"token": {
                "type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
        },
    }


def _operation(route: routing.Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "parameters": [
            *_parameters(route.parameters, "path"),
            *_parameters(route.query, "query")],
        "responses": {
            str(route.status): _success(route),
            **{str(status): {"$ref": f"#/components/responses/Error{status}"}
               for status in _error_statuses(route)}},
    }
    if route.description:
        operation["description"] = route.description
    if route.rule is None:
        operation["security"] = []
    if route.body is not None:
        operation["requestBody"] = {
            "required": True, "content": _body(route.body)}
    return operation


def _parameters(schema_by_name: Mapping[str, common.Schema],
                place: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": place, "required": place == "path",
             "schema": schema} for name, schema in schema_by_name.items()]


def _success(route: routing.Route) -> dict[str, Any]:
    response: dict[str, Any] = {"description": "Done."}
    if route.status == 202:
        response["description"] = "Accepted: it is under way."
    if route.response is not None:
        response["content"] = _content(route.response)
    if route.location:
        response["headers"] = {"Location": {
            "description": "Where what was made is to be found.",
            "required": True,
            "schema": {"type": "string", "format": "uri-reference"}}}
    return response


def _error_statuses(route: routing.Route) -> list[int]:
    statuses = {400, *route.errors}
    if route.rule is not None:
        statuses |= {401, 403, 503}
    if route.parameters:
        statuses.add(404)
    if route.body is not None:
        statuses |= {413, 415}
    return sorted(statuses)


def _error(text: str) -> dict[str, Any]:
    return {"description": text, "content": _content("Errors")}


def _body(body: str | routing.Forms) -> dict[str, Any]:
    if isinstance(body, str):
        return _content(body)
    return {"application/json": {"schema": {
        "oneOf": [common.ref(name) for name in body.schemas]}}}


def _content(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": common.ref(name)}}
