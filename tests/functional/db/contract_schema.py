"""The schema: made, upgraded while it is used, refused."""

import contextlib
import functools
import signal
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

import os_traits
from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models
from tachyon.db.common import versions
from tests.functional.db import base
from tests.integration.parts import former
from tests.integration.parts import wait

FORMER = versions.SAYS_COMPATIBLE - 1
PATIENCE = 60.0                         # seconds; only what is broken waits

_patching = threading.Lock()


def open_former(opener: base.Opener) -> Any:
    """Open a store with the code of the former version."""
    with former_version():
        return opener()


@contextlib.contextmanager
def former_version() -> Iterator[None]:
    """Make this process one of the former version."""
    with _patching, contextlib.ExitStack() as stack:
        for patch in former.patches():
            stack.enter_context(patch)
        yield


def sync(opener: base.Opener) -> int:
    """Bring a store up to date; return the version."""
    driver = opener()
    try:
        return driver.sync()
    finally:
        driver.close()


def sync_until_killed(opener: base.Opener, ready: Any) -> None:
    """Begin to bring a store up to date, and hang in the second step."""
    def tell(line: str) -> None:
        if line.startswith("step 2"):
            ready.send(line)
            threading.Event().wait()

    opener().sync(tell)


class SchemaContract:
    """``module`` is the driver's schema, ``EXPANSION`` what a harmless later
    step runs."""

    module: Any
    EXPANSION: Any

    # ------------------------------------------------------ of each backend
    def make_former_store(self) -> None:
        """Make the store one of the former version, with nothing in it."""
        raise NotImplementedError

    def make_empty_store(self) -> None:
        """Take away all there is, but for what an operator brings."""
        raise NotImplementedError

    # -------------------------------------------------------------- for all
    def release(self, compatible: int, statements: Any = None) -> None:
        """Become a later release, with a step added."""
        migrations = (*self.module.MIGRATIONS, versions.Step(
            self.EXPANSION if statements is None else statements, compatible))
        for name, value in (("MIGRATIONS", migrations),
                            ("VERSION", len(migrations))):
            patch = mock.patch.object(self.module, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def open_former(self) -> Any:
        driver = open_former(self.opener)
        self.addCleanup(driver.close)
        return driver

    def calls(self, driver: Any) -> Iterator[Any]:
        """Return one call of each kind."""
        yield driver.traits.list
        yield functools.partial(driver.traits.create, "CUSTOM_A")
        yield functools.partial(driver.flavors.delete, "m1.tiny")
        yield functools.partial(driver.services.report, [
            models.Heartbeat("host", "tachyon-compute")])
        yield functools.partial(driver.instances.get, uuids.vm)
        yield driver.snapshot
        yield functools.partial(driver.changes, "x:1")
        yield driver.gc

    def assert_refused(self, driver: Any, told: str) -> None:
        for call in self.calls(driver):
            error = self.assertRaises(exception.SchemaOutOfDate, call)
            self.assertIn(told, str(error))

    # ---------------------------------------------------------------- upwards
    def test_the_present_version(self):
        found = self.driver.schema()
        self.assertEqual(models.Schema(
            self.module.VERSION, versions.compatible(self.module.MIGRATIONS),
            self.module.VERSION), found)
        self.assertEqual("up to date", found.state)

    def test_an_older_one_waits_for_sync(self):
        before = self.make_provider("host", VCPU=8)
        self.release(compatible=1)
        later = self.open()
        self.assertTrue(later.is_alive())
        self.assertEqual("run 'tachyon-manage db sync'", later.schema().state)
        self.assert_refused(later, "tachyon-manage db sync")
        self.assertEqual(self.module.VERSION, later.sync())
        self.assertEqual("up to date", later.schema().state)
        self.assertEqual(before, later.resource_providers.get(uuids.host))

    def test_the_former_version_with_content(self):
        self.make_former_store()
        old = self.open_former()
        self.driver = old
        self.make_provider("parent", traits=["HW_CPU_X86_AVX"])
        self.make_provider("host", uuids.parent, aggregates=[uuids.rack],
                           VCPU=8, MEMORY_MB=1024)
        self.take(uuids.vm)
        self.submit("vm2")
        old.services.report([models.Heartbeat("host", "tachyon-compute")])
        before = self.content(old)
        cursor = old.changes(old.snapshot()[0]).cursor
        self.assertEqual(models.Schema(FORMER, FORMER, FORMER), old.schema())

        new = self.open()
        self.assert_refused(new, "tachyon-manage db sync")
        told = []
        self.assertEqual(self.module.VERSION, new.sync(told.append))

        self.assertEqual(["step 2 of 2"], told)
        self.assertEqual(before, self.content(new))
        self.assertEqual(before, self.content(old))
        self.assertEqual("later than this code, which can work with it",
                         old.schema().state)
        self.assertEqual((), old.changes(cursor).providers)
        for driver in (new, old):
            self.assertEqual(self.module.VERSION, driver.schema_version())

    def content(self, driver: Any) -> Any:
        return (driver.resource_providers.get(uuids.host),
                driver.resource_providers.get(uuids.parent),
                driver.allocations.get(uuids.vm), driver.instances.list(),
                driver.messages.list(), driver.flavors.list(),
                driver.traits.list(), driver.resource_classes.list(),
                [one.id for one in driver.services.list()])

    def test_the_former_version_under_load(self):
        """Who had it open claims on, in the middle of it and afterwards."""
        self.make_former_store()
        self.driver = self.open_former()
        self.make_provider("host", VCPU=100_000)
        ended = threading.Event()
        counts = [0] * 4

        def write(index: int) -> None:
            driver = open_former(self.opener) if index < 2 else self.driver
            cursor = driver.changes(driver.snapshot()[0]).cursor
            while not ended.is_set():
                driver.allocations.replace([models.Claim(
                    uuidutils.generate_uuid(), None, "demo", "alice",
                    {uuids.host: {"VCPU": 1}})])
                counts[index] += 1
                changes = driver.changes(cursor)
                cursor = changes.cursor
                used = changes.providers[0].inventories["VCPU"].used
                self.assertGreaterEqual(used, counts[index])
                driver.flavors.list()
            if driver is not self.driver:
                driver.close()

        def upgrade(_index: int) -> None:
            try:
                self._await_turns(counts, 5)
                sync(self.opener)
                self._await_turns(counts, 5)
            finally:
                ended.set()

        self.in_threads(lambda work: work[0](work[1]), [
            *((write, index) for index in range(4)), (upgrade, 0)])
        self.assertEqual(sum(counts), self.used(uuids.host))
        self.assertEqual(self.module.VERSION, self.driver.schema_version())

    def _await_turns(self, counts: list[int], turns: int) -> None:
        goal = [count + turns for count in counts]
        wait.until(lambda: all(count >= least for count, least
                               in zip(counts, goal, strict=True)),
                   "all write on", deadline=PATIENCE)

    # -------------------------------------------------------------- downwards
    def test_a_later_one_that_this_code_can_live_with(self):
        """Also for those who have it open while it is upgraded."""
        self.make_provider("host", VCPU=8)
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        known = self.module.VERSION
        self.release(compatible=known)
        later = self.open()
        later.sync()
        later.traits.create("CUSTOM_LATER")
        with mock.patch.multiple(
                self.module, VERSION=known,
                MIGRATIONS=self.module.MIGRATIONS[:-1]):
            again = self.open()
            for driver in (self.driver, again):
                self.assertIn("CUSTOM_LATER", [
                    one.name for one in driver.traits.list()])
                self.assertEqual(known + 1, driver.sync())
            self.take(uuids.vm)
        self.assertEqual([uuids.host], [
            one.uuid for one in self.driver.changes(cursor).providers])
        self.assertEqual(models.Schema(known + 1, known, known + 1),
                         later.schema())

    def test_a_later_one_that_this_code_is_too_old_for(self):
        """Also for those who have it open while it is upgraded."""
        self.driver.traits.list()
        known = self.module.VERSION
        self.release(compatible=known + 1)
        self.open().sync()
        self.assert_refused(self.driver, "upgrade Tachyon")
        self.assertIn("upgrade Tachyon", self.driver.schema().state)
        self.assertRaises(exception.SchemaOutOfDate, self.driver.sync)
        later = self.open()
        self.assertNotIn("CUSTOM_A", [one.name for one in later.traits.list()])
        self.assertEqual(5, len(later.flavors.list()))
        self.assertEqual([], later.services.list())

    # -------------------------------------------------------------------- sync
    def test_sync_by_many_at_once(self):
        for name, make in (("empty", self.make_empty_store),
                           ("former", self.make_former_store)):
            with self.subTest(name):
                make()
                self.assertEqual([self.module.VERSION] * 4, self.in_processes(
                    sync, [self.opener] * 4, 4))
                driver = self.open()
                self.assertEqual(5, len(driver.flavors.list()))
                self.assertEqual(("unknown",), driver.changes(
                    driver.snapshot()[0]).consumer_types)

    def test_sync_is_killed(self):
        self.make_former_store()
        receiver, sender = base.PROCESSES.Pipe(duplex=False)
        process = base.PROCESSES.Process(
            target=sync_until_killed, args=(self.opener, sender), daemon=True)
        process.start()
        sender.close()
        self.addCleanup(process.kill)
        self.assertTrue(receiver.poll(PATIENCE))
        process.kill()
        process.join()
        self.assertEqual(-signal.SIGKILL, process.exitcode)
        self.assertEqual(FORMER, self.open().schema_version())
        self.open_former().traits.create("CUSTOM_A")
        self.assertEqual(self.module.VERSION, sync(self.opener))
        self.assertIn("CUSTOM_A", [
            one.name for one in self.open().traits.list()])

    def test_sync_adds_what_the_libraries_learnt(self):
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        names = [*os_traits.get_traits(), "HW_CPU_X86_FUTURE"]
        with mock.patch.object(os_traits, "get_traits", return_value=names):
            self.driver.sync()
        changes = self.driver.changes(cursor)
        self.assertIn("HW_CPU_X86_FUTURE",
                      [entry.name for entry in changes.traits])
        self.assertIsNone(changes.resource_classes)
