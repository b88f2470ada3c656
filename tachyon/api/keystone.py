"""Who calls, by Keystone: keystonemiddleware, with our errors."""

import logging
from wsgiref import types

import webob
from keystoneauth1 import exceptions as keystone_exc
from keystoneauth1 import loading
from keystonemiddleware import auth_token
from keystonemiddleware import opts as keystone_opts
from oslo_config import cfg
from webob import exc as webob_exc

from tachyon import exception
from tachyon.api import auth
from tachyon.api import errors

LOG = logging.getLogger(__name__)

GROUP = "keystone_authtoken"
# The service of which an application credential's access rules speak.
SERVICE_TYPE = "placement"


class Keystone(auth_token.AuthProtocol):
    """Lets in who has a token that Keystone vouches for.

    Configured by ``[keystone_authtoken]``. Keystone being away is told apart
    from a token that is no good: 503, not 401. What anybody may read is
    answered without a question to Keystone, whatever the token.

    :raises TachyonException: it is not, or not well, configured.
    """

    def __init__(self, application: types.WSGIApplication,
                 conf: cfg.ConfigOpts):
        _check(conf)
        try:
            super().__init__(application, {"oslo_config_config": conf})
        except keystone_exc.ClientException as error:
            raise exception.TachyonException(f"[{GROUP}]: {error}") from error

    def process_request(self, request: webob.Request
                        ) -> webob.Response | None:
        if auth.is_public(request.environ.get("PATH_INFO", "")):
            request.remove_auth_headers()
            return None
        try:
            return super().process_request(request)
        except webob_exc.HTTPException as refusal:
            return _render(request, _translate(refusal))
        except UnicodeDecodeError:
            # The token is for some paths only: none is like this one, which
            # is no text.
            return _render(request, errors.Problem(401, ""))
        except keystone_exc.ClientException:
            LOG.exception("Keystone can't be asked about a token")
            return _render(request, errors.Problem(
                503, "Keystone can't be asked about the token."))


def _check(conf: cfg.ConfigOpts) -> None:
    for group, opts in keystone_opts.list_auth_token_opts():
        conf.register_opts(opts, group=group)
    conf.set_default("service_type", SERVICE_TYPE, group=GROUP)
    loading.register_auth_conf_options(conf, GROUP)
    section = conf[GROUP].auth_section or GROUP
    if not conf[section].auth_type:
        raise exception.TachyonException(
            f"[{section}] auth_type: needed where [api] auth_strategy is "
            "keystone.")


def _translate(refusal: webob_exc.WSGIHTTPException) -> errors.Problem:
    headers = {name: value for name, value in refusal.headers.items()
               if name.lower() == "www-authenticate"}
    if refusal.status_code == 401:
        return errors.Problem(401, "", headers=headers)
    return errors.Problem(refusal.status_code, refusal.detail or "",
                          headers=headers)


def _render(request: webob.Request,
            problem: errors.Problem) -> webob.Response:
    response = webob.Response(
        errors.make_body(problem, request.environ, coded=False),
        problem.status, content_type="application/json")
    response.headers.update(problem.headers)
    return response
