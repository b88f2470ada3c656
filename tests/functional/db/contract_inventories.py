"""Inventories: what every driver must do."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models

FULL = models.Inventory(total=64, reserved=4, min_unit=2, max_unit=32,
                        step_size=2, allocation_ratio=1.5)


class InventoriesContract:

    def test_replace_all(self):
        self.make_provider("host", VCPU=8, DISK_GB=100)
        after = self.driver.inventories.replace(
            uuids.host, 1, {"VCPU": FULL, "MEMORY_MB": models.Inventory(1024)})
        self.assertEqual(
            {"VCPU": FULL, "MEMORY_MB": models.Inventory(1024)},
            after.inventories)
        self.assertEqual(2, after.generation)
        self.assertEqual(after, self.driver.resource_providers.get(uuids.host))

    def test_the_generation_rises_even_if_nothing_changes(self):
        self.make_provider("host", VCPU=8)
        after = self.driver.inventories.replace(
            uuids.host, 1, {"VCPU": models.Inventory(8)})
        self.assertEqual(2, after.generation)

    def test_remove_all(self):
        self.make_provider("host", VCPU=8)
        after = self.driver.inventories.replace(uuids.host, 1, {})
        self.assertEqual(({}, 2), (after.inventories, after.generation))

    def test_largest_values(self):
        largest = models.Inventory(
            total=models.MAX_INT, reserved=models.MAX_INT, min_unit=1,
            max_unit=models.MAX_INT, step_size=models.MAX_INT,
            allocation_ratio=3.4e38)
        after = self.make_provider("host", VCPU=largest)
        self.assertEqual(largest, after.inventories["VCPU"])

    def test_stale_generation(self):
        before = self.make_provider("host", VCPU=8)
        for generation in (0, 2):
            self.assertRaises(
                exception.ConcurrentUpdate, self.driver.inventories.replace,
                uuids.host, generation, {})
        self.assertEqual(before, self.driver.resource_providers.get(
            uuids.host))

    def test_unknown_provider(self):
        self.assertRaises(
            exception.ResourceProviderNotFound,
            self.driver.inventories.replace, uuids.nope, 0, {})

    def test_unknown_class(self):
        before = self.make_provider("host", VCPU=8)
        error = self.assertRaises(
            exception.ResourceClassNotFound, self.driver.inventories.replace,
            uuids.host, 1, {"MEMORY_MB": models.Inventory(1),
                            "CUSTOM_NOPE": models.Inventory(1)})
        self.assertEqual("CUSTOM_NOPE", error.resource_class)
        self.assertEqual(before, self.driver.resource_providers.get(
            uuids.host))

    def test_what_is_in_use_stays(self):
        self.make_provider("host", VCPU=8, MEMORY_MB=1024)
        self.take(uuids.vm)
        before = self.driver.resource_providers.get(uuids.host)
        error = self.assertRaises(
            exception.InventoryInUse, self.driver.inventories.replace,
            uuids.host, before.generation, {"DISK_GB": models.Inventory(5)})
        self.assertEqual("VCPU", error.resource_classes)
        self.assertEqual(before, self.driver.resource_providers.get(
            uuids.host))

    def test_what_is_in_use_is_told_in_the_catalogues_order(self):
        names = ["VCPU", "MEMORY_MB", "DISK_GB", "CUSTOM_Z", "CUSTOM_A"]
        for name in names[3:]:
            self.driver.resource_classes.create(name)
        self.make_provider("host", **dict.fromkeys(reversed(names), 8))
        self.take(uuids.vm, {uuids.host: dict.fromkeys(sorted(names), 1)})
        error = self.assertRaises(
            exception.InventoryInUse, self.driver.inventories.replace,
            uuids.host, 2, {})
        self.assertEqual(", ".join(names), error.resource_classes)

    def test_used_is_the_stores(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.vm, {uuids.host: {"VCPU": 3}})
        after = self.driver.inventories.replace(
            uuids.host, 2, {"VCPU": models.Inventory(16, used=99)})
        self.assertEqual(models.Inventory(16, used=3),
                         after.inventories["VCPU"])

    def test_a_host_may_shrink_below_what_is_used(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.vm, {uuids.host: {"VCPU": 6}})
        after = self.driver.inventories.replace(
            uuids.host, 2, {"VCPU": models.Inventory(4)})
        self.assertEqual(models.Inventory(4, used=6),
                         after.inventories["VCPU"])
        self.assertRaises(exception.CapacityExceeded, self.take, uuids.other)
