"""Traits: what every driver must do."""

import os_traits
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception


class TraitsContract:

    def test_standard_ones_are_there(self):
        entries = self.driver.traits.list()
        names = [entry.name for entry in entries]
        self.assertEqual(sorted(os_traits.get_traits()), names)
        self.assertTrue(all(entry.standard for entry in entries))

    def test_create_once(self):
        made, new = self.driver.traits.create("CUSTOM_GOLD")
        self.assertEqual(("CUSTOM_GOLD", False, True),
                         (made.name, made.standard, new))
        self.assertEqual((made, False),
                         self.driver.traits.create("CUSTOM_GOLD"))
        self.assertIn(made, self.driver.traits.list())
        names = [entry.name for entry in self.driver.traits.list()]
        self.assertEqual(sorted(names), names)

    def test_create_a_standard_one(self):
        made, new = self.driver.traits.create("HW_CPU_X86_AVX")
        self.assertEqual((True, False), (made.standard, new))

    def test_delete(self):
        self.driver.traits.create("CUSTOM_GOLD")
        self.driver.traits.delete("CUSTOM_GOLD")
        self.assertNotIn("CUSTOM_GOLD", self._names())
        self.assertRaises(exception.TraitNotFound,
                          self.driver.traits.delete, "CUSTOM_GOLD")

    def test_standard_ones_stay(self):
        self.assertRaises(exception.TraitStandard,
                          self.driver.traits.delete, "HW_CPU_X86_AVX")
        self.assertIn("HW_CPU_X86_AVX", self._names())

    def test_what_is_in_use_stays(self):
        self.driver.traits.create("CUSTOM_GOLD")
        self.make_provider("host", traits=["CUSTOM_GOLD"])
        self.assertRaises(exception.TraitInUse,
                          self.driver.traits.delete, "CUSTOM_GOLD")
        self.driver.traits.replace(uuids.host, None, frozenset())
        self.driver.traits.delete("CUSTOM_GOLD")
        self.assertNotIn("CUSTOM_GOLD", self._names())

    def test_replace(self):
        self.make_provider("host", traits=["HW_CPU_X86_AVX", "HW_CPU_X86_SSE"])
        wanted = frozenset(["HW_CPU_X86_SSE", "HW_CPU_X86_AVX2"])
        after = self.driver.traits.replace(uuids.host, 1, wanted)
        self.assertEqual((wanted, 2), (after.traits, after.generation))
        self.assertEqual(after, self.driver.resource_providers.get(uuids.host))

    def test_the_same_again_keeps_the_generation(self):
        before = self.make_provider("host", traits=["HW_CPU_X86_AVX"])
        after = self.driver.traits.replace(
            uuids.host, 1, frozenset(["HW_CPU_X86_AVX"]))
        self.assertEqual(before, after)

    def test_no_generation_is_not_compared_but_raised(self):
        self.make_provider("host", VCPU=1)
        after = self.driver.traits.replace(
            uuids.host, None, frozenset(["HW_CPU_X86_AVX"]))
        self.assertEqual(2, after.generation)

    def test_stale_generation(self):
        before = self.make_provider("host", traits=["HW_CPU_X86_AVX"])
        for generation in (0, 2):
            self.assertRaises(
                exception.ConcurrentUpdate, self.driver.traits.replace,
                uuids.host, generation, frozenset())
        self.assertEqual(before, self.driver.resource_providers.get(
            uuids.host))

    def test_all_unknown_names_are_told(self):
        before = self.make_provider("host")
        error = self.assertRaises(
            exception.TraitNotFound, self.driver.traits.replace, uuids.host,
            0, frozenset(["CUSTOM_B", "HW_CPU_X86_AVX", "CUSTOM_A"]))
        self.assertEqual("CUSTOM_A, CUSTOM_B", error.names)
        self.assertEqual(before, self.driver.resource_providers.get(
            uuids.host))

    def test_unknown_provider(self):
        self.assertRaises(
            exception.ResourceProviderNotFound, self.driver.traits.replace,
            uuids.nope, None, frozenset())

    def _names(self):
        return [entry.name for entry in self.driver.traits.list()]
