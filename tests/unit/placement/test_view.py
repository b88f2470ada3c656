import copy
import random
import threading
import unittest
from unittest import mock

import numpy as np

from tachyon import exception
from tachyon.db import models
from tachyon.placement import forest as forest_module
from tachyon.placement import view as view_module
from tests.unit.placement import fakes

WAIT = 30
SHARES = "MISC_SHARES_VIA_AGGREGATE"


def state(snapshot):
    """Return all that a snapshot knows, with names instead of rows."""
    def named(rows):
        return sorted(snapshot.names[row] for row in rows)

    rows = np.flatnonzero(snapshot.live).tolist()
    traits = {t for row in rows for t in snapshot.traits_of[row]}
    aggregates = {a for row in rows for a in snapshot.aggregates_of[row]}
    classes = {c for row in rows for c in snapshot.provider(row).inventories}
    return {
        "providers": {snapshot.names[row]: snapshot.provider(row)
                      for row in rows},
        # Of the view itself it was kept from when it was first asked for.
        "noted": {snapshot.names[row]: snapshot.noted("copy", row, copy.copy)
                  for row in rows},
        "trees": {snapshot.names[row]: named(snapshot.tree(row))
                  for row in snapshot.root_rows.tolist()},
        "hosts": named(snapshot.host_rows),
        "nested": snapshot.nested,
        "traits": {t: named(snapshot.trait_rows(t)) for t in traits},
        "aggregates": {a: named(snapshot.aggregate_rows(a))
                       for a in aggregates},
        "free": {c: {snapshot.names[row]: int(snapshot.free(c)[row])
                     for row in rows} for c in classes},
        "sharing": sorted(
            (snapshot.names[a], snapshot.names[p]) for a, p in zip(
                snapshot.sharing.anchors, snapshot.sharing.providers,
                strict=True)),
        "by_uuid": {snapshot.uuids[row]: snapshot.row_of(
            snapshot.uuids[row]) == row for row in rows},
        "by_name": {snapshot.names[row]: snapshot.row_named(
            snapshot.names[row]) == row for row in rows},
        "catalogue": snapshot.catalogue,
    }


class ViewTestCase(unittest.TestCase):

    def setUp(self):
        self.store = fakes.FakeStore()
        self.view = view_module.View(self.store)

    def check(self, view=None):
        """Compare the view with one that is loaded afresh."""
        with (view or self.view).read() as snapshot:
            seen = state(snapshot)
        with view_module.View(self.store).read() as snapshot:
            self.assertEqual(state(snapshot), seen)
        self.assertEqual(self.store.providers, seen["providers"])
        self.assertNotIn(False, seen["by_uuid"].values())
        self.assertNotIn(False, seen["by_name"].values())
        return seen


class TestView(ViewTestCase):

    def test_empty(self):
        seen = self.check()
        self.assertEqual({}, seen["providers"])
        self.assertEqual(["VCPU"], list(seen["catalogue"].resource_classes))

    def test_forest(self):
        self.store.add("cn1", inventory={"VCPU": 8}, aggregates=["agg"])
        self.store.add("numa0", "cn1", {"MEMORY_MB": 64}, ["T"])
        self.store.add("pci", "numa0")
        self.store.add("nfs", None, {"DISK_GB": 100}, [SHARES], ["agg"])
        seen = self.check()
        self.assertEqual({"cn1": ["cn1", "numa0", "pci"], "nfs": ["nfs"]},
                         seen["trees"])
        self.assertEqual(["cn1"], seen["hosts"])
        self.assertEqual([("cn1", "nfs")], seen["sharing"])
        self.assertTrue(seen["nested"])

    def test_a_compute_that_shares_its_disk_is_a_host(self):
        self.store.add("cn1", None, {"VCPU": 8, "DISK_GB": 9}, [SHARES])
        self.assertEqual(["cn1"], self.check()["hosts"])

    def test_claim_changes_no_topology_and_copies_nothing(self):
        for number in range(20):
            self.store.add(f"cn{number}", None, {"VCPU": 8})
        with self.view.read() as snapshot:
            topology, free = snapshot.topology, snapshot.column("VCPU").free
            hosts = snapshot.host_rows
        self.store.use("cn3", VCPU=5)
        with self.view.read() as snapshot:
            row = snapshot.row_named("cn3")
            self.assertEqual(3, snapshot.free("VCPU")[row])
            self.assertEqual(5, snapshot.used("VCPU")[row])
            self.assertEqual(8, snapshot.capacity("VCPU")[row])
            self.assertEqual(1, snapshot.generations[row])
            self.assertEqual(topology, snapshot.topology)
            self.assertIs(hosts, snapshot.host_rows)
            self.assertTrue(np.shares_memory(
                free, snapshot.column("VCPU").free))
        self.assertEqual(["snapshot", "changes", "changes"],
                         self.store.calls)

    def test_deleted_row_is_used_again(self):
        for name in ("a", "b", "c"):
            self.store.add(name, None, {"VCPU": 1}, ["T"], ["agg"])
        self.check()
        self.store.delete("b")
        self.check()
        self.store.add("d", "a", {"DISK_GB": 1})
        self.check()
        with self.view.read() as snapshot:
            self.assertEqual(3, snapshot.n)

    def test_names_swapped(self):
        self.store.add("a")
        self.store.add("b")
        self.check()
        self.store.rename("a", "x")
        self.store.rename("b", "a")
        self.store.rename("x", "b")
        self.check()

    def test_moved_trees(self):
        for name, parent in (("a", None), ("a1", "a"), ("a11", "a1"),
                             ("b", None)):
            self.store.add(name, parent)
        self.check()
        self.store.move("a1", "b")
        self.assertEqual(["a1", "a11", "b"], self.check()["trees"]["b"])
        self.store.move("a1", None)
        self.store.move("b", "a11")
        self.assertEqual(["a1", "a11", "b"], self.check()["trees"]["a1"])

    def test_moved_while_it_was_loaded(self):
        """What the pages said of its place is not taken for the last word."""
        for name, parent in (("a", None), ("a1", "a"), ("b", None)):
            self.store.add(name, parent)
        snapshot = self.store.snapshot

        def moving():
            cursor, pages = snapshot()

            def read():
                yield from pages        # a1 comes before its root
                self.store.move("a1", "b")

            return cursor, read()

        with mock.patch.object(self.store, "snapshot", moving):
            self.view.sync()
        self.assertEqual(["a1", "b"], self.check()["trees"]["b"])

    def test_root_that_comes_again_under_its_children(self):
        for name, parent in (("a", None), ("a1", "a"), ("a2", "a"),
                             ("b", None)):
            self.store.add(name, parent)
        self.check()
        for child in ("a1", "a2"):
            self.store.move(child, "b")
        self.store.delete("a")
        self.store.add("a")
        for child in ("a1", "a2"):
            self.store.move(child, "a")
        self.store.delete("b")
        self.assertEqual({"a": ["a", "a1", "a2"]}, self.check()["trees"])

    def test_tree_sum(self):
        self.store.add("a", None, {"VCPU": 1})
        self.store.add("a1", "a", {"VCPU": 2})
        self.store.add("b", None, {"VCPU": 4})
        with self.view.read() as snapshot:
            sums = snapshot.tree_sum(snapshot.free("VCPU"))
            self.assertEqual(
                {"a": 3, "b": 4, "a1": 0},
                {name: int(sums[snapshot.row_named(name)])
                 for name in ("a", "b", "a1")})

    def test_catalogue_is_replaced_where_it_changed(self):
        self.store.set_traits("T1", "T2")
        self.assertEqual(["T1", "T2"], list(self.check()["catalogue"].traits))
        self.store.set_traits("T2")
        seen = self.check()["catalogue"]
        self.assertEqual(["T2"], list(seen.traits))
        self.assertEqual(("INSTANCE",), seen.consumer_types)

    def test_names_of_nobody(self):
        with self.view.read() as snapshot:
            self.assertEqual(0, len(snapshot.trait_rows("T")))
            self.assertEqual(0, len(snapshot.aggregate_rows("agg")))
            self.assertEqual(0, len(snapshot.has_trait("T")))
            self.assertEqual(0, len(snapshot.in_aggregate("agg")))
            self.assertEqual(0, len(snapshot.free("VCPU")))
            self.assertIsNone(snapshot.row_of(fakes.uuid("a")))

    def test_masks(self):
        self.store.add("a", traits=["T"])
        self.store.add("b", aggregates=["agg"])
        with self.view.read() as snapshot:
            self.assertEqual(["a"], fakes.names(
                snapshot, np.flatnonzero(snapshot.has_trait("T"))))
            self.assertEqual(["b"], fakes.names(snapshot, np.flatnonzero(
                snapshot.in_aggregate(fakes.uuid("agg")))))


class TestRandomChanges(ViewTestCase):
    """Deltas, however many at once, lead to what a fresh load does."""

    def test_deltas_equal_a_fresh_load(self):
        for seed in range(60):
            with self.subTest(seed=seed):
                self.store = fakes.FakeStore()
                self.view = view_module.View(self.store)
                self.rng = random.Random(seed)
                for _ in range(15):
                    for _ in range(self.rng.randint(0, 5)):
                        self.step()
                    self.check()

    def step(self):
        rng, store = self.rng, self.store
        names = list(store.providers)
        if len(names) < 3 or rng.random() < 0.25:
            name = f"p{rng.randint(0, 30)}"
            if name not in names:
                store.add(name, rng.choice(names + [None]),
                          self.inventory(), self.some("T1", "T2", SHARES),
                          self.some("agg1", "agg2"))
            return
        name = rng.choice(names)
        rng.choice((self.delete, self.move, self.alter, self.rename))(name)

    def delete(self, name):
        if not self.store.children(name):
            self.store.delete(name)

    def move(self, name):
        below, waiting = set(), [name]
        while waiting:
            below.add(waiting[-1])
            waiting += self.store.children(waiting.pop())
        target = self.rng.choice(
            [other for other in self.store.providers if other not in below]
            + [None])
        self.store.move(name, target)

    def alter(self, name):
        self.store.change(
            name, inventories=self.inventory(),
            traits=frozenset(self.some("T1", "T2", SHARES)),
            aggregates=frozenset(map(fakes.uuid, self.some("agg1", "agg2"))))

    def rename(self, name):
        new = f"p{self.rng.randint(0, 30)}"
        if new not in self.store.providers:
            self.store.rename(name, new)

    def inventory(self):
        return {name: self.rng.randint(1, 9)
                for name in self.some("VCPU", "MEMORY_MB", "DISK_GB")}

    def some(self, *names):
        return [name for name in names if self.rng.random() < 0.5]


class TestTrouble(ViewTestCase):

    def test_expired_cursor_loads_afresh(self):
        self.store.add("a")
        self.store.add("b")
        with self.view.read() as snapshot:
            life = snapshot.life
        self.store.delete("a")
        self.store.gc()
        self.assertEqual({"b"}, self.check()["providers"].keys())
        with self.view.read() as snapshot:
            self.assertIsNot(life, snapshot.life)

    def test_another_life_of_the_store(self):
        self.store.add("a")
        self.check()
        self.store = fakes.FakeStore()
        self.store.epoch = 7
        self.store.add("z")
        self.view._driver = self.store
        self.assertEqual({"z"}, self.check()["providers"].keys())

    def test_cursor_that_expires_again_while_loading(self):
        self.store.add("a")
        first = [exception.CursorExpired(), exception.CursorExpired()]
        with self.failing(self.store, "changes", first):
            self.check()
        self.assertEqual([], first)
        with (mock.patch.object(self.store, "changes",
                                side_effect=exception.CursorExpired()),
              self.assertRaises(exception.CursorExpired)):
            view_module.View(self.store).sync()

    def test_failed_apply_is_not_seen_by_anybody(self):
        self.store.add("a", None, {"VCPU": 4})
        self.check()
        self.store.use("a", VCPU=1)
        with self.failing(forest_module.Forest, "_put_inventories",
                          [MemoryError()]):
            with self.assertLogs(view_module.LOG.logger, "ERROR"):
                seen = self.check()
        self.assertEqual(3, seen["free"]["VCPU"]["a"])
        # It was loaded afresh, within the same read.
        self.assertEqual(["changes", "snapshot", "changes"],
                         self.store.calls[4:7])

    @staticmethod
    def failing(target, name, errors):
        """Make a method raise these errors first, then work as before."""
        method = getattr(target, name)

        def stand_in(*args):
            if errors:
                raise errors.pop(0)
            return method(*args)
        return mock.patch.object(target, name, stand_in)

    def test_a_tree_without_its_root(self):
        changes = models.Changes("c", (models.Provider(
            "u", "n", 0, "parent", "root", fakes.BIRTH, fakes.BIRTH),))
        with self.assertRaisesRegex(KeyError, "provider u"):
            forest_module.Forest().apply(changes)

    def test_store_down(self):
        down = exception.DriverUnavailable(reason="no")
        with mock.patch.object(self.store, "snapshot", side_effect=down):
            with self.assertRaises(exception.DriverUnavailable):
                with self.view.read():
                    self.fail("there is nothing to read")
        self.check()

    def test_reads_do_not_nest(self):
        with self.view.read():
            with self.assertRaisesRegex(RuntimeError, "reentrant"):
                with self.view.read():
                    self.fail("read twice")
        self.check()


class SlowStore(fakes.FakeStore):
    """A store whose ``changes`` can be held up after it has read."""

    def __init__(self):
        super().__init__()
        self.started = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.slow = False

    def changes(self, cursor):
        changes = super().changes(cursor)
        if self.slow:
            self.started.release()
            if not self.gate.acquire(timeout=WAIT):
                raise AssertionError("nobody opened the gate")
        return changes


class TestSharedSync(unittest.TestCase):

    def setUp(self):
        self.store = SlowStore()
        self.store.add("a", None, {"VCPU": 9})
        self.view = view_module.View(self.store)
        self.view.sync()
        self.store.slow = True
        self.results = []

    def start(self, count):
        threads = [threading.Thread(target=self.read) for _ in range(count)]
        for thread in threads:
            thread.start()
        return threads

    def read(self):
        try:
            with self.view.read() as snapshot:
                self.results.append(int(snapshot.used("VCPU")[0]))
        except Exception as exc:
            self.results.append(exc)

    def join(self, threads):
        for thread in threads:
            thread.join(WAIT)
            self.assertFalse(thread.is_alive())

    def wait_for(self, waiting):
        """Wait until so many threads wait for a sync of others."""
        deadline = threading.Event()
        for _ in range(WAIT * 100):
            if len(self.view._sync._changed._waiters) == waiting:
                return
            deadline.wait(0.01)
        self.fail("they do not wait")

    def test_who_comes_during_a_sync_gets_the_next_one(self):
        first = self.start(1)
        self.assertTrue(self.store.started.acquire(timeout=WAIT))
        # The store was read. What is written now, and acknowledged, must be
        # seen by all who ask after this.
        self.store.use("a", VCPU=5)
        before = len(self.store.calls)
        others = self.start(6)
        self.wait_for(6)
        self.store.gate.release()
        self.join(first)
        self.assertEqual([0], self.results)
        self.assertTrue(self.store.started.acquire(timeout=WAIT))
        self.store.gate.release()
        self.join(others)
        self.assertEqual([0] + 6 * [5], self.results)
        self.assertEqual(before + 1, len(self.store.calls))

    def test_who_shares_a_sync_shares_its_error(self):
        first = self.start(1)
        self.assertTrue(self.store.started.acquire(timeout=WAIT))
        others = self.start(3)
        self.wait_for(3)
        down = exception.DriverUnavailable(reason="no")
        with mock.patch.object(self.store, "changes", side_effect=down):
            self.store.gate.release()
            self.join(first + others)
        self.assertCountEqual([0] + 3 * [down], self.results)
        self.store.slow = False
        self.read()
        self.assertEqual(0, self.results[-1])

    def test_readers_and_writers_for_a_while(self):
        self.store.slow = False
        lock, seen = threading.Lock(), []

        def work():
            for _ in range(100):
                with lock:
                    written = self.store.providers["a"].generation + 1
                    self.store.use("a", VCPU=written % 9)
                with self.view.read() as snapshot:
                    # Both were written at once.
                    generation = int(snapshot.generations[0])
                    used = int(snapshot.used("VCPU")[0])
                seen.append(generation >= written
                            and used == generation % 9)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        self.join(threads)
        self.assertEqual(800, len(seen))
        self.assertNotIn(False, seen)
