from tachyon import exception
from tachyon.instances import flavors
from tests.unit.instances import base

SIZE = {"vcpus": 2, "memory_mb": 4, "disk_gb": 0}


class TestFlavors(base.TestCase):

    def setUp(self):
        super().setUp()
        self.flavors = flavors.FlavorManager(self.conf, self.driver)

    def test_the_usual_ones_are_there_from_the_start(self):
        self.assertEqual(
            ["m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"],
            [flavor.name for flavor in self.flavors.list(self.alice)])

    def test_what_an_admin_creates_everybody_sees(self):
        made = self.flavors.create(self.admin, "c1.odd", **SIZE)

        self.assertEqual(("c1.odd", 2, 4, 0),
                         (made.name, made.vcpus, made.memory_mb,
                          made.disk_gb))
        self.assertEqual(made, self.flavors.get(self.alice, "c1.odd"))
        self.assertIn(made, self.flavors.list(self.alice))

    def test_a_name_is_taken_once(self):
        self.assertRaises(exception.FlavorExists, self.flavors.create,
                          self.admin, "m1.tiny", **SIZE)
        self.assertEqual(512,
                         self.flavors.get(self.alice, "m1.tiny").memory_mb)

    def test_what_is_deleted_is_gone(self):
        self.flavors.delete(self.admin, "m1.tiny")

        for act in (self.flavors.get, self.flavors.delete):
            self.assertRaises(exception.FlavorNotFound, act, self.admin,
                              "m1.tiny")

    def test_writing_is_for_admins(self):
        self.assertRaises(exception.PolicyNotAuthorized, self.flavors.create,
                          self.alice, "mine", **SIZE)
        self.assertRaises(exception.PolicyNotAuthorized, self.flavors.delete,
                          self.alice, "m1.tiny")
        self.assertEqual(5, len(self.flavors.list(self.alice)))
