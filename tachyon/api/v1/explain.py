"""Dry runs over HTTP."""

from typing import Any

import flask

from tachyon.api.v1 import routing
from tachyon.instances import requests as manager
from tachyon.policies import requests as policies


def _manager() -> manager.RequestsManager:
    return flask.current_app.extensions["tachyon"].requests


@routing.route("POST", "/explain", rule=policies.EXPLAIN,
               body="ExplainRequest", response="ExplainDocument")
def explain(body: dict[str, Any]) -> Any:
    """Ask what would be decided on an instance now, without creating it."""
    return _manager().explain(flask.g.context, body)
