"""Group commit: who leads, who follows, and what each of them gets."""

import threading
from concurrent import futures
from unittest import mock

from tachyon import grouping
from tests import base
from tests.integration.parts import wait

DEADLINE = 30.0


class Store:
    """Does groups when it is let; remembers them."""

    def __init__(self):
        self.groups, self.alone = [], []
        self.entered = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.error = None

    def together(self, items):
        self.groups.append(list(items))
        self.entered.release()
        assert self.go.acquire(timeout=DEADLINE)
        if self.error is not None:
            raise self.error
        return [ValueError(item) if item.startswith("bad") else item.upper()
                for item in items]

    def do_alone(self, item):
        self.alone.append(item)
        return f"{item} alone"


class TestGroupCommit(base.TestCase):
    def setUp(self):
        super().setUp()
        self.set_patience(DEADLINE)
        self.store = Store()
        self.commit = grouping.GroupCommit(
            self.store.together, self.store.do_alone,
            lambda item: item.split("+"))
        self.pool = futures.ThreadPoolExecutor(16)
        self.addCleanup(self.pool.shutdown)

    def set_patience(self, seconds):
        patch = mock.patch.object(grouping, "PATIENCE", seconds)
        patch.start()
        self.addCleanup(patch.stop)

    def begin(self, *items):
        """Have each done in a thread of its own, in this order."""
        begun = []
        for item in items:
            longer = len(self.commit._queue) + 1
            leads = not self.commit._leaders
            begun.append(self.pool.submit(self.commit.do, item))
            if leads:
                self.enter()
            else:
                self.queue_up(longer)
        return begun

    def queue_up(self, length):
        wait.until(lambda: len(self.commit._queue) == length,
                   "it is in the queue")

    def enter(self):
        """Return when a group has begun."""
        self.assertTrue(self.store.entered.acquire(timeout=DEADLINE))

    def finish(self, groups=1):
        for _ in range(groups):
            self.store.go.release()

    def results(self, begun):
        return [each.exception(DEADLINE) or each.result() for each in begun]

    def test_one_waits_for_nobody(self):
        self.finish(2)
        self.assertEqual(["A", "B"], [self.commit.do(item) for item in "ab"])
        self.assertEqual([["a"], ["b"]], self.store.groups)

    def test_those_who_come_meanwhile_are_the_next_group(self):
        begun = self.begin("a", "b", "c", "d")
        self.finish(2)
        self.assertEqual(["A", "B", "C", "D"], self.results(begun))
        self.assertEqual([["a"], ["b", "c", "d"]], self.store.groups)
        self.assertEqual([], self.store.alone)

    def test_each_has_an_outcome_of_its_own(self):
        begun = self.begin("a", "b", "bad", "d")
        self.finish(2)
        results = self.results(begun)
        self.assertEqual(["A", "B", "D"], [*results[:2], results[3]])
        self.assertIsInstance(results[2], ValueError)
        self.assertEqual([], self.store.alone)

    def test_those_of_one_name_are_not_in_one_group(self):
        begun = self.begin("a", "b", "c+b", "d")
        self.finish(3)
        self.assertEqual(["A", "B", "C+B", "D"], self.results(begun))
        self.assertEqual([["a"], ["b"], ["c+b", "d"]], self.store.groups)

    def test_a_group_is_no_larger_than_the_most(self):
        patch = mock.patch.object(grouping, "MOST", 3)
        patch.start()
        self.addCleanup(patch.stop)
        begun = self.begin("a", "b+c", "d", "e", "f+g+h+i", "j")
        self.finish(5)
        self.results(begun)
        self.assertEqual([["a"], ["b+c", "d"], ["e"], ["f+g+h+i"], ["j"]],
                         self.store.groups)

    def test_what_breaks_off_is_done_by_each_alone(self):
        begun = self.begin("a", "b", "c")
        self.finish()
        self.enter()
        self.store.error = grouping.Aborted("deadlock")
        self.finish()
        self.assertEqual(["A", "b alone", "c alone"], self.results(begun))

    def test_one_that_breaks_off_is_done_alone(self):
        self.store.error = grouping.Aborted("deadlock")
        self.finish()
        self.assertEqual("a alone", self.commit.do("a"))

    def test_a_mistake_is_told_to_who_led(self):
        begun = self.begin("a", "b", "c")
        self.finish()
        self.enter()
        self.store.error = KeyError("mistake")
        self.finish()
        results = self.results(begun)
        self.assertEqual(["A", "c alone"], [results[0], results[2]])
        self.assertIsInstance(results[1], KeyError)
        self.store.error = None
        self.finish()
        self.assertEqual("D", self.commit.do("d"))

    def test_nobody_is_kept_by_a_group_that_is(self):
        self.set_patience(0.05)
        first, = self.begin("a")
        others = [self.pool.submit(self.commit.do, item) for item in "bc"]
        self.enter()                    # at the side of the first
        wait.until(lambda: sum(map(len, self.store.groups)) == 3,
                   "all are under way")
        self.finish(3)
        self.assertEqual(["A", "B", "C"], self.results([first, *others]))
        self.assertEqual(0, self.commit._leaders)

    def test_many_threads(self):
        self.finish(10000)
        for item in self.pool.map(lambda number: (
                number, self.commit.do(f"n{number}")), range(2000)):
            self.assertEqual(f"N{item[0]}", item[1])
        self.assertEqual(2000, sum(map(len, self.store.groups)))
        self.assertEqual((0, 0), (self.commit._leaders,
                                  len(self.commit._queue)))
