"""Whole providers and consumers in and out: what every driver must do."""

import dataclasses
import datetime

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models

MADE = datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC)
CHANGED = MADE + datetime.timedelta(days=400)


def make_provider(key, parent=None, root=None, **values):
    """Return the record of a provider ``uuids.<key>``."""
    return models.Provider(**{
        "uuid": getattr(uuids, key), "name": key, "generation": 7,
        "parent_uuid": parent, "root_uuid": root or getattr(uuids, key),
        "created_at": MADE, "updated_at": CHANGED, **values})


def make_consumer(name, resources=None, provider=uuids.host, **values):
    """Return the record of a consumer ``uuids.<name>``."""
    return models.Consumer(**{
        "uuid": getattr(uuids, name), "generation": 3, "type": "INSTANCE",
        "project_id": "demo", "user_id": "alice", "created_at": MADE,
        "updated_at": CHANGED,
        "allocations": {provider: models.Allocation(
            provider, 7, resources or {"VCPU": 1})}, **values})


HOST = make_provider(
    "host", traits=frozenset(["HW_CPU_X86_AVX", "COMPUTE_NODE"]),
    aggregates=frozenset([uuids.rack, uuids.room]),
    inventories={
        "VCPU": models.Inventory(total=8, reserved=1, allocation_ratio=1.5),
        "MEMORY_MB": models.Inventory(
            total=4096, min_unit=2, max_unit=1024, step_size=2)})
CELL = make_provider("cell", parent=uuids.host, root=uuids.host,
                     inventories={"PCPU": models.Inventory(total=4)})


class BulkContract:

    # -------------------------------------------------------------- providers
    def test_a_provider_comes_whole(self):
        self.assertEqual(
            2, self.driver.bulk.add_providers([HOST, CELL]))
        for record in HOST, CELL:
            self.assertEqual(
                record, self.driver.resource_providers.get(record.uuid))

    def test_the_root_is_that_of_the_parent(self):
        self.driver.bulk.add_providers([HOST])
        self.driver.bulk.add_providers([
            CELL, make_provider("pf", parent=CELL.uuid, root=uuids.wrong)])
        self.assertEqual(
            HOST.uuid,
            self.driver.resource_providers.get(uuids.pf).root_uuid)

    def test_what_is_there_is_left_alone(self):
        self.make_provider("host", VCPU=2)
        before = self.driver.resource_providers.get(uuids.host)
        self.assertEqual(
            1, self.driver.bulk.add_providers([HOST, CELL]))
        self.assertEqual(
            before, self.driver.resource_providers.get(uuids.host))
        self.assertEqual(0, self.driver.bulk.add_providers([HOST, CELL]))

    def test_used_starts_at_nothing(self):
        record = dataclasses.replace(HOST, inventories={
            "VCPU": models.Inventory(total=8, used=5)})
        self.driver.bulk.add_providers([record])
        self.assertEqual(0, self.used(uuids.host))

    def test_nothing_to_add(self):
        self.assertEqual(0, self.driver.bulk.add_providers([]))
        self.assertEqual(0, self.driver.bulk.add_consumers([]))

    def test_providers_that_can_not_be(self):
        self.make_provider("taken")
        unknown_class = {"CUSTOM_NOPE": models.Inventory(total=1)}
        for error, values in (
                (exception.DuplicateProvider, {"name": "taken"}),
                (exception.ParentProviderNotFound,
                 {"parent": uuids.nope}),
                (exception.ResourceClassNotFound,
                 {"inventories": unknown_class}),
                (exception.TraitNotFound,
                 {"traits": frozenset(["CUSTOM_NOPE"])})):
            with self.subTest(error.__name__):
                wrong = make_provider("wrong", **values)
                self.assertRaises(
                    error, self.driver.bulk.add_providers, [HOST, wrong])
                # Half a batch is none.
                self.assertRaises(
                    exception.ResourceProviderNotFound,
                    self.driver.resource_providers.get, HOST.uuid)

    def test_a_view_hears_of_providers(self):
        cursor, pages = self.driver.snapshot()
        list(pages)
        cursor = self.driver.changes(cursor).cursor
        self.driver.bulk.add_providers([HOST, CELL])
        self.assertEqual(
            {HOST.uuid: HOST, CELL.uuid: CELL},
            {each.uuid: each
             for each in self.driver.changes(cursor).providers})

    def test_one_that_was_deleted_can_come_again(self):
        self.make_provider("host")
        self.driver.resource_providers.delete(uuids.host)
        cursor, pages = self.driver.snapshot()
        list(pages)
        cursor = self.driver.changes(cursor).cursor
        self.driver.bulk.add_providers([HOST])
        changes = self.driver.changes(cursor)
        self.assertEqual(((HOST,), ()), (changes.providers, changes.gone))

    # -------------------------------------------------------------- consumers
    def test_a_consumer_comes_whole(self):
        self.driver.bulk.add_providers([HOST, CELL])
        both = make_consumer("vm", allocations={
            HOST.uuid: models.Allocation(
                HOST.uuid, 7, {"VCPU": 2, "MEMORY_MB": 512}),
            CELL.uuid: models.Allocation(CELL.uuid, 7, {"PCPU": 1})})
        other = make_consumer("other", {"VCPU": 1}, type="MIGRATION",
                              project_id="ops", generation=1)
        self.assertEqual(
            2, self.driver.bulk.add_consumers([both, other]))
        for record in both, other:
            self.assertEqual(
                record, self.driver.allocations.get(record.uuid))
        self.assertEqual((3, 512, 1), (
            self.used(HOST.uuid), self.used(HOST.uuid, "MEMORY_MB"),
            self.used(CELL.uuid, "PCPU")))
        self.assertEqual(
            ["INSTANCE"],
            [row.consumer_type for row in
             self.driver.allocations.usages("demo")])

    def test_consumers_raise_no_generation(self):
        self.driver.bulk.add_providers([HOST])
        self.driver.bulk.add_consumers([make_consumer("vm")])
        found = self.driver.resource_providers.get(HOST.uuid)
        self.assertEqual((HOST.generation, HOST.updated_at),
                         (found.generation, found.updated_at))

    def test_a_consumer_that_is_there_is_left_alone(self):
        self.driver.bulk.add_providers([HOST])
        before = self.take(uuids.vm, {HOST.uuid: {"VCPU": 2}})
        self.assertEqual(1, self.driver.bulk.add_consumers(
            [make_consumer("vm", {"VCPU": 5}), make_consumer("new")]))
        self.assertEqual(before, self.driver.allocations.get(uuids.vm))
        self.assertEqual(3, self.used(HOST.uuid))

    def test_more_than_fits_is_taken_as_it_is(self):
        """A host may have shrunk since: what is allocated, is."""
        self.driver.bulk.add_providers([HOST])
        self.driver.bulk.add_consumers([
            make_consumer("vm", {"VCPU": 100, "MEMORY_MB": 3})])
        self.assertEqual(100, self.used(HOST.uuid))
        self.assertRaises(
            exception.CapacityExceeded, self.take, uuids.late,
            {HOST.uuid: {"VCPU": 1}})

    def test_consumers_that_can_not_be(self):
        self.driver.bulk.add_providers([HOST])
        good = make_consumer("good")
        for error, wrong in (
                (exception.ResourceProviderNotFound,
                 make_consumer("vm", provider=uuids.nope)),
                (exception.ResourceClassNotFound,
                 make_consumer("vm", {"CUSTOM_NOPE": 1})),
                (exception.InvalidInventory,
                 make_consumer("vm", {"DISK_GB": 1}))):
            with self.subTest(error.__name__):
                self.assertRaises(
                    error, self.driver.bulk.add_consumers, [good, wrong])
                self.assertRaises(exception.ConsumerNotFound,
                                  self.driver.allocations.get, good.uuid)
        self.assertEqual(0, self.used(HOST.uuid))

    def test_a_view_hears_of_consumers(self):
        self.driver.bulk.add_providers([HOST])
        cursor, pages = self.driver.snapshot()
        list(pages)
        cursor = self.driver.changes(cursor).cursor
        self.driver.bulk.add_consumers([
            make_consumer("vm", type="CONTAINER")])
        changes = self.driver.changes(cursor)
        self.assertEqual([1], [each.inventories["VCPU"].used
                               for each in changes.providers])
        self.assertIn("CONTAINER", changes.consumer_types)

    def test_all_consumers_in_pages(self):
        self.driver.bulk.add_providers([HOST])
        records = [make_consumer(f"vm{number}", {"VCPU": 1, "MEMORY_MB": 2})
                   for number in range(7)]
        self.driver.bulk.add_consumers(records)
        pages = list(self.driver.bulk.consumers(size=3))
        self.assertEqual([3, 3, 1], [len(page) for page in pages])
        self.assertEqual(
            sorted(records, key=lambda each: each.uuid),
            [each for page in pages for each in page])

    def test_no_consumers(self):
        self.assertEqual([], list(self.driver.bulk.consumers()))

    # ------------------------------------------------------------- the counts
    def test_what_is_counted_right(self):
        self.driver.bulk.add_providers([HOST])
        self.driver.bulk.add_consumers([make_consumer("vm")])
        self.assertEqual([], list(self.driver.bulk.miscounts()))

    def test_what_is_miscounted(self):
        self.driver.bulk.add_providers([HOST, CELL])
        self.driver.bulk.add_consumers([make_consumer("vm", {"VCPU": 2})])
        self.miscount(HOST.uuid, "VCPU", 5)
        self.miscount(CELL.uuid, "PCPU", 1)
        self.assertEqual(
            {models.Miscount(HOST.uuid, "VCPU", used=5, allocated=2),
             models.Miscount(CELL.uuid, "PCPU", used=1, allocated=0)},
            set(self.driver.bulk.miscounts()))

    def test_counting_anew(self):
        self.driver.bulk.add_providers([HOST, CELL])
        self.driver.bulk.add_consumers([make_consumer("vm", {"VCPU": 2})])
        self.miscount(HOST.uuid, "VCPU", 5)
        cursor, pages = self.driver.snapshot()
        list(pages)
        cursor = self.driver.changes(cursor).cursor
        for _turn in range(2):
            self.driver.bulk.recount(HOST.uuid)
        self.assertEqual([], list(self.driver.bulk.miscounts()))
        found, = self.driver.changes(cursor).providers
        self.assertEqual((2, HOST.generation), (
            found.inventories["VCPU"].used, found.generation))
        self.assertRaises(exception.ResourceProviderNotFound,
                          self.driver.bulk.recount, uuids.nope)
