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

    def _names(self):
        return [entry.name for entry in self.driver.resource_classes.list()]
