"""What a compute reports of its host becomes what the store holds."""

from unittest import mock

from tachyon import exception
from tachyon.db import models
from tests.functional.placement import base
from tests.functional.placement.base import uuids

CPU = models.Inventory(8)
DISK = models.Inventory(100, reserved=10, allocation_ratio=1.5)


class InventoryReportTestCase(base.TestCase):

    def report(self, inventories, traits=(), name="h1"):
        return self.placement.apply_inventory_report(
            self.admin_context, uuids.h1, name, inventories, traits)

    def check(self, generation, name="h1", inventories=None, traits=()):
        found = self.driver.resource_providers.get(uuids.h1)
        self.assertEqual((name, generation), (found.name, found.generation))
        self.assertEqual(inventories, dict(found.inventories))
        self.assertEqual(set(traits), found.traits)

    def test_new_host(self):
        traits = ("HW_CPU_X86_VMX", "CUSTOM_FAST")
        found = self.report({"VCPU": CPU, "CUSTOM_X": DISK}, traits)
        self.check(2, inventories={"VCPU": CPU, "CUSTOM_X": DISK},
                   traits=traits)
        self.assertEqual(2, found.generation)

    def test_nothing_new_writes_nothing(self):
        self.report({"VCPU": CPU}, ("HW_CPU_X86_VMX",))
        self.allocate(uuids.h1, VCPU=1)
        before = self.driver.changes(self.driver.snapshot()[0]).cursor
        found = self.report({"VCPU": CPU}, ("HW_CPU_X86_VMX",))
        self.assertEqual(3, found.generation)
        self.assertEqual(before, self.driver.changes(before).cursor)

    def test_other_inventories(self):
        self.report({"VCPU": CPU, "MEMORY_MB": CPU})
        self.report({"VCPU": CPU, "DISK_GB": DISK})
        self.check(2, inventories={"VCPU": CPU, "DISK_GB": DISK})

    def test_traits_of_an_operator_stay(self):
        self.report({}, ("HW_CPU_X86_VMX",))
        self.tell("PUT", "/traits/CUSTOM_RACK1", status=201)
        self.tell("PUT", f"/resource_providers/{uuids.h1}/traits", {
            "resource_provider_generation": 1,
            "traits": ["HW_CPU_X86_VMX", "CUSTOM_RACK1"]})
        self.report({}, ("HW_CPU_X86_VMX", "HW_CPU_X86_AVX"))
        self.check(3, inventories={}, traits=(
            "HW_CPU_X86_VMX", "HW_CPU_X86_AVX", "CUSTOM_RACK1"))

    def test_host_that_was_renamed(self):
        self.report({})
        self.tell("PUT", f"/resource_providers/{uuids.h1}", {"name": "rack1"})
        self.report({"VCPU": CPU})
        self.check(1, name="rack1", inventories={"VCPU": CPU})

    def test_name_of_another(self):
        self.make_provider("h2")
        self.assertRaises(exception.DuplicateProvider, self.report, {},
                          name="h2")

    def test_class_in_use_goes(self):
        self.report({"VCPU": CPU, "DISK_GB": DISK})
        self.allocate(uuids.h1, VCPU=1)
        self.assertRaises(exception.InventoryInUse, self.report,
                          {"DISK_GB": DISK})

    def test_unknown_standard_names(self):
        self.assertRaises(exception.ResourceClassNotFound, self.report,
                          {"NONE": CPU})
        self.assertRaises(exception.TraitNotFound, self.report, {},
                          ("NONE",))

    def test_somebody_else_creates_it_meanwhile(self):
        controller = self.driver.resource_providers
        real = controller.create

        def create(uuid, name):
            real(uuid, name)
            return real(uuid, name)
        with mock.patch.object(controller, "create", side_effect=create):
            self.report({"VCPU": CPU})
        self.check(1, inventories={"VCPU": CPU})

    def test_somebody_else_changes_it_meanwhile(self):
        self.report({})
        controller = self.driver.inventories
        real = controller.replace

        def replace(uuid, generation, inventories):
            if generation == 0:
                self.driver.aggregates.replace(uuid, 0,
                                               frozenset({uuids.agg}))
            return real(uuid, generation, inventories)
        with mock.patch.object(controller, "replace", side_effect=replace):
            self.report({"VCPU": CPU})
        self.check(2, inventories={"VCPU": CPU})
