"""The HTTP application: both planes, behind one chain of middleware."""

import dataclasses
from wsgiref import types

import flask
from oslo_config import cfg

from tachyon import policy
from tachyon.api import auth
from tachyon.api import errors
from tachyon.api import microversion
from tachyon.api import middleware
from tachyon.api import placement as placement_api
from tachyon.api import routing
from tachyon.api import v1
from tachyon.db import base
from tachyon.instances import flavors as flavors_manager
from tachyon.instances import manager as instances_manager
from tachyon.instances import requests as requests_manager
from tachyon.instances import services as services_manager
from tachyon.placement import manager as placement_manager


@dataclasses.dataclass(frozen=True)
class Managers:
    """What handlers call."""

    placement: placement_manager.PlacementManager
    instances: instances_manager.InstanceManager
    flavors: flavors_manager.FlavorManager
    services: services_manager.ServicesManager
    requests: requests_manager.RequestsManager
    driver: base.DataDriverBase


def create_app(conf: cfg.ConfigOpts,
               managers: Managers) -> types.WSGIApplication:
    """Return the WSGI application: Placement at ``/``, Tachyon's own API at
    ``/api/v1``.

    :raises TachyonException: policy or Keystone are not well configured.
    :raises OSError: the access log can't be written to.
    """
    policy.init(conf)
    app = flask.Flask("tachyon.api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = conf.api.max_request_body_size
    app.extensions["tachyon"] = managers
    # A slash too many is another path, not a redirect that loses the body.
    app.url_map.merge_slashes = False
    app.before_request(_begin)
    app.after_request(_end)
    app.register_error_handler(Exception, errors.handle)
    routing.register(app, placement_api.TABLES)
    app.register_blueprint(v1.blueprint)
    return middleware.wrap(app, conf, managers.driver)


def _begin() -> None:
    auth.load_context()
    if not flask.request.path.startswith(errors.V1_PREFIX):
        flask.g.microversion = microversion.read()
        routing.check_content()
    if flask.request.environ.get("PATH_INFO", "").startswith("//"):
        raise errors.Problem(404, "")   # else Flask overlooks the first one


def _end(response: flask.Response) -> flask.Response:
    if "microversion" in flask.g:
        microversion.write(response, flask.g.microversion)
    # Old clients of Placement take nothing but a whole URL.
    response.autocorrect_location_header = True
    return response
