"""The HTTP application: both planes, behind one chain of middleware."""

import dataclasses
import logging
from urllib import parse
from wsgiref import types

import flask
from oslo_config import cfg

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

LOG = logging.getLogger(__name__)


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
    ``/api/v1``."""
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
    return middleware.wrap(app, conf)


def _begin() -> None:
    auth.load_context()
    if not flask.request.path.startswith(errors.V1_PREFIX):
        flask.g.microversion = microversion.read()
        routing.check_content()


def _end(response: flask.Response) -> flask.Response:
    if "microversion" in flask.g:
        microversion.write(response, flask.g.microversion)
    request = flask.request
    # Quoted again: no path may begin a line of its own in the log.
    LOG.info('%s "%s %s" status: %d length: %s', request.remote_addr,
             request.method, parse.quote(request.path) + (
                 f"?{parse.quote(request.query_string, safe='/?=&%,:!+')}"
                 if request.query_string else ""),
             response.status_code, response.content_length)
    return response
