"""Errors over HTTP: the one place that knows which is which status.

Whatever a handler, a manager or the framework raises becomes a ``Problem``
here, and a body that both planes share::

    {"errors": [{"status", "title", "detail", "code", "request_id"}]}

``RULES`` maps exception classes, nearest base class first. A route whose
answer differs says so with ``raises`` (see ``tachyon.api.routing``), as
Placement answers one and the same error differently on different routes.
A code, once released, is never changed and never used for another thing.
"""

import dataclasses
import http
from collections.abc import Mapping
from typing import Any

import flask
import orjson
from oslo_log import log as logging
from oslo_middleware import request_id
from webob import acceptparse
from webob import exc as webob_exc
from werkzeug import exceptions as werkzeug_exc

from tachyon import exception

LOG = logging.getLogger(__name__)

UNDEFINED = "placement.undefined_code"
CONCURRENT_UPDATE = "placement.concurrent_update"
INVENTORY_IN_USE = "placement.inventory.inuse"
DUPLICATE_NAME = "placement.duplicate_name"
PROVIDER_IN_USE = "placement.resource_provider.inuse"
PROVIDER_IS_PARENT = "placement.resource_provider.cannot_delete_parent"
PROVIDER_NOT_FOUND = "placement.resource_provider.not_found"
DUPLICATE_KEY = "placement.query.duplicate_key"
BAD_VALUE = "placement.query.bad_value"
MISSING_VALUE = "placement.query.missing_value"

# Of these a client learns nothing from what the status means in general.
_SELF_EXPLANATORY = (405, 406, 413, 415)

# Before, errors of the Placement API had no codes.
_CODES_SINCE = (1, 23)

# Paths below this one are Tachyon's own API, whose codes are its own.
V1_PREFIX = "/api/"
V1_UNDEFINED = "tachyon.undefined_code"


class Problem(Exception):
    """An answer of 400 or above. ``members`` join the error's own keys."""

    def __init__(self, status: int, detail: str, code: str | None = None,
                 headers: Mapping[str, str] | None = None, **members: Any):
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.headers = dict(headers or {})
        self.members = members


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """What an exception class becomes.

    ``detail`` is a format string over ``error`` (the exception's text), the
    exception's own attributes and the ``words`` of the call. ``members``
    maps keys of the error to attributes of the exception.
    """

    status: int
    code: str | None = None
    detail: str = "{error}"
    members: Mapping[str, str] = dataclasses.field(default_factory=dict)


Rules = Mapping[type[Exception], Rule]

RULES: Rules = {
    exception.NotFound: Rule(404),
    exception.Conflict: Rule(409),
    exception.BadRequest: Rule(400),
    exception.PolicyNotAuthorized: Rule(403),
    exception.DriverUnavailable: Rule(503),
    exception.SchemaOutOfDate: Rule(503),
    exception.CursorExpired: Rule(503),
    exception.SchedulerUnavailable: Rule(503),
    exception.ConcurrentUpdate: Rule(409, CONCURRENT_UPDATE),
    exception.DuplicateProvider: Rule(409, DUPLICATE_NAME),
    exception.ProviderInUse: Rule(409, PROVIDER_IN_USE),
    exception.ProviderHasChildren: Rule(409, PROVIDER_IS_PARENT),
    exception.InventoryInUse: Rule(409, INVENTORY_IN_USE),
    # Tachyon's own API
    exception.ValidationError: Rule(
        400, "tachyon.validation", members={"field": "field"}),
    exception.InstanceNotFound: Rule(404, "tachyon.instance.not_found"),
    exception.InstanceExists: Rule(409, "tachyon.instance.exists"),
    exception.InvalidTransition: Rule(
        409, "tachyon.instance.invalid_transition",
        members={"state": "status", "allowed_actions": "allowed"}),
    exception.InstanceBusy: Rule(
        409, "tachyon.instance.busy",
        members={"state": "status", "task": "task",
                 "allowed_actions": "allowed"}),
    exception.FlavorNotFound: Rule(404, "tachyon.flavor.not_found"),
    exception.FlavorExists: Rule(409, "tachyon.flavor.exists"),
    exception.MarkerNotFound: Rule(400, "tachyon.list.marker_not_found"),
    exception.RequestNotFound: Rule(404, "tachyon.request.not_found"),
    exception.ServiceNotFound: Rule(404, "tachyon.service.not_found"),
}


def make_problem(error: Exception, rules: Rules | None = None,
                 words: Mapping[str, str] | None = None) -> Problem:
    """Return the answer to an exception, whatever it is.

    ``rules`` go before ``RULES``; ``words`` go into the detail. An exception
    that nobody foresaw is logged with its traceback and becomes a 500 that
    tells the caller nothing but the request id.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, werkzeug_exc.HTTPException):
        return _from_framework(error)
    for cls in type(error).__mro__:
        rule = (rules or {}).get(cls) or RULES.get(cls)
        if rule is not None:
            return _apply(rule, error, words or {})
    LOG.exception("Unexpected error while a request was answered")
    return Problem(500, "An unexpected error occurred. The log tells more "
                        "under this request id.")


def _apply(rule: Rule, error: Exception,
           words: Mapping[str, str]) -> Problem:
    attributes = getattr(error, "kwargs", {})
    words = {**attributes, **words, "error": str(error)}
    members = {key: attributes.get(name)
               for key, name in rule.members.items()}
    return Problem(rule.status, rule.detail.format_map(words), rule.code,
                   **members)


def _from_framework(error: werkzeug_exc.HTTPException) -> Problem:
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers()
               if name.lower() in ("allow", "retry-after", "location")}
    return Problem(status, "" if status == 404 else error.description or "",
                   headers=headers)


def render(problem: Problem) -> flask.Response:
    """Return the response that tells a caller of a problem.

    A caller of the Placement API that would rather not have JSON gets HTML
    or plain text, as from WebOb, which Placement is built on.
    """
    wanted = _wanted_type()
    known = webob_exc.status_map.get(problem.status)
    if wanted == "application/json" or known is None:
        body: str | bytes = make_body(
            problem, flask.request.environ,
            coded=flask.g.get("microversion", (0, 0)) >= _CODES_SINCE)
    elif wanted == "text/html":
        body = known(problem.detail).html_body(flask.request.environ)
    else:
        body = known(problem.detail).plain_body(flask.request.environ)
    return flask.Response(body, problem.status, problem.headers,
                          content_type=wanted)


def _wanted_type() -> str:
    accept = flask.request.headers.get("Accept", "*/*")
    if accept in ("", "*/*") or flask.request.path.startswith(V1_PREFIX):
        return "application/json"
    offers = acceptparse.create_accept_header(accept).acceptable_offers(
        ["text/html", "application/json"])
    return offers[0][0] if offers else "text/plain"


def make_body(problem: Problem, environ: Mapping[str, Any], *,
              coded: bool) -> bytes:
    """Return the body of that response, also where Flask has no say.

    ``coded``: an error of the Placement API has a code.
    """
    own = environ.get("PATH_INFO", "").startswith(V1_PREFIX)
    entry = {
        "status": problem.status,
        "title": http.HTTPStatus(problem.status).phrase,
        "detail": _detail(problem, own),
    }
    if own:
        entry["code"] = problem.code or V1_UNDEFINED
    elif coded:
        entry["code"] = problem.code or UNDEFINED
    entry.update(problem.members)
    if request_id.ENV_REQUEST_ID in environ:
        entry["request_id"] = environ[request_id.ENV_REQUEST_ID]
    return orjson.dumps({"errors": [entry]})


def _detail(problem: Problem, own: bool) -> str:
    """Return the text of a problem, in one line or, as Placement's, in two.

    Placement's first line explains the status alone, and clients show the
    last one: what belongs there must not hold line ends.
    """
    known = webob_exc.status_map.get(problem.status)
    explanation = known.explanation if known else ""
    detail = " ".join(problem.detail.splitlines())
    if not detail:
        return explanation
    if own or problem.status in _SELF_EXPLANATORY:
        return detail
    return f"{explanation}\n\n {detail}"


def handle(error: Exception) -> flask.Response:
    """Answer an exception that left a view. Flask's error handler."""
    return render(make_problem(error))
