"""The driver itself: what every one must do."""

import os

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception


class DriverContract:

    def test_it_is_alive(self):
        self.assertTrue(self.driver.is_alive())
        health = self.driver.health()
        self.assertEqual(self.driver.schema_version(),
                         health["schema_version"])
        self.assertGreaterEqual(health["latency_ms"], 0)
        self.assertTrue(health["name"] and health["version"])

    def test_capabilities(self):
        self.assertIsInstance(self.driver.capabilities, frozenset)

    def test_sync_is_idempotent(self):
        self.make_provider("host", VCPU=8)
        self.driver.traits.create("CUSTOM_A")
        before = self.driver.resource_providers.get(uuids.host)
        traits = self.driver.traits.list()
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self.assertEqual(self.driver.schema_version(), self.driver.sync())
        self.assertEqual(before,
                         self.driver.resource_providers.get(uuids.host))
        self.assertEqual(traits, self.driver.traits.list())
        self.assertEqual(cursor, self.driver.changes(cursor).cursor)

    def test_several_drivers_share_a_store(self):
        made = self.make_provider("host", VCPU=8)
        self.assertEqual(made, self.open().resource_providers.get(uuids.host))

    def test_a_closed_driver_is_of_no_use(self):
        driver = self.open()
        driver.close()
        driver.close()
        self.assertFalse(driver.is_alive())
        self.assertRaises(exception.DriverUnavailable, driver.health)
        self.assertRaises(exception.DriverUnavailable, driver.traits.list)
        self.assertRaises(exception.DriverUnavailable,
                          driver.traits.create, "CUSTOM_A")
        self.assertTrue(self.driver.is_alive())

    def test_backup_and_restore(self):
        path = os.path.join(self.state_path, "copy")
        if "online-backup" not in self.driver.capabilities:
            for method in (self.driver.backup, self.driver.restore):
                self.assertRaises(exception.BackupNotSupported, method, path)
            return
        before = self.make_provider("host", VCPU=8)
        self.driver.backup(path)
        self.assertRaises(exception.BackupFailed, self.driver.backup, path)
        self.driver.resource_providers.delete(uuids.host)
        self.driver.restore(path)
        self.assertEqual(before,
                         self.driver.resource_providers.get(uuids.host))

    def test_gc_of_decisions(self):
        self._fail("old")
        self.age_store(self.conf.database.decision_retention + 1)
        self._fail("young")
        self.assertEqual(1, self.driver.gc()["decisions"])
        self.assertEqual(["req-young"], [
            one.request_id for one in self.driver.decisions.list()])
        self.assertEqual(0, self.driver.gc()["decisions"])

    def test_gc_of_instances(self):
        for name in ("old", "young", "live"):
            instance = self.submit(name)
            if name == "young":
                self.age_store(self.conf.database.deleted_retention + 1)
            if name != "live":
                self.driver.instances.end(instance.id, 0)
        self.assertEqual(1, self.driver.gc()["instances"])
        self.assertEqual(
            ["live", "young"],
            sorted(one.name for one in self.driver.instances.list(
                include_deleted=True)))

    def test_gc_of_many(self):
        for index in range(501):
            name = f"vm{index}"
            self.driver.instances.end(self.submit(name).id, 0)
        self.age_store(self.conf.database.deleted_retention + 1)
        self.assertEqual(501, self.driver.gc()["instances"])

    def test_gc_of_nothing(self):
        self.assertEqual({"decisions": 0, "instances": 0, "tombstones": 0},
                         dict(self.driver.gc()))

    def _fail(self, name):
        instance = self.submit(name)
        attempt = self.claim_message(instance.id).attempt
        self.driver.instances.fail(
            instance.id, attempt, "no",
            self.make_decision(f"req-{name}", instance.id))
