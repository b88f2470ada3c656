"""The Placement API in process: the real application over a store of its own.

``AppFixture`` is for anybody who wants the whole HTTP application.
"""

import dataclasses
import json
from typing import Any

import fixtures
from oslo_config import cfg
from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids
from werkzeug import test as werkzeug_test

from tachyon import exception
from tachyon import policy
from tachyon.api import app
from tachyon.db import load
from tachyon.instances import flavors
from tachyon.instances import manager as instances_manager
from tachyon.instances import requests
from tachyon.instances import services
from tachyon.placement import manager
from tachyon.placement import view
from tests.functional import stores

__all__ = ["AppFixture", "TestCase", "uuids"]


def unavailable() -> exception.DriverUnavailable:
    """Return what a store that is away raises."""
    return exception.DriverUnavailable(reason="it is away")


class DeafScheduler:
    """Stands in for the client of a scheduler that never hears anything."""

    def wake(self, ctx: Any, notice: Any) -> None:
        """Lose a wake-up: instances stay BUILDING."""

    def explain(self, ctx: Any, request: Any) -> dict[str, Any]:
        return {}


class AppFixture(fixtures.Fixture):
    """Gives ``driver``, ``view``, ``managers``, ``app`` and a ``client``.

    The store is the configured driver's; the sqlite driver makes a file
    below ``state_path``.
    """

    def __init__(self, conf: cfg.ConfigOpts, scheduler_api: Any = None):
        super().__init__()
        self.conf = conf
        self.scheduler_api = scheduler_api or DeafScheduler()

    def _setUp(self) -> None:
        policy.reset()
        self.addCleanup(policy.reset)
        self.driver = load.get_driver(self.conf)
        self.addCleanup(self.driver.close)
        self.view = view.View(self.driver)
        self.managers = app.Managers(
            placement=manager.PlacementManager(self.conf, self.driver,
                                               self.view),
            instances=instances_manager.InstanceManager(
                self.conf, self.driver, self.scheduler_api),
            flavors=flavors.FlavorManager(self.conf, self.driver),
            services=services.ServicesManager(self.conf, self.driver),
            requests=requests.RequestsManager(self.conf, self.driver,
                                              self.scheduler_api),
            driver=self.driver)
        self.app = app.create_app(self.conf, self.managers)
        self.client = werkzeug_test.Client(self.app)


@dataclasses.dataclass(frozen=True)
class Problem:
    """The one error of a refusing answer."""

    status: int
    title: str
    detail: str
    code: str
    headers: Any


class TestCase(stores.OnEveryDriver):
    """Asks as ``admin`` at the latest microversion, unless told otherwise."""

    def setUp(self) -> None:
        super().setUp()
        self.fixture = self.useFixture(AppFixture(self.conf))
        self.driver = self.fixture.driver
        self.placement = self.fixture.managers.placement

    def ask(self, method: str, path: str, body: Any = None, *,
            token: str | None = "admin", version: str | None = "latest",
            data: bytes | None = None, content_type: str | None = None,
            headers: dict[str, str] | None = None
            ) -> werkzeug_test.TestResponse:
        """Return the answer, whatever it is. ``data`` goes as it is."""
        given = dict(headers or {})
        if token is not None:
            given.setdefault("X-Auth-Token", token)
        if version is not None:
            given.setdefault("OpenStack-API-Version", f"placement {version}")
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None and content_type is None:
            content_type = "application/json"
        return self.fixture.client.open(
            path, method=method, headers=given, data=data,
            content_type=content_type)

    def tell(self, method: str, path: str, body: Any = None, *,
             status: int = 200, **more: Any) -> Any:
        """Return the body of an answer that has this status."""
        answer = self.ask(method, path, body, **more)
        self.assertEqual(status, answer.status_code, answer.data)
        if not answer.data:
            self.assertNotIn("Content-Type", answer.headers)
            return None
        self.assertEqual("application/json", answer.headers["Content-Type"])
        return answer.json

    def refuse(self, status: int, method: str, path: str, body: Any = None,
               **more: Any) -> Problem:
        """Return the one error of an answer that has this status."""
        answer = self.ask(method, path, body, **more)
        self.assertEqual(status, answer.status_code, answer.data)
        self.assertEqual("application/json", answer.headers["Content-Type"])
        error, = answer.json["errors"]
        self.assertEqual(status, error["status"])
        self.assertEqual(error["request_id"],
                         answer.headers["X-Openstack-Request-Id"])
        return Problem(status, error["title"], error["detail"],
                       error.get("code"), answer.headers)

    # -------------------------------------------------------------- builders
    def make_provider(self, name: str, parent: str | None = None, *,
                      traits: tuple[str, ...] = (),
                      aggregates: tuple[str, ...] = (),
                      **totals: int | dict[str, Any]) -> str:
        """Return the uuid of a new provider with inventories of these totals
        (or of these fields), traits and aggregates."""
        uuid: str = getattr(uuids, name)
        path = f"/resource_providers/{uuid}"
        self.tell("POST", "/resource_providers", {
            "name": name, "uuid": uuid, "parent_provider_uuid": parent})
        generation = 0
        if totals:
            generation = self.tell("PUT", f"{path}/inventories", {
                "resource_provider_generation": generation,
                "inventories": {
                    resource_class: (fields if isinstance(fields, dict)
                                     else {"total": fields})
                    for resource_class, fields in totals.items()},
            })["resource_provider_generation"]
        for trait in traits:
            if trait.startswith("CUSTOM_"):
                self.ask("PUT", f"/traits/{trait}")
        if traits:
            generation = self.tell("PUT", f"{path}/traits", {
                "resource_provider_generation": generation,
                "traits": traits})["resource_provider_generation"]
        if aggregates:
            self.tell("PUT", f"{path}/aggregates", {
                "resource_provider_generation": generation,
                "aggregates": aggregates})
        return uuid

    def get_generation(self, uuid: str) -> int:
        generation: int = self.tell(
            "GET", f"/resource_providers/{uuid}")["generation"]
        return generation

    def make_claim(self, provider: str, *, generation: int | None = None,
                   **amounts: int) -> dict[str, Any]:
        """Return a body of ``PUT /allocations/{consumer_uuid}``."""
        return {"allocations": {provider: {"resources": amounts}},
                "project_id": "demo", "user_id": "alice",
                "consumer_generation": generation,
                "consumer_type": "INSTANCE"}

    def allocate(self, provider: str, **amounts: int) -> str:
        """Return the uuid of a new consumer that has these amounts."""
        uuid = uuidutils.generate_uuid()
        self.tell("PUT", f"/allocations/{uuid}",
                  self.make_claim(provider, **amounts), status=204)
        return uuid
