"""Routes of the Placement API: what stands above a handler.

``Table.route`` names method, path, policy rule, schemas and the versions at
which a handler answers. A schema that changed over time is given as a dict of
all its variants, by the version that brought each. A request is checked in
Placement's order: path, method, version, content type or accept header,
policy rule; then the handler runs. The body is read, and held to its schema,
when the handler asks for it: 403 comes before 400.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import flask
from webob import acceptparse
from werkzeug import routing

from tachyon import context
from tachyon import policy
from tachyon.api import errors
from tachyon.api import microversion
from tachyon.api import validation
from tachyon.placement import manager

JSON = "application/json"


class Call:
    """A request on its way through a handler.

    ``words`` go into the texts of errors, by name: the parameters of the
    path, and what a handler adds.
    """

    def __init__(self, route: "Route", args: Mapping[str, str]):
        self._route = route
        self.args = args
        self.words: dict[str, str] = dict(args)
        self.context: context.RequestContext = flask.g.context
        self.version: microversion.Version = flask.g.microversion

    def since(self, version: str) -> bool:
        """Return whether the caller speaks this version, or a later one."""
        return self.version >= microversion.parse(version)

    @property
    def placement(self) -> manager.PlacementManager:
        return flask.current_app.extensions["tachyon"].placement

    @functools.cached_property
    def body(self) -> Any:
        """The body, valid.

        :raises Problem: 400, unless what the path names does not exist.
        """
        try:
            return validation.read_body(self._schema(self._route.body))
        except errors.Problem:
            if self._route.provider_first:
                self.placement.providers.get(self.context, self.args["uuid"])
            raise

    @functools.cached_property
    def query(self) -> validation.Query:
        """The query string, valid.

        :raises Problem: 400
        """
        return validation.read_query(self._schema(self._route.query))

    def _schema(self, schemas: "Schemas | None") -> validation.Schema:
        assert schemas is not None
        if isinstance(schemas, validation.Schema):
            return schemas
        return microversion.choose(schemas, self.version)


Handler = Callable[..., flask.Response]
# One, or its variants by the version that brought each.
Schemas = validation.Schema | Mapping[str, validation.Schema]


@dataclasses.dataclass(frozen=True)
class Route:
    """One handler: for a path, a method, and a range of versions.

    ``missing``: the status before ``since``. ``accept``: the answer is JSON,
    and a caller that takes no JSON is told so. ``provider_first``: of a bad
    body for a provider that does not exist, the latter is told. ``target``:
    what the policy rule is asked about.
    """

    method: str
    path: str
    handler: Handler
    rule: str | None
    since: microversion.Version
    until: microversion.Version
    missing: int
    body: Schemas | None
    query: Schemas | None
    accept: bool
    provider_first: bool
    type_first: bool
    target: Callable[[], Mapping[str, Any]] | None
    raises: errors.Rules


class Table:
    """The routes of one resource."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def route(self, method: str, path: str, *, rule: str | None,
              since: str = microversion.VERSIONS[0],
              until: str = microversion.VERSIONS[-1], missing: int = 404,
              body: Schemas | None = None, query: Schemas | None = None,
              accept: bool = False, provider_first: bool = False,
              type_first: bool = False,
              target: Callable[[], Mapping[str, Any]] | None = None,
              raises: errors.Rules | None = None
              ) -> Callable[[Handler], Handler]:
        """Make a function the handler of a route, see ``Route``."""
        def add(handler: Handler) -> Handler:
            self.routes.append(Route(
                method, path, handler, rule, microversion.parse(since),
                microversion.parse(until), missing, body, query, accept,
                provider_first, type_first, target, raises or {}))
            return handler
        return add


def register(app: flask.Flask, tables: Iterable[Table]) -> None:
    """Make a Flask application answer these routes."""
    by_path: dict[str, dict[str, list[Route]]] = {}
    for table in tables:
        for route in table.routes:
            by_path.setdefault(route.path, {}).setdefault(
                route.method, []).append(route)
    for path, methods in by_path.items():
        # A rule without methods takes them all: what is not allowed is told
        # here, by Placement's words and not Flask's.
        # Where the API is mounted, the path of its root may be empty.
        app.url_map.add(routing.Rule(path, endpoint=path,
                                     strict_slashes=path != "/"))
        app.view_functions[path] = functools.partial(_dispatch, methods)


def _dispatch(methods: Mapping[str, list[Route]],
              **args: str) -> flask.Response:
    route = _select(methods)
    call = Call(route, args)
    try:
        _check_type(route)
        if route.rule is not None:
            policy.authorize(call.context, route.rule,
                             route.target() if route.target else None)
        return route.handler(call, **args)
    except Exception as error:
        raise errors.make_problem(error, route.raises, call.words) from error


def _select(methods: Mapping[str, list[Route]]) -> Route:
    method = flask.request.method
    if method not in methods:
        raise errors.Problem(
            405, f"The method {method} is not allowed for this resource.",
            headers={"Allow": ", ".join(methods)})
    for route in methods[method]:
        if route.since <= flask.g.microversion <= route.until:
            return route
    oldest = methods[method][0]
    if oldest.type_first:
        _check_type(oldest)
    raise errors.Problem(oldest.missing, "")


def _check_type(route: Route) -> None:
    if route.body is not None and flask.request.mimetype != JSON:
        raise errors.Problem(
            415, f"The media type {flask.request.mimetype or None} is not "
                 f"supported, use {JSON}")
    # One that is empty, or can't be read, is not looked at: as in Placement.
    accept = acceptparse.create_accept_header(
        flask.request.headers.get("Accept") or None)
    if route.accept and accept and not accept.acceptable_offers([JSON]):
        raise errors.Problem(406, f"Only {JSON} is provided")


def check_content() -> None:
    """Return if length and type of the current request's content go together.

    :raises Problem: 400
    """
    length = flask.request.environ.get("CONTENT_LENGTH")
    if length and not length.isdecimal():
        raise errors.Problem(400, "content-length header must be an integer")
    if length and int(length) and not flask.request.content_type:
        raise errors.Problem(
            400, "content-type header required when content-length > 0")
