"""The fixtures that Placement's gabbi files name, over Tachyon.

What is in each cloud is Placement's to say: its own fixture classes are run,
with the functions that they call exchanged for ``builder``, which goes
through the HTTP API. Only ``APIFixture``, the base of them all, is another:
it starts Tachyon instead of Placement.
"""

import contextlib
import functools
import os
import types
from collections.abc import Iterable, Mapping
from typing import Any
from unittest import mock
from wsgiref import types as wsgi_types

import fixtures
import yaml
from oslo_middleware import cors
from oslo_policy import opts as policy_opts
from oslo_utils import uuidutils
from placement.tests.functional.fixtures import gabbits
from werkzeug import test as werkzeug_test

from tachyon import policy
from tachyon.db import load
from tests import base
from tests.functional.gabbi import builder
from tests.functional.placement import base as placement_base
from tests.integration.parts import neo4j

# Names that the files use for whatever they make themselves.
_UUIDS = ("RP_UUID", "RP_NAME", "RP_UUID1", "RP_NAME1", "RP_UUID2",
          "RP_NAME2", "PROJECT_ID", "ADMIN_PROJECT_ID", "SERVICE_PROJECT_ID",
          "USER_ID", "PROJECT_ID_ALT", "USER_ID_ALT", "INSTANCE_UUID",
          "MIGRATION_UUID", "CONSUMER_UUID", "PARENT_PROVIDER_UUID",
          "ALT_PARENT_PROVIDER_UUID")
_CLASSES = {"CUSTOM_RES_CLASS": "CUSTOM_IRON_NFV",
            "CUSTOM_RES_CLASS1": "CUSTOM_IRON_NFV1",
            "CUSTOM_RES_CLASS2": "CUSTOM_IRON_NFV2"}
# In the module of Placement's fixtures, what goes to its database.
_EXCHANGED = ("tb", "user_obj", "project_obj", "rc_obj")

_running: "TachyonFixture"


def application(environ: wsgi_types.WSGIEnvironment,
                start_response: wsgi_types.StartResponse) -> Iterable[bytes]:
    """Answer as the application of the fixture that is running.

    The client decodes the path, which is text as ISO 8859-1 in WSGI.
    """
    environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
    return _running.parts.app(environ, start_response)


class PolicyFile:
    """Rules that an operator wrote."""

    def __init__(self, options: base.Options):
        self._options = options

    def set_rules(self, rules: Mapping[str, str]) -> None:
        """Write a policy file, to be read with the next request."""
        path = os.path.join(self._options.state_path, "policy.yaml")
        with open(path, "w") as stream:
            yaml.safe_dump(dict(rules), stream)
        self._options.config("oslo_policy", policy_file=path)
        policy.reset()


class TachyonFixture(gabbits.APIFixture):
    """Tachyon on an empty store, and the environment that the files read.

    ``context``, ``conf_fixture`` and ``policy_fixture`` are what Placement's
    fixtures call things by.
    """

    def start_fixture(self) -> None:
        global _running
        self._stack = contextlib.ExitStack()
        try:
            self.conf_fixture = self._use(base.Options())
            self._configure()
            for name in _EXCHANGED:
                self._use(fixtures.MonkeyPatch(
                    f"{gabbits.__name__}.{name}", builder))
            self._stack.enter_context(mock.patch.dict(os.environ, {
                **{name: uuidutils.generate_uuid() for name in _UUIDS},
                **_CLASSES}))
        except BaseException:
            self._stack.close()
            raise
        _running = self

    def stop_fixture(self) -> None:
        self._stack.close()

    def _use(self, fixture: Any) -> Any:
        return self._stack.enter_context(fixture)

    def _configure(self) -> None:
        conf = self.conf_fixture.conf
        conf.register_opts(cors.OPTS, "cors")
        policy_opts.set_defaults(conf)
        self.conf_fixture.config("oslo_policy",
                                 enforce_new_defaults=self._secure_rbac)
        self.policy_fixture = PolicyFile(self.conf_fixture)

    @functools.cached_property
    def parts(self) -> placement_base.AppFixture:
        """The application, made once all options are set."""
        return self._use(placement_base.AppFixture(self.conf_fixture.conf))

    @property
    def context(self) -> werkzeug_test.Client:
        return self.parts.client


# Seconds. A busy machine must not look like a store that is down.
_PATIENCE = 30.0


class Neo4jFixture(TachyonFixture):
    """The same, on this process's Neo4j server, emptied."""

    def _configure(self) -> None:
        super()._configure()
        server = neo4j.shared()
        server.clear()
        self.conf_fixture.config("database", driver="neo4j",
                                 deadline=_PATIENCE)
        self.conf_fixture.config(
            "neo4j_database", uri=server.uri, password=server.password,
            connection_acquisition_timeout=_PATIENCE,
            max_transaction_retry_time=_PATIENCE)
        driver = load.get_driver(self.conf_fixture.conf)
        driver.sync()
        driver.close()


def over(tachyon: type[TachyonFixture]) -> types.SimpleNamespace:
    """Return Placement's fixtures, by name, over one of these."""
    return types.SimpleNamespace(**{
        name: type(name, (cls, tachyon), {})
        for name, cls in vars(gabbits).items()
        if isinstance(cls, type) and issubclass(cls, gabbits.APIFixture)
        and cls is not gabbits.APIFixture}, APIFixture=tachyon)
