"""What a request passes before it reaches Flask.

Most of it is oslo.middleware's. That makes objects of each request and answer
and takes them apart again, at the cost of a tenth of the CPU of a small
request; so what is not wanted is not passed.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref import types

import oslo_middleware
from oslo_config import cfg
from oslo_context import context
from oslo_middleware import cors
from oslo_middleware import http_proxy_to_wsgi
from oslo_middleware import request_id

from tachyon import defaults
from tachyon.api import access_log
from tachyon.api import auth
from tachyon.api import healthcheck
from tachyon.db import base

Wrapper = Callable[[types.WSGIApplication, cfg.ConfigOpts],
                   types.WSGIApplication]


def _make_keystone(application: types.WSGIApplication,
                   conf: cfg.ConfigOpts) -> types.WSGIApplication:
    # It takes long to import, and not everybody has a Keystone.
    from tachyon.api import keystone
    return keystone.Keystone(application, conf)


AUTH_STRATEGIES: dict[str, Wrapper] = {"keystone": _make_keystone,
                                       "noauth2": auth.NoAuth2}


defaults.set_http_defaults()


def wrap(application: types.WSGIApplication, conf: cfg.ConfigOpts,
         driver: base.DataDriverBase) -> types.WSGIApplication:
    """Return the application behind authentication and the rest.

    CORS stands before authentication, since a browser asks without a token;
    the health check before both; request id and access log before all these,
    so that every answer has the one and is in the other.

    :raises TachyonException: Keystone is not, or not well, configured.
    :raises OSError: the access log can't be written to.
    """
    conf.register_opts(cors.OPTS, "cors")
    conf.register_opts(http_proxy_to_wsgi.OPTS, "oslo_middleware")
    application = AUTH_STRATEGIES[conf.api.auth_strategy](application, conf)
    if conf.cors.allowed_origin:
        application = oslo_middleware.CORS(application, conf)
    application = _Switch(
        healthcheck.PATH, healthcheck.make_app(conf, driver, application),
        application)
    application = access_log.AccessLog(application, conf)
    application = _RequestId(application)
    if conf.oslo_middleware.enable_proxy_headers_parsing:
        application = oslo_middleware.HTTPProxyToWSGI(application, conf)
    return application


class _RequestId:
    """Gives each request an id, which the answer tells; and believes the
    caller's own. As oslo.middleware's, from the headers alone."""

    def __init__(self, application: types.WSGIApplication):
        self._application = application

    def __call__(self, environ: types.WSGIEnvironment,
                 start_response: types.StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_X_OPENSTACK_REQUEST_ID", "")
        if re.match(request_id.ID_FORMAT, given):
            environ[request_id.GLOBAL_REQ_ID] = given
        made = environ[request_id.ENV_REQUEST_ID] = (
            context.generate_request_id())

        def answer(status: str, headers: list[tuple[str, str]],
                   *exc_info: Any) -> Any:
            return start_response(status, [
                *headers, (request_id.HTTP_RESP_HEADER_REQUEST_ID, made)],
                *exc_info)

        return self._application(environ, answer)


class _Switch:
    """One application for one path, another for the rest."""

    def __init__(self, path: str, there: types.WSGIApplication,
                 elsewhere: types.WSGIApplication):
        self._path = path
        self._there = there
        self._elsewhere = elsewhere

    def __call__(self, environ: types.WSGIEnvironment,
                 start_response: types.StartResponse) -> Iterable[bytes]:
        chosen = (self._there if environ.get("PATH_INFO", "") == self._path
                  else self._elsewhere)
        return chosen(environ, start_response)
