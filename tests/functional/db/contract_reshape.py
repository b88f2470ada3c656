"""Reshaping: what every driver must do.

The example is Nova's: what a host has moves to a provider below it, and what
is allocated moves along.
"""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models

VGPU = models.Inventory(8)


def reshape(name, generation, **inventories):
    return models.Reshape(getattr(uuids, name), generation, inventories)


class ReshapeContract:

    def setUp(self):
        super().setUp()
        self.host = self.make_provider("host", VCPU=16, VGPU=VGPU)
        self.child = self.make_provider("child", uuids.host)
        self.take(uuids.vm, {uuids.host: {"VCPU": 2, "VGPU": 3}})
        self.move = [reshape("host", 2, VCPU=models.Inventory(16)),
                     reshape("child", 0, VGPU=VGPU)]
        self.moved = self.claim(uuids.vm, {uuids.host: {"VCPU": 2},
                                           uuids.child: {"VGPU": 3}}, 1)

    def _providers(self):
        return [self.driver.resource_providers.get(uuid)
                for uuid in (uuids.host, uuids.child)]

    def _assert_untouched(self, before):
        self.assertEqual(before, (self._providers(),
                                  self.driver.allocations.get(uuids.vm)))

    def _before(self):
        return self._providers(), self.driver.allocations.get(uuids.vm)

    def test_move(self):
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self.driver.allocations.reshape(self.move, [self.moved])
        host, child = self._providers()
        self.assertEqual({"VCPU": models.Inventory(16, used=2)},
                         host.inventories)
        self.assertEqual({"VGPU": models.Inventory(8, used=3)},
                         child.inventories)
        found = self.driver.allocations.get(uuids.vm)
        self.assertEqual(2, found.generation)
        self.assertEqual({uuids.host: {"VCPU": 2}, uuids.child: {"VGPU": 3}},
                         {uuid: one.resources
                          for uuid, one in found.allocations.items()})
        changes = self.driver.changes(cursor)
        self.assertEqual({uuids.host: host, uuids.child: child},
                         {one.uuid: one for one in changes.providers})

    def test_generations(self):
        """They are raised once, for inventory, and for allocations."""
        self.driver.allocations.reshape(self.move, [self.moved])
        self.assertEqual([2 + 3, 0 + 3],
                         [one.generation for one in self._providers()])
        self.driver.allocations.delete(uuids.vm)
        self.driver.allocations.reshape(
            [reshape("host", 5, VCPU=models.Inventory(1)),
             reshape("child", 3)], [])
        self.assertEqual([5 + 2, 3 + 1],
                         [one.generation for one in self._providers()])

    def test_back_again(self):
        self.driver.allocations.reshape(self.move, [self.moved])
        self.driver.allocations.reshape(
            [reshape("host", 5, VCPU=models.Inventory(16), VGPU=VGPU),
             reshape("child", 3)],
            [self.claim(uuids.vm, {uuids.host: {"VCPU": 2, "VGPU": 3}}, 2)])
        host, child = self._providers()
        self.assertEqual({"VCPU": models.Inventory(16, used=2),
                          "VGPU": models.Inventory(8, used=3)},
                         host.inventories)
        self.assertEqual({}, child.inventories)

    def test_what_goes_must_be_free(self):
        before = self._before()
        for name, claims in (
                ("nobody leaves", []),
                ("somebody stays", [self.claim(uuids.vm, {
                    uuids.host: {"VCPU": 1, "VGPU": 1}}, 1)])):
            with self.subTest(name):
                error = self.assertRaises(
                    exception.InventoryInUse,
                    self.driver.allocations.reshape, self.move, claims)
                self.assertEqual((uuids.host, "VGPU"),
                                 (error.uuid, error.resource_classes))
        self._assert_untouched(before)

    def test_claims_are_held_against_what_comes(self):
        before = self._before()
        for name, error, child, claimed in (
                ("capacity", exception.CapacityExceeded,
                 {"VGPU": models.Inventory(2)}, {"VGPU": 3}),
                ("constraints", exception.AllocationConstraintsViolated,
                 {"VGPU": models.Inventory(8, step_size=2)}, {"VGPU": 3}),
                ("nothing there", exception.InvalidInventory,
                 {"VGPU": VGPU}, {"VGPU": 3, "MEMORY_MB": 1})):
            with self.subTest(name):
                self.assertRaises(
                    error, self.driver.allocations.reshape,
                    [self.move[0], reshape("child", 0, **child)],
                    [self.claim(uuids.vm, {uuids.host: {"VCPU": 2},
                                           uuids.child: claimed}, 1)])
        self._assert_untouched(before)

    def test_stale(self):
        before = self._before()
        for name, moves, claim in (
                ("host", [reshape("host", 1), self.move[1]], self.moved),
                ("child", [self.move[0], reshape("child", 1, VGPU=VGPU)],
                 self.moved),
                ("consumer", self.move, self.claim(
                    uuids.vm, self.moved.allocations, 2)),
                ("new consumer", self.move, self.claim(
                    uuids.vm, self.moved.allocations, None))):
            with self.subTest(name):
                self.assertRaises(
                    exception.ConcurrentUpdate,
                    self.driver.allocations.reshape, moves, [claim])
        self._assert_untouched(before)

    def test_what_is_not_there(self):
        before = self._before()
        for name, error, moves, claim in (
                ("provider", exception.ResourceProviderNotFound,
                 [*self.move, reshape("nope", 0)], self.moved),
                ("class", exception.ResourceClassNotFound,
                 [self.move[0], reshape("child", 0, VGPU=VGPU,
                                        CUSTOM_X=VGPU)], self.moved),
                ("claimed provider", exception.ResourceProviderNotFound,
                 self.move, self.claim(uuids.vm, {
                     uuids.nope: {"VCPU": 2}}, 1))):
            with self.subTest(name):
                self.assertRaises(
                    error, self.driver.allocations.reshape, moves, [claim])
        self._assert_untouched(before)
