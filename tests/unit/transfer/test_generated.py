import itertools
import unittest
from collections import Counter

import os_traits

from tachyon.db import models
from tachyon.transfer import base
from tachyon.transfer import generated


def providers(*args):
    return [record for batch in generated.GeneratedCloud(*args).providers()
            for record in batch]


def consumers(*args):
    return [record for batch in generated.GeneratedCloud(*args).consumers()
            for record in batch]


class TestProviders(unittest.TestCase):

    def test_the_same_arguments_make_the_same_cloud(self):
        for shape in generated.SHAPES:
            with self.subTest(shape):
                self.assertEqual(providers(30, shape), providers(30, shape))
                self.assertEqual(consumers(3, shape, 50),
                                 consumers(3, shape, 50))

    def test_a_larger_cloud_has_all_of_a_smaller_one(self):
        for shape in generated.SHAPES:
            with self.subTest(shape):
                small = providers(10, shape)
                self.assertEqual(small, providers(20, shape)[:len(small)])

    def test_shapes(self):
        expected = {"flat": 7, "numa": 28, "gpu": 21, "shared": 17}
        for shape in generated.SHAPES:
            with self.subTest(shape):
                found = providers(7, shape)
                self.assertEqual(expected[shape], len(found))
                self.assertEqual(
                    base.Size(len(found), 0),
                    generated.GeneratedCloud(7, shape).size())
                self.assertEqual(
                    generated.GeneratedCloud(7, shape).resource_classes(),
                    {name for each in found for name in each.inventories})

    def test_no_two_are_the_same_whatever_their_shapes(self):
        found = [each for shape in generated.SHAPES
                 for each in providers(12, shape)]
        for values in ([each.uuid for each in found],
                       [each.name for each in found]):
            self.assertEqual(len(found), len(set(values)))

    def test_parents_first_and_roots_true(self):
        for shape in generated.SHAPES:
            roots = {}
            for each in providers(5, shape):
                roots[each.uuid] = (each.uuid if each.parent_uuid is None
                                    else roots[each.parent_uuid])
                self.assertEqual(roots[each.uuid], each.root_uuid)

    def test_traits_and_zones(self):
        found = providers(1000)
        traits = Counter(name for each in found for name in each.traits)
        self.assertEqual(
            (1000, 500, 100, 10),
            tuple(traits[name] for name in (
                generated.EVERYWHERE, "HW_CPU_X86_AVX2", generated.TENTH,
                generated.RARE)))
        self.assertEqual(
            {generated.zone("flat", number): 100
             for number in range(generated.ZONES)},
            Counter(uuid for each in found for uuid in each.aggregates))

    def test_traits_are_standard_ones_and_all_named(self):
        for shape in generated.SHAPES:
            with self.subTest(shape):
                named = generated.GeneratedCloud(1, shape).traits()
                self.assertEqual(frozenset(), named - frozenset(
                    os_traits.get_traits()))
                self.assertEqual(named, frozenset().union(
                    *(each.traits for each in providers(100, shape))))

    def test_known_ones_are_left_out(self):
        cloud = generated.GeneratedCloud(3, "numa")
        first, *rest = providers(3, "numa")
        self.assertEqual(
            rest, [each for batch in cloud.providers({first.uuid})
                   for each in batch])

    def test_nothing_is_made_before_it_is_wanted(self):
        cloud = generated.GeneratedCloud(10**12, "numa", 100)
        self.assertEqual(base.PROVIDERS, len(next(cloud.providers())))
        self.assertEqual(base.CONSUMERS, len(next(cloud.consumers())))


class TestConsumers(unittest.TestCase):

    def shares(self, hosts, shape, fill):
        """Return how full each inventory is, by provider and class."""
        used = Counter()
        for consumer in consumers(hosts, shape, fill):
            for uuid, allocation in consumer.allocations.items():
                for name, amount in allocation.resources.items():
                    used[uuid, name] += amount
        return {(each.uuid, name): used[each.uuid, name] / inventory.capacity
                for each in providers(hosts, shape)
                for name, inventory in each.inventories.items()}

    def test_none_unless_wanted(self):
        self.assertEqual([], consumers(5, "flat"))
        self.assertEqual(base.Size(5, None),
                         generated.GeneratedCloud(5, "flat", 1).size())

    def test_no_inventory_is_filled_further_than_wanted(self):
        for shape, fill in itertools.product(generated.SHAPES,
                                             (1, 50, 100)):
            with self.subTest(shape, fill=fill):
                shares = self.shares(10, shape, fill)
                self.assertGreaterEqual(1, max(shares.values()))
                self.assertGreaterEqual(fill / 100, max(
                    share for (_, name), share in shares.items()
                    if name in ("VCPU", "MEMORY_MB", "DISK_GB")))

    def test_what_is_scarcest_is_nearly_filled(self):
        for shape in generated.SHAPES:
            shares = self.shares(10, shape, 60)
            for number in range(10):
                tree = {each.uuid for each in providers(10, shape)
                        if each.root_uuid == generated.uuid(shape, number)}
                with self.subTest(shape, number=number):
                    self.assertLess(0.45, max(
                        share for (uuid, _), share in shares.items()
                        if uuid in tree))

    def test_devices_are_used(self):
        for shape, name in (("numa", generated.PCI), ("gpu", generated.GPU)):
            with self.subTest(shape):
                self.assertLess(0, max(
                    share for (_, each), share in self.shares(
                        4, shape, 100).items() if each == name))

    def test_filled_further_all_stay(self):
        for shape in generated.SHAPES:
            with self.subTest(shape):
                little = {each.uuid: each for each in consumers(4, shape, 30)}
                much = {each.uuid: each for each in consumers(4, shape, 60)}
                self.assertLess(len(little), len(much))
                self.assertEqual(little, {uuid: much[uuid]
                                          for uuid in little})

    def test_whose_they_are(self):
        found = consumers(10, "flat", 50)
        self.assertEqual(
            {(f"project-{n}", f"user-{n}", "INSTANCE", 1)
             for n in range(10)},
            {(each.project_id, each.user_id, each.type, each.generation)
             for each in found})
        self.assertEqual({models.Allocation}, {
            type(one) for each in found
            for one in each.allocations.values()})
