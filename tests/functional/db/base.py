"""What tests of the store start from.

``make_driver`` gives any test a store of its own. The modules
``contract_<noun>`` hold what every driver must do, as mixins that name no
backend. A backend is bound to them by a subclass of ``StoreCase`` that says
how its store is opened and made older, and by one line a noun: see
``test_sqlite``.
"""

import concurrent.futures
import multiprocessing
import multiprocessing.util
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.db import base as db
from tachyon.db import load
from tachyon.db import models
from tests import base

# The fork server keeps its socket here for all tests of this process: the
# directory must not be made while a test has a temporary one of its own.
multiprocessing.util.get_temp_dir()
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([
    __name__, "tests.functional.db.exactness.questions",
    "tests.functional.db.exactness.readers",
    "tests.functional.db.exactness.writers"])

Opener = Callable[[], db.DataDriverBase]


def make_driver(testcase: base.TestCase) -> db.DataDriverBase:
    """Return a driver on an empty store, closed after the test."""
    driver = load.get_driver(testcase.conf)
    testcase.addCleanup(driver.close)
    return driver


class StoreCase(base.TestCase):
    """A driver on an empty store, and words to fill it with."""

    def setUp(self) -> None:
        super().setUp()
        self.opener = self.make_opener()
        self.driver = self.open()

    # ------------------------------------------------------ of each backend
    def make_opener(self) -> Opener:
        """Return what opens this test's store; it can be pickled."""
        raise NotImplementedError

    def age_store(self, seconds: float) -> None:
        """Make all that is in the store older."""
        raise NotImplementedError

    def miscount(self, provider: str, resource_class: str,
                 used: int) -> None:
        """Make ``used`` of an inventory another, behind every rule."""
        raise NotImplementedError

    def garble(self, message_id: str) -> None:
        """Leave a message whose caller can't be read."""
        raise NotImplementedError

    @staticmethod
    def hold(driver: db.DataDriverBase,
             pause: Callable[[str], None]) -> None:
        """Let a driver call ``pause("before")`` ahead of each commit of a
        write, and ``pause("after")`` between it and the answer."""
        raise NotImplementedError

    # -------------------------------------------------------------- for all
    def open(self) -> db.DataDriverBase:
        """Open the store once more."""
        driver = self.opener()
        self.addCleanup(driver.close)
        return driver

    def in_threads(self, function: Callable[..., Any], args: Iterable[Any],
                   threads: int = 8) -> list[Any]:
        """Call a function with each argument, from several threads."""
        with concurrent.futures.ThreadPoolExecutor(threads) as executor:
            return list(executor.map(function, args))

    def in_processes(self, function: Callable[..., Any], args: Sequence[Any],
                     processes: int = 8) -> list[Any]:
        """Call a module's function with each argument, from several
        processes."""
        with concurrent.futures.ProcessPoolExecutor(
                processes, mp_context=PROCESSES) as executor:
            return list(executor.map(function, args))

    def make_provider(self, name: str = "host", parent: str | None = None,
                      traits: Iterable[str] = (),
                      aggregates: Iterable[str] = (),
                      **inventories: int | models.Inventory
                      ) -> models.Provider:
        """Make a provider with ``uuids.<name>`` and all that is given."""
        uuid = getattr(uuids, name)
        provider = self.driver.resource_providers.create(uuid, name, parent)
        if traits:
            provider = self.driver.traits.replace(
                uuid, provider.generation, frozenset(traits))
        if aggregates:
            provider = self.driver.aggregates.replace(
                uuid, provider.generation, frozenset(aggregates))
        if inventories:
            provider = self.driver.inventories.replace(
                uuid, provider.generation, {
                    name: models.Inventory(total=value)
                    if isinstance(value, int) else value
                    for name, value in inventories.items()})
        return provider

    def claim(self, consumer: str, allocations: Any = None,
              generation: int | None = None, **others: Any) -> models.Claim:
        """Return a claim, by default of one VCPU of ``uuids.host``."""
        if allocations is None:
            allocations = {uuids.host: {"VCPU": 1}}
        values = {"project_id": "demo", "user_id": "alice", **others}
        return models.Claim(
            consumer_uuid=consumer, consumer_generation=generation,
            allocations=allocations, **values)

    def take(self, consumer: str, allocations: Any = None,
             generation: int | None = None, **others: Any) -> models.Consumer:
        """Make a claim, and return the consumer."""
        self.driver.allocations.replace(
            [self.claim(consumer, allocations, generation, **others)])
        return self.driver.allocations.get(consumer)

    def used(self, provider: str, resource_class: str = "VCPU") -> int:
        """Return what an inventory says is used."""
        found = self.driver.resource_providers.get(provider)
        return found.inventories[resource_class].used

    def submit(self, name: str = "vm", **values: Any) -> models.Instance:
        """Submit ``uuids.<name>`` with its create message, ``<name>-msg``."""
        instance = self.make_instance(name, **values)
        return self.driver.instances.submit(
            instance, self.make_message(instance.id, "create", f"{name}-msg"))

    @staticmethod
    def make_instance(name: str, **values: Any) -> models.Instance:
        return models.Instance(**{
            "id": getattr(uuids, name), "name": name, "project_id": "demo",
            "user_id": "alice", "flavor": "m1.tiny", "image": "cirros",
            "status": "BUILDING", "spec": {"image": "cirros"},
            "request_id": f"req-{name}", "task": "create", **values})

    def make_message(self, instance_id: str, action: str,
                     name: str) -> models.Message:
        return models.Message(
            id=getattr(uuids, name), instance_id=instance_id, action=action,
            request_id=f"req-{name}", context={"user_id": "alice"})

    def claim_message(self, instance_id: str, owner: str = "scheduler-1"
                      ) -> models.Message:
        """Claim the one message of an instance."""
        ids = [message.id for message in self.driver.messages.list()
               if message.instance_id == instance_id]
        (message, _instance), = self.driver.messages.claim(owner, 30, ids=ids)
        return message

    def land(self, instance_id: str, attempt: int, provider: str | None = None,
             host: str = "host") -> models.Instance:
        """Land an instance on ``uuids.host``, or where it is told."""
        uuid = provider or uuids.host
        return self.driver.instances.land(
            instance_id, attempt, host, uuid,
            self.claim(instance_id, {uuid: {"VCPU": 1}}),
            self.make_decision(f"req-{instance_id}", instance_id))

    def make_decision(self, request_id: str, consumer: str,
                      **values: Any) -> models.Decision:
        return models.Decision(**{
            "request_id": request_id, "consumer_uuid": consumer,
            "project_id": "demo", "verdict": "scheduled",
            "document": {"summary": "1/1 hosts"}, **values})
