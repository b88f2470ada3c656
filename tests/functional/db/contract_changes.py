"""``snapshot`` and ``changes``: what every driver must do."""

import functools
import random
import threading

from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models


def hop(opener, consumer, hosts, turns):
    """Move a consumer, and its one VCPU, from host to host."""
    driver = opener()
    for turn in range(1, turns + 1):
        driver.allocations.replace([models.Claim(
            consumer, turn, "demo", "alice",
            {hosts[turn % len(hosts)]: {"VCPU": 1}})])
    driver.close()


class View:
    """What a process knows of the providers, kept by ``changes``."""

    def __init__(self, driver):
        self.driver = driver
        self.cursor, pages = driver.snapshot()
        self.providers = {one.uuid: one for page in pages for one in page}
        self.update()

    def update(self):
        changes = self.driver.changes(self.cursor)
        self.cursor = changes.cursor
        self.providers.update({one.uuid: one for one in changes.providers})
        for uuid in changes.gone:
            self.providers.pop(uuid, None)


class ChangesContract:

    def setUp(self):
        super().setUp()
        self.cursor = self._now()

    # -------------------------------------------------------------- snapshot
    def test_snapshot_holds_all(self):
        made = [self.make_provider(f"host{index}", VCPU=1)
                for index in range(5)]
        cursor, pages = self.driver.snapshot()
        found = [provider for page in pages for provider in page]
        self.assertEqual({one.uuid: one for one in made},
                         {one.uuid: one for one in found})
        self.assertEqual(5, len(found))
        self.assertEqual((), self.driver.changes(cursor).providers)

    def test_snapshot_of_many_pages(self):
        wanted = set()
        for index in range(1001):
            uuid = uuidutils.generate_uuid()
            self.driver.resource_providers.create(uuid, f"host{index}")
            wanted.add(uuid)
        _cursor, pages = self.driver.snapshot()
        found = [provider.uuid for page in pages for provider in page]
        self.assertEqual(len(wanted), len(found))
        self.assertEqual(wanted, set(found))

    def test_first_changes_return_the_catalogue(self):
        cursor, pages = self.driver.snapshot()
        self.assertEqual([], list(pages))
        changes = self.driver.changes(cursor)
        self.assertEqual(list(self.driver.traits.list()),
                         list(changes.traits))
        self.assertEqual(list(self.driver.resource_classes.list()),
                         list(changes.resource_classes))
        self.assertEqual(("unknown",), changes.consumer_types)
        after = self.driver.changes(changes.cursor)
        self.assertEqual(models.Changes(changes.cursor), after)

    def test_changes_make_a_snapshot_exact(self):
        self.make_provider("host", VCPU=8)
        self.make_provider("gone")
        cursor, pages = self.driver.snapshot()
        self.driver.resource_providers.delete(uuids.gone)
        self.take(uuids.vm)
        self.make_provider("new")
        view = {one.uuid: one for page in pages for one in page}
        changes = self.driver.changes(cursor)
        view.update({one.uuid: one for one in changes.providers})
        for uuid in changes.gone:
            view.pop(uuid, None)
        get = self.driver.resource_providers.get
        self.assertEqual({uuid: get(uuid) for uuid in (uuids.host,
                                                       uuids.new)}, view)

    # ------------------------------------------------------- what is told of
    def test_every_write_is_told_of(self):
        self.make_provider("host", VCPU=8)
        self.driver.traits.create("CUSTOM_A")
        driver = self.driver
        for name, write in (
                ("rename", lambda: driver.resource_providers.update(
                    uuids.host, "renamed", None)),
                ("inventories", lambda: driver.inventories.replace(
                    uuids.host, 1, {"VCPU": models.Inventory(9)})),
                ("traits", lambda: driver.traits.replace(
                    uuids.host, None, frozenset(["CUSTOM_A"]))),
                ("aggregates", lambda: driver.aggregates.replace(
                    uuids.host, None, frozenset([uuids.agg]))),
                ("claim", lambda: self.take(uuids.vm)),
                ("claim again", lambda: self.take(uuids.vm, generation=1)),
                ("delete", lambda: driver.allocations.delete(uuids.vm))):
            with self.subTest(name):
                cursor = self._now()
                write()
                changes = driver.changes(cursor)
                self.assertEqual(
                    (driver.resource_providers.get(uuids.host),),
                    changes.providers)
                self.assertEqual((), changes.gone)
                self.assertNotEqual(cursor, changes.cursor)

    def test_a_provider_that_a_claim_drops_is_told_of(self):
        self.make_provider("host", VCPU=8)
        self.make_provider("other", VCPU=8)
        self.take(uuids.vm)
        cursor = self._now()
        self.take(uuids.vm, {uuids.other: {"VCPU": 1}}, 1)
        self.assertEqual({uuids.host: 0, uuids.other: 1}, {
            one.uuid: one.inventories["VCPU"].used
            for one in self.driver.changes(cursor).providers})

    def test_only_what_changed_is_told_of(self):
        self.make_provider("host", VCPU=8)
        self.make_provider("other", VCPU=8)
        cursor = self._now()
        self.take(uuids.vm)
        changes = self.driver.changes(cursor)
        self.assertEqual([uuids.host], [one.uuid for one in changes.providers])
        self.assertEqual((None, None, None), (
            changes.traits, changes.resource_classes, changes.consumer_types))

    def test_a_move_is_told_of_the_whole_subtree(self):
        for name, parent in (("a", None), ("b", uuids.a), ("c", uuids.b),
                             ("d", uuids.c), ("other", None)):
            self.make_provider(name, parent)
        cursor = self._now()
        self.driver.resource_providers.update(uuids.b, "b", uuids.other)
        self.assertEqual(
            {uuids.b: uuids.other, uuids.c: uuids.other,
             uuids.d: uuids.other},
            {one.uuid: one.root_uuid
             for one in self.driver.changes(cursor).providers})

    def test_a_failed_write_is_not_told_of(self):
        self.make_provider("host", VCPU=1)
        cursor = self._now()
        self.assertRaises(exception.CapacityExceeded, self.take, uuids.vm,
                          {uuids.host: {"VCPU": 2}})
        self.assertRaises(exception.ConcurrentUpdate,
                          self.driver.inventories.replace, uuids.host, 7, {})
        self.assertEqual(models.Changes(cursor), self.driver.changes(cursor))

    def test_the_catalogue(self):
        driver = self.driver
        for name, write, traits, classes, types in (
                ("trait made", lambda: driver.traits.create("CUSTOM_A"),
                 True, False, False),
                ("trait there", lambda: driver.traits.create("CUSTOM_A"),
                 False, False, False),
                ("trait deleted", lambda: driver.traits.delete("CUSTOM_A"),
                 True, False, False),
                ("class made", lambda: driver.resource_classes.create(
                    "CUSTOM_B"), False, True, False),
                ("class deleted", lambda: driver.resource_classes.delete(
                    "CUSTOM_B"), False, True, False),
                ("provider", lambda: self.make_provider("host", VCPU=8),
                 False, False, False),
                ("consumer type", lambda: self.take(
                    uuids.vm, consumer_type="INSTANCE"), False, False, True),
                ("same consumer type", lambda: self.take(
                    uuids.other, consumer_type="INSTANCE"),
                 False, False, False)):
            with self.subTest(name):
                cursor = self._now()
                write()
                changes = driver.changes(cursor)
                self.assertEqual(
                    (traits, classes, types),
                    (changes.traits is not None,
                     changes.resource_classes is not None,
                     changes.consumer_types is not None))
        self.assertEqual(("INSTANCE", "unknown"), driver.changes(
            driver.snapshot()[0]).consumer_types)

    def test_what_is_deleted_is_told_of(self):
        self.make_provider("host", VCPU=8)
        cursor = self._now()
        self.driver.resource_providers.delete(uuids.host)
        changes = self.driver.changes(cursor)
        self.assertEqual(((), (uuids.host,)),
                         (changes.providers, changes.gone))
        self.assertEqual((), self.driver.changes(changes.cursor).gone)

    def test_what_comes_back_is_not_gone(self):
        self.make_provider("host", VCPU=8)
        cursor = self._now()
        self.driver.resource_providers.delete(uuids.host)
        made = self.driver.resource_providers.create(uuids.host, "host")
        changes = self.driver.changes(cursor)
        self.assertEqual(((made,), ()), (changes.providers, changes.gone))

    def test_another_driver_tells_of_it_at_once(self):
        other = self.open()
        cursor = other.changes(other.snapshot()[0]).cursor
        for index in range(20):
            uuid = self.make_provider(f"host{index}").uuid
            changes = other.changes(cursor)
            self.assertEqual([uuid], [one.uuid for one in changes.providers])
            cursor = changes.cursor

    def test_what_instances_take_is_told_of(self):
        self.make_provider("host", VCPU=8)
        instance = self.submit("vm")
        cursor = self._now()
        attempt = self.claim_message(instance.id).attempt
        self.assertEqual(cursor, self._next(cursor))
        landed = self._check_told(
            cursor, 1, lambda: self.land(instance.id, attempt))
        self._check_told(landed, 0, lambda: self.driver.instances.unland(
            instance.id, attempt))

    def _check_told(self, cursor, used, write):
        write()
        changes = self.driver.changes(cursor)
        self.assertEqual([used], [one.inventories["VCPU"].used
                                  for one in changes.providers])
        return changes.cursor

    # ------------------------------------------------------------- exactness
    def test_never_half_a_write(self):
        """A consumer hops between two hosts while a view follows."""
        self.make_provider("host", VCPU=1)
        self.make_provider("other", VCPU=1)
        self.take(uuids.vm)
        view = View(self.open())
        writer = threading.Thread(target=hop, args=(
            self.opener, uuids.vm, (uuids.host, uuids.other), 300))
        writer.start()
        self._follow(view, writer)

    def test_never_half_a_write_of_another_process(self):
        self.make_provider("host", VCPU=1)
        self.make_provider("other", VCPU=1)
        self.take(uuids.vm)
        view = View(self.open())
        writer = threading.Thread(target=functools.partial(
            self.in_processes, functools.partial(
                hop, self.opener, uuids.vm, (uuids.host, uuids.other)),
            [300], 1))
        writer.start()
        self._follow(view, writer)

    def _follow(self, view, writer):
        cursors = set()
        while True:
            last = not writer.is_alive()
            view.update()
            cursors.add(view.cursor)
            self.assertEqual(1, sum(one.inventories["VCPU"].used
                                    for one in view.providers.values()))
            if last:
                break
        writer.join()
        self.assertGreater(len(cursors), 1)
        self.assertEqual(301, self.driver.allocations.get(
            uuids.vm).generation)
        self.assertEqual(View(self.driver).providers, view.providers)

    def test_a_view_is_what_a_fresh_one_would_be(self):
        """Whatever is written, in whatever order."""
        dice = random.Random(20)
        view = View(self.open())
        for turn in range(400):
            self._write_something(dice, turn)
            view.update()
            if turn % 20 == 19:
                self.assertEqual(View(self.driver).providers, view.providers)
                self._check_used(view)

    def _write_something(self, dice, turn):
        names = [f"p{index}" for index in range(12)]
        uuid = getattr(uuids, dice.choice(names))
        parent = getattr(uuids, dice.choice(names))
        consumer = getattr(uuids, f"c{dice.randrange(8)}")
        driver = self.driver
        write = dice.choice((
            lambda: driver.resource_providers.create(
                uuid, f"{turn}", dice.choice((None, parent))),
            lambda: driver.resource_providers.update(
                uuid, f"{turn}", dice.choice((None, parent))),
            lambda: driver.resource_providers.delete(uuid),
            lambda: driver.inventories.replace(
                uuid, driver.resource_providers.get(uuid).generation,
                {"VCPU": models.Inventory(dice.randrange(1, 9))}),
            lambda: driver.traits.replace(
                uuid, None, frozenset(dice.sample(
                    ["HW_CPU_X86_AVX", "HW_CPU_X86_SSE"], 1))),
            lambda: driver.aggregates.replace(
                uuid, None, frozenset([parent])),
            lambda: self._claim_again(
                consumer, {uuid: {"VCPU": dice.randrange(1, 4)}}),
            lambda: self._claim_again(
                consumer, {uuid: {"VCPU": 1}, parent: {"VCPU": 1}}),
            lambda: driver.allocations.delete(consumer)))
        try:
            write()
        except (exception.Conflict, exception.NotFound, exception.BadRequest):
            pass                        # it made no sense this time

    def _claim_again(self, consumer, allocations):
        try:
            generation = self.driver.allocations.get(consumer).generation
        except exception.ConsumerNotFound:
            generation = None
        self.take(consumer, allocations, generation)

    def _check_used(self, view):
        """``used`` is the sum of what consumers have."""
        for uuid, provider in view.providers.items():
            _provider, consumers = self.driver.allocations.list_by_provider(
                uuid)
            self.assertEqual(
                sum(one.allocations[uuid].resources["VCPU"]
                    for one in consumers),
                sum(one.used for one in provider.inventories.values()))

    def test_acknowledged_writes_are_always_seen(self):
        """Each of many writers looks for its own write when it returns."""
        for name in ("a", "b", "c", "d"):
            self.make_provider(name, VCPU=1000)

        def write(name):
            driver, cursor = self.open(), self.cursor
            missing = 0
            for _turn in range(25):
                consumer = uuidutils.generate_uuid()
                provider = getattr(uuids, name)
                driver.allocations.replace(
                    [self.claim(consumer, {provider: {"VCPU": 1}})])
                changes = driver.changes(cursor)
                cursor = changes.cursor
                missing += provider not in {
                    one.uuid for one in changes.providers}
            return missing

        self.assertEqual([0, 0, 0, 0],
                         self.in_threads(write, ("a", "b", "c", "d")))

    # ----------------------------------------------------------- old cursors
    def test_gc_ends_old_cursors(self):
        self.make_provider("host")
        self.driver.resource_providers.delete(uuids.host)
        after = self._now()
        self.make_provider("other")
        self.age_store(self.conf.database.change_retention + 1)
        self.assertEqual(1, self.driver.gc()["tombstones"])
        self.assertRaises(exception.CursorExpired, self.driver.changes,
                          self.cursor)
        self.assertEqual([uuids.other], [
            one.uuid for one in self.driver.changes(after).providers])
        self.assertEqual((), self.driver.changes(after).gone)

    def test_gc_leaves_young_tombstones(self):
        self.make_provider("host")
        self.driver.resource_providers.delete(uuids.host)
        self.age_store(self.conf.database.change_retention - 100)
        self.assertEqual(0, self.driver.gc()["tombstones"])
        self.assertEqual((uuids.host,),
                         self.driver.changes(self.cursor).gone)

    def test_a_cursor_of_another_store(self):
        for name, cursor in (
                ("other epoch", uuidutils.generate_uuid() + ":0"),
                ("empty", ""), ("nonsense", "nonsense"),
                ("no number", self.cursor.partition(":")[0] + ":x"),
                ("negative", self.cursor.partition(":")[0] + ":-1"),
                ("from the future",
                 self.cursor.partition(":")[0] + ":999999999")):
            with self.subTest(name):
                self.assertRaises(exception.CursorExpired,
                                  self.driver.changes, cursor)

    # ------------------------------------------------------------- internals
    def _now(self):
        return self.driver.changes(self.driver.snapshot()[0]).cursor

    def _next(self, cursor):
        return self.driver.changes(cursor).cursor
