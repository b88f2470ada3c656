"""Routes: what stands above a handler, declared in one place.

``@route`` names method, path, policy rule, schemas and statuses. From these
come the URL rule of the blueprint, the checks that run before the handler
(rule, path, query, body, in this order), and the OpenAPI document.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import flask
import orjson

from tachyon import exception
from tachyon import policy
from tachyon.api import errors
from tachyon.api.v1 import validation
from tachyon.api.v1.schemas import common

NO_FIELDS: Mapping[str, common.Schema] = {}


@dataclasses.dataclass(frozen=True)
class Forms:
    """A body of several forms, told apart by a field that only one has: the
    schema for each such field, and that of the form without any of them."""

    default: str
    by_field: Mapping[str, str]

    @property
    def schemas(self) -> tuple[str, ...]:
        return (self.default, *self.by_field.values())

    def of(self, body: Any) -> str:
        """Return the schema that a body is held to."""
        return next((name for field, name in self.by_field.items()
                     if isinstance(body, dict) and field in body),
                    self.default)


@dataclasses.dataclass(frozen=True)
class Route:
    """One operation. ``body`` and ``response`` name schemas; ``rule`` is
    None where everybody is let in, even without a token; ``location`` says
    that the response has this header."""

    method: str
    path: str                                  # as OpenAPI writes it
    name: str                                  # operation id and endpoint
    summary: str
    description: str
    rule: str | None
    status: int
    response: str | None
    body: str | Forms | None
    parameters: Mapping[str, common.Schema]    # of the path
    query: Mapping[str, common.Schema]
    errors: tuple[int, ...]
    location: bool
    raw_query: bool
    handler: Callable[..., Any]

    @property
    def url_rule(self) -> str:
        return self.path.replace("{", "<").replace("}", ">")

    @property
    def tag(self) -> str:
        return self.path.split("/")[1] or "about"


ROUTES: list[Route] = []


def route(method: str, path: str, *, rule: str | None,
          response: str | None = None, status: int = 200,
          body: str | Forms | None = None,
          parameters: Mapping[str, common.Schema] = NO_FIELDS,
          query: Mapping[str, common.Schema] = NO_FIELDS,
          errors: tuple[int, ...] = (), location: bool = False,
          raw_query: bool = False
          ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function the handler of an operation.

    It gets the path's parameters by name, then ``query`` and ``body`` if the
    route has any, and returns the response's body, or that and a dict of
    headers. The first line of its docstring is the operation's summary.
    ``errors`` are statuses beyond those that follow from the rest. With
    ``raw_query`` the handler reads the query string itself, by other rules
    than ``query`` can tell.
    """
    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        summary, _, description = (handler.__doc__ or "").partition("\n")
        ROUTES.append(Route(
            method, path, handler.__name__, summary,
            " ".join(description.split()), rule, status, response, body,
            parameters, query, errors, location, raw_query, handler))
        return handler
    return register


def make_view(route: Route) -> Callable[..., flask.Response]:
    """Return the view function of a route."""
    in_path = validation.Strings(route.parameters)
    in_query = validation.Strings(route.query)

    @functools.wraps(route.handler)
    def view(**parameters: str) -> flask.Response:
        if route.rule is not None:
            context = flask.g.context
            policy.authorize(context, route.rule,
                             {"project_id": context.project_id})
        arguments = in_path.check(parameters)
        if not route.raw_query:
            query = in_query.check(_query_strings())
            if route.query:
                arguments["query"] = query
        if route.body is not None:
            body = _json_body()
            name = (route.body.of(body) if isinstance(route.body, Forms)
                    else route.body)
            arguments["body"] = validation.check(name, body)
        return _respond(route, route.handler(**arguments))
    return view


def _query_strings() -> dict[str, str]:
    values = flask.request.args
    for name, given in values.lists():
        if len(given) > 1:
            raise exception.ValidationError(field=name,
                                            reason="given more than once.")
    return values.to_dict()


def _json_body() -> Any:
    if flask.request.mimetype != "application/json":
        raise errors.Problem(
            415, "The body must be of type application/json.")
    try:
        return orjson.loads(flask.request.get_data(cache=False))
    except orjson.JSONDecodeError as e:
        raise exception.ValidationError(
            field="body", reason=f"malformed JSON: {e}") from e


def _respond(route: Route, result: Any) -> flask.Response:
    body, headers = result if isinstance(result, tuple) else (result, {})
    response = flask.Response(
        None if route.response is None else orjson.dumps(body), route.status,
        headers, mimetype="application/json")
    if route.response is None:
        del response.headers["Content-Type"]
    return response
