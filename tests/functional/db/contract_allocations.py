"""Allocations: what every driver must do."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models

# name, inventory, amounts that fit an empty one, amounts that do not
LIMITS = (
    ("total", models.Inventory(8), (1, 7, 8), (9,)),
    ("reserved", models.Inventory(8, reserved=3), (5,), (6, 8)),
    ("all reserved", models.Inventory(8, reserved=8), (), (1,)),
    ("ratio", models.Inventory(8, allocation_ratio=2.0), (16,), (17,)),
    ("ratio rounds down", models.Inventory(3, allocation_ratio=1.5),
     (4,), (5,)),
    ("ratio below one", models.Inventory(8, allocation_ratio=0.5),
     (4,), (5,)),
    ("reserved, then ratio",
     models.Inventory(8, reserved=2, allocation_ratio=2.0), (12,), (13,)),
)
CONSTRAINTS = (
    ("min_unit", models.Inventory(100, min_unit=4), (4, 5), (1, 3)),
    ("max_unit", models.Inventory(100, max_unit=4), (1, 4), (5, 100)),
    ("step_size", models.Inventory(100, step_size=4), (4, 8), (1, 3, 5, 7)),
    ("the constraint is told before the capacity",
     models.Inventory(2, max_unit=4), (), (5,)),
)


class AllocationsContract:

    # --------------------------------------------------------------- reading
    def test_get(self):
        self.make_provider("host", VCPU=8, MEMORY_MB=1024)
        self.make_provider("disk", DISK_GB=100)
        allocations = {uuids.host: {"VCPU": 2, "MEMORY_MB": 512},
                       uuids.disk: {"DISK_GB": 10}}
        found = self.take(uuids.vm, allocations, consumer_type="INSTANCE")
        self.assertEqual(
            (uuids.vm, 1, "INSTANCE", "demo", "alice"),
            (found.uuid, found.generation, found.type, found.project_id,
             found.user_id))
        self.assertEqual(
            {uuids.host: models.Allocation(uuids.host, 2,
                                           allocations[uuids.host]),
             uuids.disk: models.Allocation(uuids.disk, 2,
                                           allocations[uuids.disk])},
            found.allocations)
        self.assertIsNotNone(found.created_at)

    def test_get_in_the_order_that_providers_were_made_in(self):
        made = [self.make_provider(name, VCPU=8).uuid for name in "abcdef"]
        found = self.take(uuids.vm, {uuid: {"VCPU": 1}
                                     for uuid in sorted(made)})
        self.assertEqual(made, list(found.allocations))

    def test_get_many(self):
        made = [self.make_provider(name, VCPU=8).uuid for name in "ba"]
        for vm in "yxz":
            self.take(getattr(uuids, vm), {uuid: {"VCPU": 1} for uuid in made})
        wanted = {uuids.z, uuids.y, uuids.nope}
        found = self.driver.allocations.get_many(wanted)
        self.assertEqual([self.driver.allocations.get(uuid) for uuid
                          in sorted(wanted - {uuids.nope})], list(found))
        self.assertEqual(made, list(found[0].allocations))
        self.assertEqual([], list(self.driver.allocations.get_many([])))

    def test_nothing_is_not_found(self):
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, uuids.nope)
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.delete, uuids.nope)

    def test_list_by_provider(self):
        self.make_provider("host", VCPU=8, MEMORY_MB=1024)
        self.make_provider("disk", DISK_GB=100)
        for name in ("a", "b", "c"):
            self.take(getattr(uuids, name),
                      {uuids.host: {"VCPU": 1, "MEMORY_MB": 5},
                       uuids.disk: {"DISK_GB": 1}})
        self.take(uuids.elsewhere, {uuids.disk: {"DISK_GB": 1}})
        provider, found = self.driver.allocations.list_by_provider(uuids.host)
        self.assertEqual(self.driver.resource_providers.get(uuids.host),
                         provider)
        self.assertEqual(sorted([uuids.a, uuids.b, uuids.c]),
                         [one.uuid for one in found])
        for one in found:
            self.assertEqual([uuids.host], list(one.allocations))
            self.assertEqual({"VCPU": 1, "MEMORY_MB": 5},
                             one.allocations[uuids.host].resources)

    def test_list_by_unknown_provider(self):
        self.assertRaises(
            exception.ResourceProviderNotFound,
            self.driver.allocations.list_by_provider, uuids.nope)

    # --------------------------------------------------------------- writing
    def test_used_and_generations(self):
        self.make_provider("host", VCPU=8)
        first = self.take(uuids.vm, {uuids.host: {"VCPU": 2}})
        self.assertEqual((1, 2, 2), (first.generation, self.used(uuids.host),
                                     self._generation(uuids.host)))
        again = self.take(uuids.vm, {uuids.host: {"VCPU": 5}}, 1)
        self.assertEqual((2, 5, 3), (again.generation, self.used(uuids.host),
                                     self._generation(uuids.host)))
        self.assertEqual(first.created_at, again.created_at)
        self.assertGreater(again.updated_at, first.updated_at)

    def test_the_same_again_raises_generations(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.vm)
        again = self.take(uuids.vm, generation=1)
        self.assertEqual((2, 1, 3), (again.generation, self.used(uuids.host),
                                     self._generation(uuids.host)))

    def test_a_claim_replaces_all_there_was(self):
        self.make_provider("host", VCPU=8, MEMORY_MB=1024)
        self.make_provider("other", VCPU=8)
        self.take(uuids.vm, {uuids.host: {"VCPU": 2, "MEMORY_MB": 10}})
        found = self.take(uuids.vm, {uuids.other: {"VCPU": 1}}, 1,
                          project_id="new", user_id="bob",
                          consumer_type="MIGRATION")
        self.assertEqual([uuids.other], list(found.allocations))
        self.assertEqual(("new", "bob", "MIGRATION"),
                         (found.project_id, found.user_id, found.type))
        self.assertEqual((0, 0, 1), (
            self.used(uuids.host), self.used(uuids.host, "MEMORY_MB"),
            self.used(uuids.other)))
        self.assertEqual((2, 2), (self._generation(uuids.host),
                                  self._generation(uuids.other)))

    def test_an_empty_claim_deletes_the_consumer(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.vm)
        self.driver.allocations.replace([self.claim(uuids.vm, {}, 1)])
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, uuids.vm)
        self.assertEqual((0, 3), (self.used(uuids.host),
                                  self._generation(uuids.host)))

    def test_an_empty_claim_of_nobody_does_nothing(self):
        self.driver.allocations.replace([self.claim(uuids.vm, {})])
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, uuids.vm)

    def test_delete(self):
        self.make_provider("host", VCPU=8, MEMORY_MB=1024)
        self.take(uuids.vm, {uuids.host: {"VCPU": 2, "MEMORY_MB": 10}})
        self.take(uuids.other)
        self.driver.allocations.delete(uuids.vm)
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, uuids.vm)
        self.assertEqual((1, 0, 3), (
            self.used(uuids.host), self.used(uuids.host, "MEMORY_MB"),
            self._generation(uuids.host)))

    def test_after_a_delete_the_consumer_is_new(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.vm)
        self.driver.allocations.delete(uuids.vm)
        self.assertRaises(exception.ConcurrentUpdate, self.take, uuids.vm,
                          None, 1)
        self.assertEqual(1, self.take(uuids.vm).generation)

    # ------------------------------------------------------ compare and swap
    def test_consumer_generations(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.vm)
        self.take(uuids.vm, generation=1)
        for name, consumer, generation in (
                ("older", uuids.vm, 1), ("newer", uuids.vm, 3),
                ("said to be new", uuids.vm, None),
                ("said to be there", uuids.new, 0)):
            with self.subTest(name):
                self.assertRaises(exception.ConcurrentUpdate, self.take,
                                  consumer, {uuids.host: {"VCPU": 5}},
                                  generation)
        self.assertEqual((1, 3), (self.used(uuids.host),
                                  self._generation(uuids.host)))

    def test_generations_of_no_interest(self):
        """As of clients that know nothing of generations."""
        self.make_provider("host", VCPU=8)
        for amount, generation in ((1, 1), (2, 2), (3, 3)):
            found = self.take(uuids.vm, {uuids.host: {"VCPU": amount}},
                              compared=False)
            self.assertEqual(generation, found.generation)
        self.assertEqual(3, self.used(uuids.host))
        self.driver.allocations.replace(
            [self.claim(uuids.vm, {}, compared=False),
             self.claim(uuids.nobody, {}, compared=False)])
        self.assertEqual(0, self.used(uuids.host))

    def test_types_of_no_interest(self):
        self.make_provider("host", VCPU=8)
        self.assertEqual("unknown",
                         self.take(uuids.vm, consumer_type=None).type)
        self.take(uuids.vm, generation=1, consumer_type="INSTANCE")
        self.assertEqual("INSTANCE", self.take(
            uuids.vm, generation=2, consumer_type=None).type)
        self.assertIn("INSTANCE", self.driver.changes(
            self.driver.snapshot()[0]).consumer_types)

    def test_provider_generations(self):
        self.make_provider("host", VCPU=8)
        for name, expected in (("older", {uuids.host: 0}),
                               ("newer", {uuids.host: 2}),
                               ("gone", {uuids.host: 1, uuids.nope: 0})):
            with self.subTest(name):
                self.assertRaises(exception.ConcurrentUpdate, self.take,
                                  uuids.vm, provider_generations=expected)
        self.assertEqual(0, self.used(uuids.host))
        self.take(uuids.vm, provider_generations={uuids.host: 1})
        self.assertEqual(1, self.used(uuids.host))

    def test_a_consumer_is_named_once(self):
        self.make_provider("host", VCPU=8)
        for generation, setup in ((None, False), (1, True)):
            if setup:
                self.take(uuids.vm)
            claim = self.claim(uuids.vm, {uuids.host: {"VCPU": 3}},
                               generation)
            self.assertRaises(exception.ConcurrentUpdate,
                              self.driver.allocations.replace, [claim, claim])

    # ---------------------------------------------------------------- errors
    def test_what_is_not_there(self):
        self.make_provider("host", VCPU=8)
        for name, error, allocations in (
                ("provider", exception.ResourceProviderNotFound,
                 {uuids.host: {"VCPU": 1}, uuids.nope: {"VCPU": 1}}),
                ("class", exception.ResourceClassNotFound,
                 {uuids.host: {"VCPU": 1, "CUSTOM_NOPE": 1}}),
                ("inventory", exception.InvalidInventory,
                 {uuids.host: {"VCPU": 1, "MEMORY_MB": 1}})):
            with self.subTest(name):
                self.assertRaises(error, self.take, uuids.vm, allocations)
        self._assert_untouched()

    def test_capacity(self):
        self._check_limits(LIMITS, exception.CapacityExceeded)

    def test_constraints(self):
        self._check_limits(CONSTRAINTS,
                           exception.AllocationConstraintsViolated)

    def _check_limits(self, table, error):
        for index, (name, inventory, fit, do_not) in enumerate(table):
            uuid = self.make_provider(f"host{index}", VCPU=inventory).uuid
            for amount in fit:
                with self.subTest(name, amount=amount):
                    self.take(uuids.vm, {uuid: {"VCPU": amount}})
                    self.assertEqual(amount, self.used(uuid))
                    self.driver.allocations.delete(uuids.vm)
            for amount in do_not:
                with self.subTest(name, amount=amount):
                    self.assertRaises(error, self.take, uuids.vm,
                                      {uuid: {"VCPU": amount}})
                    self.assertEqual(0, self.used(uuid))

    def test_what_others_have_is_not_free(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.other, {uuids.host: {"VCPU": 5}})
        self.assertRaises(exception.CapacityExceeded, self.take, uuids.vm,
                          {uuids.host: {"VCPU": 4}})
        self.take(uuids.vm, {uuids.host: {"VCPU": 3}})
        self.assertEqual(8, self.used(uuids.host))

    def test_what_one_has_is_free_for_its_own_claim(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.vm, {uuids.host: {"VCPU": 5}})
        self.take(uuids.vm, {uuids.host: {"VCPU": 8}}, 1)
        self.assertRaises(exception.CapacityExceeded, self.take, uuids.vm,
                          {uuids.host: {"VCPU": 9}}, 2)
        self.assertEqual(8, self.used(uuids.host))

    def test_no_more_than_there_was_always_fits(self):
        self.make_provider("host", VCPU=8)
        self.take(uuids.vm, {uuids.host: {"VCPU": 8}})
        self.driver.inventories.replace(
            uuids.host, 2, {"VCPU": models.Inventory(4)})
        self.take(uuids.vm, {uuids.host: {"VCPU": 8}}, 1)
        self.take(uuids.vm, {uuids.host: {"VCPU": 7}}, 2)
        self.assertRaises(exception.CapacityExceeded, self.take, uuids.vm,
                          {uuids.host: {"VCPU": 8}}, 3)
        self.assertEqual(7, self.used(uuids.host))

    # -------------------------------------------------------- several claims
    def test_all_or_none(self):
        self.make_provider("host", VCPU=8)
        self.make_provider("full", VCPU=1)
        self.take(uuids.mover, {uuids.host: {"VCPU": 2}})
        before = self.driver.resource_providers.get(uuids.host)
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        claims = [
            self.claim(uuids.new, {uuids.host: {"VCPU": 3}},
                       consumer_type="NEW_TYPE"),
            self.claim(uuids.mover, {}, 1),
            self.claim(uuids.last, {uuids.full: {"VCPU": 2}})]
        self.assertRaises(exception.CapacityExceeded,
                          self.driver.allocations.replace, claims)
        self.assertEqual(before, self.driver.resource_providers.get(
            uuids.host))
        self.assertEqual(1, self.driver.allocations.get(
            uuids.mover).generation)
        for uuid in (uuids.new, uuids.last):
            self.assertRaises(exception.ConsumerNotFound,
                              self.driver.allocations.get, uuid)
        self.assertEqual(models.Changes(cursor), self.driver.changes(cursor))

    def test_two_consumers_swap(self):
        self.make_provider("host", VCPU=8)
        self.make_provider("other", VCPU=8)
        self.take(uuids.vm, {uuids.host: {"VCPU": 8}})
        self.take(uuids.migration, {uuids.other: {"VCPU": 8}})
        self.driver.allocations.replace([
            self.claim(uuids.vm, {uuids.other: {"VCPU": 8}}, 1),
            self.claim(uuids.migration, {uuids.host: {"VCPU": 8}}, 1)])
        self.assertEqual(
            [uuids.other], list(self.driver.allocations.get(
                uuids.vm).allocations))
        self.assertEqual((8, 8), (self.used(uuids.host),
                                  self.used(uuids.other)))

    def test_claims_are_added_up(self):
        self.make_provider("host", VCPU=8)
        self.assertRaises(
            exception.CapacityExceeded, self.driver.allocations.replace,
            [self.claim(uuids.a, {uuids.host: {"VCPU": 5}}),
             self.claim(uuids.b, {uuids.host: {"VCPU": 4}})])
        self.driver.allocations.replace(
            [self.claim(uuids.a, {uuids.host: {"VCPU": 5}}),
             self.claim(uuids.b, {uuids.host: {"VCPU": 3}})])
        self.assertEqual((8, 2), (self.used(uuids.host),
                                  self._generation(uuids.host)))

    def test_no_claims(self):
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self.driver.allocations.replace([])
        self.assertEqual(cursor, self.driver.changes(cursor).cursor)

    # ---------------------------------------------------------------- usages
    def test_usages(self):
        self.make_provider("host", VCPU=80, MEMORY_MB=1024)
        both = {uuids.host: {"VCPU": 2, "MEMORY_MB": 5}}
        for name, values in (
                ("a", {"consumer_type": "INSTANCE"}),
                ("b", {"consumer_type": "INSTANCE", "user_id": "bob"}),
                ("c", {}),
                ("d", {"project_id": "theirs"})):
            self.take(getattr(uuids, name), both, **values)
        both_used = {"VCPU": 2, "MEMORY_MB": 5}
        usages = self.driver.allocations.usages
        self.assertEqual(
            [models.Usage("INSTANCE", 2, {"VCPU": 4, "MEMORY_MB": 10}),
             models.Usage("unknown", 1, both_used)], list(usages("demo")))
        self.assertEqual([models.Usage("INSTANCE", 1, both_used)],
                         list(usages("demo", "bob")))
        self.assertEqual([models.Usage("unknown", 1, both_used)],
                         list(usages("demo", consumer_type="unknown")))
        self.assertEqual([], list(usages("demo", consumer_type="NOPE")))
        self.assertEqual([], list(usages("nobody")))

    # ------------------------------------------------------------- internals
    def _generation(self, uuid):
        return self.driver.resource_providers.get(uuid).generation

    def _assert_untouched(self):
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, uuids.vm)
        self.assertEqual((0, 1), (self.used(uuids.host),
                                  self._generation(uuids.host)))
