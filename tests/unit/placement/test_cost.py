"""That what a query costs in Python does not depend on the cloud's size."""

import functools
import gc
import sys
import tracemalloc
import unittest
from unittest import mock

from tachyon.placement import combine
from tachyon.placement import query as query_module
from tachyon.placement import search
from tachyon.placement import view as view_module
from tachyon.transfer import generated
from tests.benchmark import candidates
from tests.benchmark import memory
from tests.unit.placement import fakes

MOST_BYTES = 4000                       # of a candidate of eight groups


class TestCost(unittest.TestCase):

    def steps(self, view, query):
        """Return how many lines and calls of Python a warm query takes."""
        count = 0

        def trace(frame, event, argument):
            nonlocal count
            if not frame.f_globals["__name__"].startswith("tachyon."):
                return None
            count += 1
            return trace

        def run():
            with view.read() as snapshot:
                return len(list(search.find(snapshot, query).candidates()))

        run()
        before = sys.gettrace()
        # What others left behind must not be tidied up while we count.
        gc.collect()
        gc.disable()
        sys.settrace(trace)
        try:
            found = run()
        finally:
            sys.settrace(before)
            gc.enable()
        self.assertEqual(query.limit, found)
        return count

    def test_no_loop_over_hosts(self):
        for shape in generated.SHAPES:
            # Both have the same number of zones, and of hosts with the rare
            # trait at least as many as are asked for.
            views = [view_module.View(memory.MemoryStore(hosts, shape))
                     for hosts in (1000, 3000)]
            for name, query in candidates.queries(shape).items():
                if query.limit != 10:
                    continue
                with self.subTest(name, shape=shape):
                    small, big = (self.steps(view, query) for view in views)
                    self.assertEqual(small, big)

    def test_claim_costs_the_same(self):
        counts = []
        for hosts in (200, 2000):
            store = memory.MemoryStore(hosts)
            view = view_module.View(store)
            view.sync()
            candidates.claim(store, "flat", 1)
            counts.append(self.calls(view.sync))
        self.assertEqual(*counts)

    def test_a_sync_copies_what_changed(self):
        """Columns are changed in place: none is copied for one host."""
        peaks = []
        for hosts in (1000, 10_000):
            store = memory.MemoryStore(hosts)
            view = view_module.View(store)
            view.sync()
            # The first one makes what is kept.
            for turn in range(2):
                candidates.claim(store, "flat", 1, turn or None)
                peak = allocated(view.sync)
            peaks.append(peak)
        small, big = peaks
        self.assertLess(0, small)
        # One column of the larger cloud alone would be 40,000 bytes.
        self.assertGreater(small + 8192, big)

    @staticmethod
    def calls(action):
        count = 0

        def profile(frame, event, argument):
            nonlocal count
            count += 1

        sys.setprofile(profile)
        try:
            action()
        finally:
            sys.setprofile(None)
        return count


class TestWideTrees(unittest.TestCase):
    """The first candidates of a tree that has millions."""

    CHILDREN, LIMIT = 8, 1000

    def setUp(self):
        store = fakes.FakeStore()
        store.add("root")
        for number in range(self.CHILDREN):
            store.add(f"child{number}", "root", {"WIDE": self.CHILDREN})
        self.view = view_module.View(store)

    def query(self, groups, policy):
        return query_module.Query(tuple(
            query_module.RequestGroup(f"_{number}", {"WIDE": 1})
            for number in range(groups)), policy, limit=self.LIMIT)

    def find(self, query):
        with self.view.read() as snapshot:
            return list(search.find(snapshot, query).candidates())

    def test_no_more_are_made_than_wanted(self):
        for groups in (6, 8):
            for policy in ("none", "isolate"):
                with self.subTest(groups=groups, policy=policy), \
                        mock.patch.object(combine, "Candidate",
                                          wraps=combine.Candidate) as made:
                    found = self.find(self.query(groups, policy))
                    self.assertEqual(self.LIMIT, len({
                        (one.rows, one.pattern) for one in found}))
                    self.assertGreaterEqual(self.LIMIT + 1, made.call_count)

    def test_memory_is_that_of_the_answer(self):
        """Of the combinations there are 262,144 to 16,777,216."""
        for groups in (6, 8):
            for policy in ("none", "isolate"):
                query = self.query(groups, policy)
                with self.subTest(groups=groups, policy=policy):
                    self.assertLess(allocated(functools.partial(
                        self.find, query)), self.LIMIT * MOST_BYTES)


def allocated(action):
    """Return the bytes that were allocated at the same time, at most."""
    gc.collect()
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
