"""The engine against brute force, on thousands of small random worlds."""

import collections
import random
import sys
import unittest

from tachyon.placement import search
from tests.unit.placement import fakes
from tests.unit.placement import oracle

CASES = 3000
# Of those with an answer, at least so many have each feature that there is.
ENOUGH, FEATURES = 5, 20


class TestAgainstOracle(unittest.TestCase):

    def test_same_candidates(self):
        answered, met = 0, collections.Counter()
        for seed in range(CASES):
            rng = random.Random(seed)
            store = oracle.random_store(rng)
            query = oracle.random_query(rng, store)
            with self.subTest(seed=seed), fakes.snapshot_of(store) as seen:
                expected = oracle.answers(store, query)
                self.check(seen, query, expected)
                answered += bool(expected)
                if expected:
                    met.update(self.features(store, query, expected))
        # The worlds must be such that there is something to compare.
        self.assertGreater(answered, CASES // 5)
        self.assertEqual(FEATURES, len(met), met)
        self.assertLessEqual(ENOUGH, min(met.values()), met)

    @staticmethod
    def features(store, query, expected):
        """Yield what a case is about."""
        providers, groups = store.providers.values(), query.groups
        for kind in oracle.KINDS:
            if any(getattr(group, kind) for group in groups):
                yield kind
        several = sum(bool(group.suffix) for group in groups) > 1
        for name, there in (
                ("nested", any(one.parent_uuid for one in providers)),
                ("shared", any(oracle.SHARES in one.traits
                               and len({root for root, *_ in expected}) > 1
                               for one in providers)),
                (f"policy {query.group_policy}, {several}", True),
                ("member_of twice", any(len(group.member_of) > 1
                                        for group in groups)),
                ("no resources", not all(group.resources
                                         for group in groups)),
                ("same_subtree", query.same_subtree),
                ("several subtrees", len(query.same_subtree) > 1),
                ("root_required", query.root_required),
                ("root_forbidden", query.root_forbidden),
                ("limit", (query.limit or len(expected)) < len(expected))):
            if there:
                yield name

    def check(self, snapshot, query, expected):
        found = search.find(snapshot, query)
        by_root = {}
        for root, allocations, mappings in expected:
            by_root.setdefault(root, set()).add((allocations, mappings))
        # Nothing twice, nothing missing, whichever root it is found for.
        everything = [self.plain(snapshot, c)
                      for c in found.candidates(limit=sys.maxsize)]
        self.assertEqual(len(set(everything)), len(everything))
        self.assertEqual({answer[1:] for answer in expected},
                         set(everything))
        self.check_orders(snapshot, found, everything)
        for row in snapshot.root_rows.tolist():
            name = snapshot.names[row]
            alone = [self.plain(snapshot, c) for c in found.candidates(
                roots=[row], limit=sys.maxsize)]
            self.assertEqual(by_root.get(name, set()), set(alone), name)
            # Each root without candidates has a reason, no other has.
            self.assertEqual(not alone, bool(found.why(row)), name)
        self.check_funnel(snapshot, found, by_root)

    def check_orders(self, snapshot, found, everything):
        """Look at what a limit leaves, and at other orders."""
        limited = [self.plain(snapshot, c) for c in found.candidates()]
        self.assertEqual(everything[:found.query.limit], limited)
        if found.query.limit is None or len(everything) == len(limited):
            return
        for how in ({"order": search.DEPTH_FIRST}, {"rng": random.Random(0)}):
            some = [self.plain(snapshot, c) for c in found.candidates(**how)]
            self.assertEqual(len(limited), len(set(some)))
            self.assertLessEqual(set(some), set(everything))

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


class TestLess(unittest.TestCase):
    """A snapshot less a candidate is what one is after its claim."""

    def test_same_as_after_the_claim(self):
        taken = 0
        for seed in range(CASES // 10):
            rng = random.Random(seed)
            store = oracle.random_store(rng)
            query = oracle.random_query(rng, store)
            with fakes.snapshot_of(store) as seen:
                before = self.everything(seen, query)
                candidate = next(search.find(seen, query).candidates(), None)
                if candidate is None:
                    continue
                amounts = {seen.uuids[row]: dict(each)
                           for row, each in candidate.allocations}
                left = self.everything(seen.less(amounts), query)
                self.assertEqual(before, self.everything(seen, query))
            for uuid, each in amounts.items():
                self.use(store, uuid, each)
            with self.subTest(seed=seed), fakes.snapshot_of(store) as after:
                self.assertEqual(self.everything(after, query), left)
            taken += before != left
        self.assertGreater(taken, CASES // 100)

    @staticmethod
    def everything(snapshot, query):
        found = search.find(snapshot, query)
        return ({TestAgainstOracle.plain(snapshot, each) for each
                 in found.candidates(limit=sys.maxsize)},
                [(each.name, each.before, each.after)
                 for each in found.stages])

    @staticmethod
    def use(store, uuid, amounts):
        name, = (name for name, each in store.providers.items()
                 if each.uuid == uuid)
        inventories = store.providers[name].inventories
        store.use(name, **{each: inventories[each].used + amount
                           for each, amount in amounts.items()})
