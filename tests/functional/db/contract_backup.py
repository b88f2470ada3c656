"""Backups: what is copied, put back, and refused."""

import contextlib
import os
import stat
import threading
from typing import Any
from unittest import mock

from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models
from tests.integration.parts import wait

PATIENCE = 60.0                         # seconds; only what is broken waits


def content(driver: Any) -> dict[str, Any]:
    """Return all that is in a store, but for when services were seen."""
    cursor, pages = driver.snapshot()
    providers = {one.uuid: one for page in pages for one in page}
    changes = driver.changes(cursor)
    return {
        "providers": providers,
        "consumers": {uuid: driver.allocations.list_by_provider(uuid)[1]
                      for uuid in providers},
        "usages": driver.allocations.usages("demo"),
        "catalogue": (changes.traits, changes.resource_classes,
                      changes.consumer_types),
        "flavors": driver.flavors.list(),
        "instances": driver.instances.list(include_deleted=True),
        "messages": driver.messages.list(),
        "decisions": driver.decisions.list(),
        "services": [(one.id, one.binary, one.host, one.serves, one.enabled,
                      one.disabled_reason) for one in driver.services.list()],
    }


class BackupContract:

    def setUp(self) -> None:
        super().setUp()                         # type: ignore[misc]
        self.made = self.make_provider("host", VCPU=1000)
        self.backup = os.path.join(self.state_path, "backup")

    def fill(self) -> None:
        """Put in something of each kind."""
        self.driver.traits.create("CUSTOM_GOLD")
        self.driver.resource_classes.create("CUSTOM_FPGA")
        self.driver.flavors.create(models.Flavor("tiny", 1, 1, 1))
        self.driver.flavors.delete("m1.xlarge")
        self.make_provider("root", aggregates=[uuids.rack, uuids.row])
        self.make_provider("child", uuids.root, traits=["CUSTOM_GOLD"],
                           CUSTOM_FPGA=models.Inventory(
                               total=4, reserved=1, max_unit=2,
                               allocation_ratio=1.5), VCPU=4)
        self.take(uuids.one, {uuids.child: {"VCPU": 1, "CUSTOM_FPGA": 2},
                              uuids.host: {"VCPU": 3}},
                  consumer_type="INSTANCE")
        self.submit("waiting")
        self.submit("claimed", spec={"image": "cirros", "n": [1, None]})
        self.driver.messages.claim("scheduler-1", 3600.0, ids=[
            one.id for one in self.driver.messages.list()
            if one.instance_id == uuids.claimed])
        for name in ("landed", "done", "gone"):
            self.submit(name)
            attempt = self.claim_message(getattr(uuids, name)).attempt
            self.land(getattr(uuids, name), attempt)
            if name != "landed":
                self.driver.instances.finish(
                    getattr(uuids, name), attempt, "host", "STOPPED",
                    ip_address="10.0.0.1")
        gone = self.driver.instances.get(uuids.gone)
        self.driver.instances.end(gone.id, gone.generation)
        self.driver.services.report([
            models.Heartbeat("host", "tachyon-compute", ("host*",)),
            models.Heartbeat("host2", "tachyon-compute")])
        service = self.driver.services.list()[0]
        self.driver.services.update(service.id, enabled=False,
                                    disabled_reason="memory")
        self.make_provider("dead")
        self.driver.resource_providers.delete(uuids.dead)

    def spoil(self) -> None:
        """Change something of each kind, and add to it."""
        self.driver.allocations.delete(uuids.one)
        self.take(uuids.late)
        self.driver.resource_providers.delete(uuids.child)
        self.make_provider("later", uuids.root, traits=["HW_CPU_X86_AVX"])
        self.driver.traits.create("CUSTOM_LATE")
        self.driver.flavors.delete("tiny")
        waiting = self.driver.instances.get(uuids.waiting)
        self.driver.instances.end(waiting.id, waiting.generation)
        self.submit("late-vm")
        self.driver.services.delete(self.driver.services.list()[0].id)

    # --------------------------------------------------------------- whole
    def test_the_drill(self):
        """What was there comes back, and nothing of what came since."""
        self.fill()
        before = content(self.driver)
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self.driver.backup(self.backup)
        self.assertEqual(before, content(self.driver))
        self.spoil()

        self.driver.restore(self.backup)

        for driver in (self.driver, self.open()):
            self.assertEqual(before, content(driver))
            self.assertRaises(exception.CursorExpired, driver.changes, cursor)
        self.take(uuids.next)
        self.assertEqual(6, self.used(uuids.host))
        attempt = self.claim_message(uuids.waiting).attempt
        self.land(uuids.waiting, attempt)
        self.driver.instances.finish(uuids.landed, 1, "host", "STOPPED")
        self.spoil_again()

    def spoil_again(self) -> None:
        self.driver.allocations.delete(uuids.one)
        self.driver.resource_providers.delete(uuids.child)
        self.driver.traits.delete("CUSTOM_GOLD")
        self.driver.resource_classes.delete("CUSTOM_FPGA")

    def test_twice(self):
        self.fill()
        self.driver.backup(self.backup)
        before = content(self.driver)
        for _turn in range(2):
            self.spoil()
            self.driver.restore(self.backup)
            self.assertEqual(before, content(self.driver))

    def test_services_get_time_to_be_heard(self):
        self.driver.services.report([models.Heartbeat("host", "compute")])
        self.age_store(1000)
        self.driver.backup(self.backup)
        self.driver.restore(self.backup)
        service, = self.driver.services.list()
        self.assertLess(service.age, 500)

    def test_another_life(self):
        """By what a store was put back that is no backup of ours."""
        self.driver.services.report([models.Heartbeat("host", "compute")])
        self.age_store(1000)
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self.driver.new_epoch()
        self.assertRaises(exception.CursorExpired, self.driver.changes,
                          cursor)
        service, = self.driver.services.list()
        self.assertLess(service.age, 500)
        self.driver.changes(self.driver.snapshot()[0])

    # ---------------------------------------------------------- of one moment
    def test_a_copy_is_of_one_moment(self):
        """Two providers that always have as much used as each other, and
        instances that never are without their message."""
        self.make_provider("other", VCPU=1000)
        ended = threading.Event()
        counts = {"claims": 0, "instances": 0}

        def claim():
            while not ended.is_set():
                self.driver.allocations.replace([models.Claim(
                    uuidutils.generate_uuid(), None, "demo", "alice",
                    {uuids.host: {"VCPU": 1}, uuids.other: {"VCPU": 1}})])
                counts["claims"] += 1

        def submit():
            while not ended.is_set():
                name = uuidutils.generate_uuid()
                id = self.submit(name).id
                attempt = self.claim_message(id).attempt
                self.land(id, attempt, uuids.host)
                self.driver.instances.fail(id, attempt, "no")
                self.submit(f"{name}-2")
                counts["instances"] += 1

        writers = [threading.Thread(target=target)
                   for target in (claim, submit)]
        for writer in writers:
            writer.start()
        try:
            for index in range(3):
                goal = {name: count + 2 for name, count in counts.items()}
                self.driver.backup(f"{self.backup}-{index}")
                wait.until(lambda goal=goal: all(
                    counts[name] >= count for name, count in goal.items()),
                    "both go on", deadline=PATIENCE)
        finally:
            ended.set()
            for writer in writers:
                writer.join()
        for index in range(3):
            self.driver.restore(f"{self.backup}-{index}")
            self.assert_sound()

    def assert_sound(self) -> None:
        found = content(self.driver)
        used = {uuid: sum(
            consumer.allocations[uuid].resources["VCPU"]
            for consumer in consumers)
            for uuid, consumers in found["consumers"].items()}
        self.assertEqual(used, {
            uuid: one.inventories["VCPU"].used
            for uuid, one in found["providers"].items()})
        instances = {one.id: one for one in found["instances"]}
        landed = [one for one in instances.values() if one.host]
        self.assertEqual(used[uuids.host], used[uuids.other] + len(landed))
        self.assertEqual(
            sorted(one.id for one in instances.values() if one.task),
            sorted(one.instance_id for one in found["messages"]))
        for message in found["messages"]:
            self.assertEqual(instances[message.instance_id].attempt,
                             message.attempt)

    # ----------------------------------------------------------------- files
    def test_a_copy_is_one_file_for_its_owner(self):
        self.driver.backup(self.backup)
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.backup).st_mode))
        self.assertEqual(["backup"], [
            name for name in os.listdir(self.state_path)
            if "backup" in name])

    def test_a_copy_goes_to_a_new_file(self):
        with open(self.backup, "w") as file:
            file.write("precious")
        self.refuse("exists already", self.driver.backup, self.backup)
        with open(self.backup) as file:
            self.assertEqual("precious", file.read())

    def test_a_copy_that_can_not_be_made(self):
        for path in ("/nonexistent/backup", "/proc/backup"):
            self.refuse(os.path.dirname(path), self.driver.backup, path)

    def test_a_failed_copy_leaves_nothing(self):
        before = os.listdir(self.state_path)
        with mock.patch("os.link", side_effect=OSError(28, "No space")):
            self.refuse("No space", self.driver.backup, self.backup)
        self.assertEqual(before, os.listdir(self.state_path))

    def refuse(self, text: str, function: Any, *args: Any) -> None:
        found = self.assertRaises(exception.BackupFailed, function, *args)
        self.assertIn(text, str(found))
        self.assertNotIn("\n", str(found))

    def test_told_what_is_going_on(self):
        told = []
        self.driver.backup(self.backup, told.append)
        self.driver.restore(self.backup, told.append)
        self.assertTrue(all(isinstance(line, str) and "\n" not in line
                            for line in told))

    # ------------------------------------------------------------ at any time
    def test_readers_see_the_one_or_the_other(self):
        """Or are told that they can't be served, while it is restored."""
        self.take(uuids.vm)
        self.driver.backup(self.backup)
        for index in range(20):
            self.take(getattr(uuids, f"late{index}"))
        ended = threading.Event()
        seen = []

        def read(driver):
            while not ended.is_set():
                with contextlib.suppress(exception.DriverUnavailable):
                    provider, consumers = driver.allocations.list_by_provider(
                        uuids.host)
                    seen.append((provider.inventories["VCPU"].used,
                                 len(consumers)))
                with contextlib.suppress(exception.DriverUnavailable):
                    driver.traits.list()

        def restore(_driver):
            try:
                wait.until(lambda: len(seen) > 5, "they read",
                           deadline=PATIENCE)
                self.driver.restore(self.backup)
                count = len(seen)
                wait.until(lambda: len(seen) > count + 5, "they read on",
                           deadline=PATIENCE)
            finally:
                ended.set()

        self.in_threads(lambda work: work[0](work[1]), [
            (read, self.driver), (read, self.open()), (restore, None)])
        self.assertEqual({(1, 1), (21, 21)}, set(seen))
