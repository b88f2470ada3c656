"""Who calls: from a token to identity headers, from these to a context.

The first step is a WSGI middleware, keystonemiddleware's or one that speaks
the same headers; the second is Flask's. In between stand only paths.
"""

from collections.abc import Iterable
from wsgiref import types

import flask
from oslo_config import cfg
from oslo_middleware import request_id

from tachyon import context
from tachyon.api import errors

# What a caller may read without a token: the version document, and index and
# documentation of Tachyon's own API.
_PUBLIC = frozenset({"", "/", "/api/v1", "/api/v1/", "/api/v1/openapi.json",
                     "/api/v1/docs"})
_PUBLIC_TREE = "/api/v1/docs/"

# What tells who calls; only the middleware may set it.
_IDENTITY = ("HTTP_X_USER_ID", "HTTP_X_USER", "HTTP_X_TENANT_ID",
             "HTTP_X_TENANT", "HTTP_X_PROJECT_ID", "HTTP_X_ROLES",
             "HTTP_X_ROLE", "HTTP_X_SERVICE_ROLES")
# What keystoneauth sends in place of a token where there is no authentication
# (``--os-auth-type none``).
_NO_TOKEN = "notused"
# Keystone lists implied roles, too. A service is not implied by any.
_ADMIN_ROLES = "admin,member,reader"


def is_public(path: str) -> bool:
    """Return whether anybody may read what is there."""
    return path in _PUBLIC or path.startswith(_PUBLIC_TREE)


class NoAuth2:
    """Believes the token, ``user[:project]``, and what X-Project-Id and
    X-Roles say besides.

    Without X-Roles the user ``admin`` is an admin, and anybody else has no
    role. For development and tests, as Placement's of this name.
    """

    def __init__(self, application: types.WSGIApplication,
                 conf: cfg.ConfigOpts):
        self._application = application
        self._conf = conf

    def __call__(self, environ: types.WSGIEnvironment,
                 start_response: types.StartResponse) -> Iterable[bytes]:
        roles = environ.get("HTTP_X_ROLES")
        given_project = environ.get("HTTP_X_PROJECT_ID")
        for name in _IDENTITY:
            environ.pop(name, None)
        token = environ.get("HTTP_X_AUTH_TOKEN", "")
        if token in ("", _NO_TOKEN):
            token = self._conf.api.noauth2_default_token or token
        user, _, project = token.partition(":")
        if user:
            if roles is None:
                roles = _ADMIN_ROLES if user == "admin" else ""
            environ["HTTP_X_USER_ID"] = user
            environ["HTTP_X_ROLES"] = roles
            if not environ.get("HTTP_OPENSTACK_SYSTEM_SCOPE"):
                environ["HTTP_X_PROJECT_ID"] = (
                    project or user if given_project is None
                    else given_project)
        return self._application(environ, start_response)


def load_context() -> None:
    """Make the context of the current request, for handlers and log lines.

    :raises Problem: 401 if nobody is known to call, and somebody must be.
    """
    environ = flask.request.environ
    flask.g.context = context.RequestContext.from_environ(
        environ, request_id=environ.get(request_id.ENV_REQUEST_ID),
        global_request_id=environ.get(request_id.GLOBAL_REQ_ID))
    if (flask.g.context.user_id is None
            and not is_public(flask.request.path)):
        raise errors.Problem(401, "")
