"""What a request passes before it reaches Flask, by oslo.middleware."""

from wsgiref import types

import oslo_middleware
from oslo_config import cfg
from oslo_middleware import cors

from tachyon.api import auth

AUTH_STRATEGIES = {"noauth2": auth.NoAuth2}

cors.set_defaults(
    allow_headers=["X-Auth-Token", "X-Openstack-Request-Id",
                   "OpenStack-API-Version", "X-Roles"],
    expose_headers=["X-Openstack-Request-Id", "OpenStack-API-Version",
                    "Location"],
    allow_methods=["GET", "PUT", "POST", "PATCH", "DELETE"])


def wrap(application: types.WSGIApplication,
         conf: cfg.ConfigOpts) -> types.WSGIApplication:
    """Return the application behind authentication and the rest.

    CORS stands before authentication, since a browser asks without a token,
    and the request id before both, so that every answer has one.
    """
    conf.register_opts(cors.OPTS, "cors")
    application = AUTH_STRATEGIES[conf.api.auth_strategy](application, conf)
    if conf.cors.allowed_origin:
        application = oslo_middleware.CORS(application, conf)
    application = oslo_middleware.RequestId(application, conf)
    return oslo_middleware.HTTPProxyToWSGI(application, conf)
