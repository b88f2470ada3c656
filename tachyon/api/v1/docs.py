"""What is here: the index, the OpenAPI document, pages to browse it.

All of them for everybody, since none tells of more than the code does. The
pages come whole from this server.
"""

import functools
from typing import Any

import flask
import flask_swagger_ui

from tachyon.api.v1 import openapi
from tachyon.api.v1 import routing


@routing.route("GET", "/", rule=None, response="Index")
def show_index() -> Any:
    """Say what is here."""
    links = [{"rel": endpoint.removeprefix("list_"),
              "href": flask.url_for(f".{endpoint}")}
             for endpoint in ("list_instances", "list_flavors",
                              "list_requests", "list_services", "explain")]
    links += [
        {"rel": "service-desc", "href": flask.url_for(".show_openapi")},
        {"rel": "service-doc", "href": flask.url_for(".docs.show")}]
    return {"version": "v1", "links": links}


@routing.route("GET", "/openapi.json", rule=None, response="OpenAPI")
def show_openapi() -> Any:
    """Describe this API, as an OpenAPI 3.1 document."""
    return _document()


@functools.cache
def _document() -> dict[str, Any]:
    return openapi.make_document(routing.ROUTES)


def make_pages() -> flask.Blueprint:
    """Return the blueprint of the pages.

    All their links are relative, so that they work under any prefix.
    """
    return flask_swagger_ui.get_swaggerui_blueprint(
        ".", "../openapi.json", blueprint_name="docs", config={
            "app_name": "Tachyon",
            # These two would name servers elsewhere.
            "validatorUrl": None,
            "oauth2RedirectUrl": None,
            "tryItOutEnabled": True,
            "displayRequestDuration": True,
        })
