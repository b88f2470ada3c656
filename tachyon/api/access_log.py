"""One line a request: who asked for what, and what came of it.

The line goes into the daemon's log, as the logger ``tachyon.api.access``, and
with ``[api] access_log_file`` as an object of JSON into a file of its own.
No header is ever written but those named here: tokens stay out.
"""

import datetime
import json
import logging
import time
from collections.abc import Iterable
from typing import Any
from urllib import parse
from wsgiref import types

import microversion_parse
from oslo_config import cfg
from oslo_log import log as oslo_log
from oslo_middleware import request_id

from tachyon import context

LOG = oslo_log.getLogger("tachyon.api.access")

_VERSION = microversion_parse.STANDARD_HEADER
# What load balancers ask for every few seconds: of interest if it fails.
_QUIET = "/healthcheck"


class AccessLog:
    """WSGI middleware. Stands where request id and caller's address are
    known, and every answer passes.

    :raises OSError: the file can't be written to.
    """

    def __init__(self, application: types.WSGIApplication,
                 conf: cfg.ConfigOpts):
        self._application = application
        self._path = conf.api.access_log_file
        if self._path is not None:
            _append(self._path, "")

    def __call__(self, environ: types.WSGIEnvironment,
                 start_response: types.StartResponse) -> Iterable[bytes]:
        # All log lines from here on are this request's.
        context.RequestContext(
            request_id=environ.get(request_id.ENV_REQUEST_ID),
            global_request_id=environ.get(request_id.GLOBAL_REQ_ID))
        asked = _asked(environ)
        answered = _answered("500", [])

        def note(status: str, headers: list[tuple[str, str]],
                 *exc_info: Any) -> Any:
            answered.update(_answered(status, headers))
            return start_response(status, headers, *exc_info)

        start = time.perf_counter()
        try:
            return self._application(environ, note)
        finally:
            duration = round(time.perf_counter() - start, 6)
            self._write({**asked, **answered, "duration": duration,
                         "user_id": environ.get("HTTP_X_USER_ID"),
                         "project_id": environ.get("HTTP_X_PROJECT_ID")})

    def _write(self, fields: dict[str, Any]) -> None:
        quiet = fields["path"] == _QUIET and fields["status"] < 400
        LOG.log(logging.DEBUG if quiet else logging.INFO,
                '%(remote)s "%(method)s %(uri)s" status: %(status)s '
                'length: %(length)s microversion: %(microversion)s '
                'duration: %(duration).6f', _text(fields),
                extra={"request": fields})
        if self._path is None or quiet:
            return
        try:
            _append(self._path, json.dumps(fields) + "\n")
        except OSError as error:
            LOG.warning("The access log misses a request: %s", error)


def _append(path: str, text: str) -> None:
    """Add to a file, in one write: processes and threads may do so at once,
    and the file may be moved away in between."""
    with open(path, "a") as file:
        file.write(text)


def _asked(environ: types.WSGIEnvironment) -> dict[str, Any]:
    """Return what is known before the answer. Quoted again: no path may
    begin a line of its own."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    now = datetime.datetime.now(datetime.UTC)
    return {
        "time": now.isoformat(timespec="milliseconds"),
        "request_id": environ.get(request_id.ENV_REQUEST_ID),
        "global_request_id": environ.get(request_id.GLOBAL_REQ_ID),
        "remote": environ.get("REMOTE_ADDR"),
        "method": environ["REQUEST_METHOD"],
        "path": parse.quote(path, encoding="latin-1", errors="replace"),
        "query": parse.quote(environ.get("QUERY_STRING", ""),
                             safe="/?=&%,:!+", encoding="latin-1",
                             errors="replace"),
    }


def _answered(status: str, headers: list[tuple[str, str]]) -> dict[str, Any]:
    found = {name.lower(): value for name, value in headers}
    length = found.get("content-length")
    version = found.get(_VERSION.lower(), "")
    return {"status": int(status.split(maxsplit=1)[0]),
            "length": None if length is None else int(length),
            "microversion": version.rpartition(" ")[2] or None}


def _text(fields: dict[str, Any]) -> dict[str, Any]:
    query = fields["query"]
    shown = {key: "-" if value is None else value
             for key, value in fields.items()}
    return {**shown, "uri": fields["path"] + (f"?{query}" if query else "")}
