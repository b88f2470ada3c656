"""The version document."""

import flask

from tachyon.api import microversion
from tachyon.api import responses
from tachyon.api import routing

ROUTES = routing.Table()


@ROUTES.route("GET", "/", rule=None)
def show_versions(call: routing.Call) -> flask.Response:
    """Tell which microversions are served. Open to everybody.

    The id is that of the API's one major version, whatever the oldest
    microversion is.
    """
    return responses.make({"versions": [{
        "id": "v1.0",
        "min_version": str(microversion.MIN_VERSION),
        "max_version": str(microversion.MAX_VERSION),
        "status": "CURRENT",
        "links": [{"rel": "self", "href": ""}],
    }]})
