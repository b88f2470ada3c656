"""Responses of the Placement API: JSON, and the headers that go with it."""

import datetime
from typing import Any

import flask
import orjson
from oslo_utils import timeutils

# Before, answers did not say when they were last modified.
_MODIFIED_SINCE = (1, 15)


def make(body: Any, status: int = 200, *,
         modified: datetime.datetime | None = None,
         location: str | None = None) -> flask.Response:
    """Return a response with a body, last modified now unless said so."""
    response = flask.Response(orjson.dumps(body), status,
                              content_type="application/json")
    return _finish(response, modified or timeutils.utcnow(True), location)


def make_empty(status: int = 204, *,
               modified: datetime.datetime | None = None,
               location: str | None = None) -> flask.Response:
    """Return a response without a body, and without a content type."""
    response = flask.Response(status=status)
    del response.headers["Content-Type"]
    return _finish(response, modified, location)


def _finish(response: flask.Response, modified: datetime.datetime | None,
            location: str | None) -> flask.Response:
    if modified is not None and flask.g.microversion >= _MODIFIED_SINCE:
        response.last_modified = modified
        response.headers["Cache-Control"] = "no-cache"
    if location is not None:
        response.headers["Location"] = location
    return response


def url(*parts: str) -> str:
    """Return the path of a resource, below wherever the API is mounted."""
    return "/".join((flask.request.script_root, *parts))
