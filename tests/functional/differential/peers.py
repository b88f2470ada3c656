"""The two that are asked: Placement 16 and Tachyon, both in process."""

import logging
from collections.abc import Iterable
from typing import Any
from urllib import parse

import fixtures
import jsonschema
from placement import context
from placement import db_api
from placement.objects import consumer as consumer_obj
from placement.tests.functional.fixtures import gabbits
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tests import base
from tests.functional.db import neo4j_store
from tests.functional.differential import world
from tests.functional.placement import base as placement_base

_ADMIN = {"X-Auth-Token": "admin", "X-Roles": "admin,service"}


class Peer(fixtures.Fixture):
    """One of the two, on an empty store, as its clients see it."""

    app: Any

    def ask(self, request: world.Request) -> werkzeug_test.TestResponse:
        headers: dict[str, str | None] = {
            **_ADMIN, "OpenStack-API-Version": f"placement 1.{request.minor}"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        headers.update(request.headers)
        environ = werkzeug_test.EnvironBuilder(
            "/", method=request.method, data=request.get_body(),
            headers={name: value for name, value in headers.items()
                     if value is not None}).get_environ()
        # As they are: a client library would mend them.
        environ["PATH_INFO"] = parse.unquote(request.path, "latin-1")
        environ["QUERY_STRING"] = request.get_query()
        return werkzeug_test.Client(self.app).open(
            wrappers.Request(environ))

    def look(self, path: str) -> Any:
        """Return the JSON at a path, None if there is none."""
        answer = self.ask(world.Request("GET", path))
        return answer.json if answer.status_code == 200 else None


class _APIFixture(gabbits.APIFixture):
    """Placement with the policy of today, without that of former days."""

    _secure_rbac = True


class Placement(Peer):

    def _setUp(self) -> None:
        fixture = _APIFixture()
        fixture.start_fixture()
        self.addCleanup(fixture.stop_fixture)
        # What it logs at length takes a tenth of the time, what it does to
        # find out for each request whether its own schema is one a fifth.
        logging.getLogger().setLevel(logging.WARNING)
        self.useFixture(fixtures.MonkeyPatch("jsonschema.validate",
                                             _validate))
        self.app = gabbits.setup_app()

    def forget_empty_consumers(self, uuids: Iterable[str]) -> None:
        """Delete those that have nothing.

        Placement makes a consumer before it looks at what is allocated, and
        leaves it behind if there is nothing, or it is refused; then it is in
        the way of the next try.
        """
        with db_api.placement_context_manager.writer.using(
                ctx := context.RequestContext()):
            consumer_obj.delete_consumers_if_no_allocations(ctx, list(uuids))


class Tachyon(Peer):

    def __init__(self, db_driver: str):
        super().__init__()
        self._db_driver = db_driver

    def _setUp(self) -> None:
        options = self.useFixture(base.Options())
        if self._db_driver == "neo4j":
            server = neo4j_store.empty()
            for group, values in neo4j_store.options_of(
                    server.uri, server.password).items():
                options.config(group=group, **values)
        self.app = self.useFixture(
            placement_base.AppFixture(options.conf)).app


_validators: dict[int, tuple[Any, Any]] = {}


def _validate(instance: Any, schema: Any, format_checker: Any = None) -> None:
    """Do as ``jsonschema.validate``, with a schema that is known."""
    known, validator = _validators.get(id(schema), (None, None))
    if known is not schema:
        cls = jsonschema.validators.validator_for(schema)
        cls.check_schema(schema)
        validator = cls(schema, format_checker=format_checker)
        _validators[id(schema)] = schema, validator
    error = jsonschema.exceptions.best_match(validator.iter_errors(instance))
    if error is not None:
        raise error
