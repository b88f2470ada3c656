"""Tachyon's own HTTP API: ``blueprint`` holds all of it.

One module a resource; ``routing`` says what stands above a handler.
"""

import flask

from tachyon.api.v1 import docs
from tachyon.api.v1 import explain
from tachyon.api.v1 import flavors
from tachyon.api.v1 import instances
from tachyon.api.v1 import requests
from tachyon.api.v1 import routing
from tachyon.api.v1 import services

__all__ = ["blueprint", "docs", "explain", "flavors", "instances", "requests",
           "services"]


def _make_blueprint() -> flask.Blueprint:
    made = flask.Blueprint("v1", __name__, url_prefix="/api/v1")
    for route in routing.ROUTES:
        made.add_url_rule(
            route.url_rule, endpoint=route.name, methods=[route.method],
            view_func=routing.make_view(route),
            # The index answers with and without the last slash.
            strict_slashes=route.path != "/")
    made.register_blueprint(docs.make_pages(), url_prefix="/docs")
    return made


blueprint = _make_blueprint()
