"""Resource classes: what every driver must do."""

import os_resource_classes
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models


class ResourceClassesContract:

    def test_standard_ones_are_there(self):
        entries = self.driver.resource_classes.list()
        self.assertEqual(os_resource_classes.STANDARDS,
                         [entry.name for entry in entries])
        self.assertTrue(all(entry.standard for entry in entries))

    def test_custom_ones_follow_in_order_made(self):
        for name in ("CUSTOM_Z", "CUSTOM_A"):
            made, new = self.driver.resource_classes.create(name)
            self.assertEqual((name, False, True),
                             (made.name, made.standard, new))
        self.assertEqual(["CUSTOM_Z", "CUSTOM_A"], self._names()[-2:])
        self.assertFalse(self.driver.resource_classes.create("CUSTOM_Z")[1])

    def test_delete(self):
        self.driver.resource_classes.create("CUSTOM_A")
        self.driver.resource_classes.delete("CUSTOM_A")
        self.assertNotIn("CUSTOM_A", self._names())
        self.assertRaises(exception.ResourceClassNotFound,
                          self.driver.resource_classes.delete, "CUSTOM_A")

    def test_standard_ones_stay(self):
        self.assertRaises(exception.ResourceClassStandard,
                          self.driver.resource_classes.delete, "VCPU")
        self.assertIn("VCPU", self._names())

    def test_what_is_in_use_stays(self):
        self.driver.resource_classes.create("CUSTOM_A")
        self.make_provider("host", CUSTOM_A=models.Inventory(1))
        self.assertRaises(exception.ResourceClassInUse,
                          self.driver.resource_classes.delete, "CUSTOM_A")
        self.driver.inventories.replace(uuids.host, 1, {})
        self.driver.resource_classes.delete("CUSTOM_A")
        self.assertNotIn("CUSTOM_A", self._names())

    def test_rename(self):
        for name in ("CUSTOM_A", "CUSTOM_B"):
            self.driver.resource_classes.create(name)
        self.make_provider("host", CUSTOM_A=models.Inventory(5), VCPU=1)
        self.take(uuids.vm, {uuids.host: {"CUSTOM_A": 3}})
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        before = self.driver.resource_providers.get(uuids.host)
        entry = self.driver.resource_classes.rename("CUSTOM_A", "CUSTOM_C")
        self.assertEqual(("CUSTOM_C", False), (entry.name, entry.standard))
        self.assertEqual(["CUSTOM_C", "CUSTOM_B"], self._names()[-2:])
        after = self.driver.resource_providers.get(uuids.host)
        self.assertEqual(before.generation, after.generation)
        self.assertEqual({"CUSTOM_C": models.Inventory(5, used=3),
                          "VCPU": models.Inventory(1)}, after.inventories)
        self.assertEqual(
            {"CUSTOM_C": 3}, self.driver.allocations.get(
                uuids.vm).allocations[uuids.host].resources)
        changes = self.driver.changes(cursor)
        self.assertEqual([after], list(changes.providers))
        self.assertIn("CUSTOM_C", [entry.name for entry
                                   in changes.resource_classes])

    def test_rename_to_its_own_name(self):
        self.driver.resource_classes.create("CUSTOM_A")
        entry = self.driver.resource_classes.rename("CUSTOM_A", "CUSTOM_A")
        self.assertEqual("CUSTOM_A", entry.name)
        self.assertEqual("CUSTOM_A", self._names()[-1])

    def test_what_can_not_be_renamed(self):
        for name in ("CUSTOM_A", "CUSTOM_B"):
            self.driver.resource_classes.create(name)
        names = self._names()
        rename = self.driver.resource_classes.rename
        for error, name, new_name in (
                (exception.ResourceClassNotFound, "CUSTOM_X", "CUSTOM_Y"),
                (exception.ResourceClassStandard, "VCPU", "CUSTOM_Y"),
                (exception.ResourceClassExists, "CUSTOM_A", "CUSTOM_B"),
                (exception.ResourceClassExists, "CUSTOM_A", "VCPU")):
            self.assertRaises(error, rename, name, new_name)
        self.assertEqual(names, self._names())

    def _names(self):
        return [entry.name for entry in self.driver.resource_classes.list()]
