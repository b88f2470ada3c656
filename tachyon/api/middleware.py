"""What a request passes before it reaches Flask, by oslo.middleware."""

from collections.abc import Callable, Iterable
from wsgiref import types

import oslo_middleware
from oslo_config import cfg
from oslo_middleware import cors

from tachyon import defaults
from tachyon.api import access_log
from tachyon.api import auth
from tachyon.api import healthcheck
from tachyon.api import keystone
from tachyon.db import base

Wrapper = Callable[[types.WSGIApplication, cfg.ConfigOpts],
                   types.WSGIApplication]

AUTH_STRATEGIES: dict[str, Wrapper] = {"keystone": keystone.Keystone,
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
    application = AUTH_STRATEGIES[conf.api.auth_strategy](application, conf)
    if conf.cors.allowed_origin:
        application = oslo_middleware.CORS(application, conf)
    application = _Switch(
        healthcheck.PATH, healthcheck.make_app(conf, driver, application),
        application)
    application = access_log.AccessLog(application, conf)
    application = oslo_middleware.RequestId(application, conf)
    return oslo_middleware.HTTPProxyToWSGI(application, conf)


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
