"""Instance flavors: what every driver must do."""

from tachyon import exception
from tachyon.db import models

STANDARD = [("m1.tiny", 1, 512, 1), ("m1.small", 1, 2048, 20),
            ("m1.medium", 2, 4096, 40), ("m1.large", 4, 8192, 80),
            ("m1.xlarge", 8, 16384, 160)]


class FlavorsContract:

    def test_standard_ones_are_there(self):
        self.assertEqual(STANDARD, [
            (one.name, one.vcpus, one.memory_mb, one.disk_gb)
            for one in self.driver.flavors.list()])

    def test_smallest_first(self):
        for values in (("b", 1, 512, 2), ("a", 1, 512, 2), ("c", 1, 256, 9)):
            self.driver.flavors.create(models.Flavor(*values))
        self.assertEqual(["c", "m1.tiny", "a", "b", "m1.small"],
                         [one.name for one in self.driver.flavors.list()][:5])

    def test_create_and_get(self):
        made = self.driver.flavors.create(models.Flavor("mine", 3, 5, 0))
        self.assertEqual(("mine", 3, 5, 0), (made.name, made.vcpus,
                                             made.memory_mb, made.disk_gb))
        self.assertIsNotNone(made.created_at)
        self.assertEqual(made, self.driver.flavors.get("mine"))

    def test_those_who_ask_at_once_get_what_each_asked_for(self):
        def get(name):
            try:
                return self.driver.flavors.get(name).name
            except exception.FlavorNotFound:
                return None

        names = [name for name, *_ in STANDARD] + ["unknown", "other"]
        self.assertEqual([*names[:5], None, None] * 10,
                         self.in_threads(get, names * 10))

    def test_names_are_unique(self):
        before = self.driver.flavors.get("m1.tiny")
        self.assertRaises(exception.FlavorExists, self.driver.flavors.create,
                          models.Flavor("m1.tiny", 3, 5, 0))
        self.assertEqual(before, self.driver.flavors.get("m1.tiny"))

    def test_delete(self):
        self.driver.flavors.delete("m1.tiny")
        self.assertRaises(exception.FlavorNotFound,
                          self.driver.flavors.get, "m1.tiny")
        self.assertRaises(exception.FlavorNotFound,
                          self.driver.flavors.delete, "m1.tiny")

    def test_sync_does_not_bring_deleted_ones_back(self):
        self.driver.flavors.delete("m1.tiny")
        self.driver.sync()
        self.assertRaises(exception.FlavorNotFound,
                          self.driver.flavors.get, "m1.tiny")
