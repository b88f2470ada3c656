"""The engine against brute force, on thousands of small random worlds."""

import random
import unittest

from tachyon.placement import search
from tests.unit.placement import fakes
from tests.unit.placement import oracle

CASES = 3000


class TestAgainstOracle(unittest.TestCase):

    def test_same_candidates(self):
        answered = 0
        for seed in range(CASES):
            rng = random.Random(seed)
            store = oracle.random_store(rng)
            query = oracle.random_query(rng, store)
            with self.subTest(seed=seed), fakes.snapshot_of(store) as seen:
                expected = oracle.answers(store, query)
                self.check(seen, query, expected)
                answered += bool(expected)
        # The worlds must be such that there is something to compare.
        self.assertGreater(answered, CASES // 5)

    def check(self, snapshot, query, expected):
        found = search.find(snapshot, query)
        by_root = {}
        for root, allocations, mappings in expected:
            by_root.setdefault(root, set()).add((allocations, mappings))
        # Nothing twice, nothing missing, whichever root it is found for.
        everything = [self.plain(snapshot, c) for c in found.candidates()]
        self.assertEqual(len(set(everything)), len(everything))
        self.assertEqual({answer[1:] for answer in expected},
                         set(everything))
        for row in snapshot.root_rows.tolist():
            name = snapshot.names[row]
            alone = [self.plain(snapshot, c)
                     for c in found.candidates(roots=[row])]
            self.assertEqual(by_root.get(name, set()), set(alone), name)
            # Each root without candidates has a reason, no other has.
            self.assertEqual(not alone, bool(found.why(row)), name)
        self.check_funnel(snapshot, found, by_root)

    def check_funnel(self, snapshot, found, by_root):
        before = len(snapshot.host_rows)
        for stage in found.stages:
            self.assertEqual(before, stage.before)
            taken = sum(count for _, count in stage.removed)
            self.assertEqual(before - taken, stage.after)
            before = stage.after
            for (reason, count), examples in zip(
                    stage.removed, stage.examples, strict=True):
                self.assertEqual(min(count, 3), len(examples))
                self.assertTrue(reason.text())
        hosts = {snapshot.names[row] for row in snapshot.host_rows}
        self.assertEqual(len(hosts & by_root.keys()), before)

    @staticmethod
    def plain(snapshot, candidate):
        names = snapshot.names
        return (frozenset((names[row], name, amount)
                          for row, taken in candidate.allocations
                          for name, amount in taken.items()),
                frozenset((suffix, frozenset(names[row] for row in rows))
                          for suffix, rows in candidate.mappings.items()))
