"""Capacity against brute force, and by hand where that can't reach."""

import collections
import itertools
import random
import unittest
from unittest import mock

import numpy as np

from tachyon.placement import capacity
from tachyon.placement import either
from tachyon.placement import forms
from tachyon.placement import programs
from tachyon.placement import query as query_module
from tachyon.placement import search
from tests.unit.placement import fakes
from tests.unit.placement import oracle

CASES = 1500
# Worlds in which brute force would take longer are left out.
STATES_MAX = 3000
TOTALS = (1, 2, 3, 4, 6)


class TooMany(Exception):
    pass


def most_claims(answers, store):
    """Return how many claims can be made one after the other, each for one
    of the answers, when every order was tried."""
    free = {(provider.name, name): inventory.capacity - inventory.used
            for provider in store.providers.values()
            for name, inventory in provider.inventories.items()}
    claims = {allocations for _, allocations, _ in answers}
    keys = sorted({(who, name) for claim in claims for who, name, _ in claim})
    wanted = [tuple(sum(amount for who, name, amount in claim
                        if (who, name) == key) for key in keys)
              for claim in claims]
    known = {}

    def best(left):
        if left not in known:
            if len(known) >= STATES_MAX:
                raise TooMany
            known[left] = max(
                (1 + best(tuple(map(int.__sub__, left, one)))
                 for one in wanted if all(map(int.__ge__, left, one))),
                default=0)
        return known[left]

    return best(tuple(free[key] for key in keys))


class TestAgainstBruteForce(unittest.TestCase):

    def test_same_numbers(self):
        met = collections.Counter()
        for seed in range(CASES):
            rng = random.Random(seed)
            store = oracle.random_store(rng, TOTALS)
            queries = [oracle.random_query(rng, store)
                       for _ in range(rng.choice((1, 1, 2)))]
            answers = set[object]().union(*(
                oracle.answers(store, query) for query in queries))
            if not answers:
                continue
            with self.subTest(seed=seed), fakes.snapshot_of(store) as seen:
                met[self.check(store, seen, queries, answers)] += 1
        # The worlds must be such that there is something to compare.
        self.assertGreater(min(met[kind] for kind in (
            "flat", "tree", "shared", "either")), 25, met)

    def check(self, store, seen, queries, answers):
        hosts = {seen.names[row] for row in seen.host_rows}
        answers = {each for each in answers if each[0] in hosts}
        try:
            total = most_claims(answers, store)
            alone = {name: most_claims(
                [each for each in answers if each[0] == name], store)
                for name in hosts}
        except TooMany:
            return "too many"
        found = [search.find(seen, query) for query in queries]
        either_of = found[0] if len(found) == 1 else either.Either(*found)
        rows = either_of.roots[np.isin(either_of.roots, seen.host_rows)]
        counted = capacity.survey(seen, either_of, rows).count()
        self.assertTrue(counted.exact)
        self.assertEqual(
            {name: fits for name, fits in alone.items() if fits},
            {host.host: host.fits for host in counted.hosts})
        self.assertEqual(total, counted.total)
        self.assertTrue(all(host.uuid == store.providers[host.host].uuid
                            for host in counted.hosts))
        if len(queries) > 1:
            return "either"
        if total < sum(alone.values()):
            return "shared"
        return "tree" if seen.nested else "flat"


def ask(*groups, **fields):
    return query_module.Query(tuple(
        query_module.RequestGroup(suffix, resources)
        for suffix, resources in groups), **fields)


def count(store, query, names=None, most=None, admits=None):
    """Return the total, and what fits by name, of those hosts. ``most`` is
    by name, too, and ``admits`` is given names."""
    with fakes.snapshot_of(store) as seen:
        found = search.find(seen, query)
        rows = found.roots[np.isin(found.roots, seen.host_rows)]
        if names is not None:
            rows = np.array([row for row in rows.tolist()
                             if seen.names[row] in names], np.int32)
        survey = capacity.survey(
            seen, found, rows,
            most and np.array([most[seen.names[row]] for row in rows]),
            admits and (lambda root, mappings: admits(seen.names[root], {
                suffix: [seen.names[row] for row in served]
                for suffix, served in mappings.items()})))
    # The snapshot is gone by now.
    counted = survey.count()
    return (counted.total, counted.exact,
            {host.host: host.fits for host in counted.hosts})


class TestFlat(unittest.TestCase):

    def test_what_inventories_say(self):
        store = fakes.make_forest(
            plain={"inventory": {"VCPU": 9, "MEMORY_MB": 4096}},
            ratio={"inventory": {"VCPU": fakes.models.Inventory(
                4, reserved=1, allocation_ratio=2.5), "MEMORY_MB": 99999}},
            barred={"inventory": {"VCPU": fakes.models.Inventory(
                9, max_unit=1), "MEMORY_MB": 99999}},
            small={"inventory": {"VCPU": 9, "MEMORY_MB": 1023}})
        query = ask(("", {"VCPU": 2, "MEMORY_MB": 1024}))
        self.assertEqual((7, True, {"plain": 4, "ratio": 3}),
                         count(store, query))
        store.use("plain", VCPU=4)
        self.assertEqual((5, True, {"plain": 2, "ratio": 3}),
                         count(store, query))

    def test_none_of_them_is_looked_at(self):
        """However many they are, arrays tell."""
        store = fakes.make_forest(**{
            f"h{number}": {"inventory": {"VCPU": 4}} for number in range(50)})
        with mock.patch.object(capacity._Looking, "at") as looking:
            self.assertEqual(200, count(store, ask(("", {"VCPU": 1})))[0])
        looking.assert_not_called()

    def test_only_of_the_hosts_that_are_named(self):
        store = fakes.make_forest(**{
            name: {"inventory": {"VCPU": 4}} for name in ("a", "b", "c")})
        self.assertEqual((8, True, {"a": 4, "c": 4}),
                         count(store, ask(("", {"VCPU": 1})), {"a", "c"}))
        self.assertEqual((0, True, {}),
                         count(store, ask(("", {"VCPU": 1})), ()))

    def test_no_more_than_most(self):
        store = fakes.make_forest(**{
            name: {"inventory": {"VCPU": 4}} for name in ("a", "b", "c")})
        self.assertEqual(
            (5, True, {"a": 1, "b": 4}),
            count(store, ask(("", {"VCPU": 1})),
                  most={"a": 1, "b": 9, "c": -1}))


def numa(**rest):
    """Return a host of two cells, with 4 VCPU each and 3 and 1 VGPU."""
    return {"inventory": {"DISK_GB": 100}, **rest, "children": {
        "n0": {"inventory": {"VCPU": 4, "VGPU": 3}},
        "n1": {"inventory": {"VCPU": 4, "VGPU": 1}}}}


class TestTrees(unittest.TestCase):

    def test_parts_that_nothing_links(self):
        store = fakes.make_forest(host=numa())
        self.assertEqual((4, True, {"host": 4}), count(
            store, ask(("", {"VCPU": 2, "DISK_GB": 10, "VGPU": 1}))))

    def test_groups_that_are_kept_apart(self):
        store = fakes.make_forest(host=numa())
        groups = (("_A", {"VGPU": 1}), ("_B", {"VGPU": 1}))
        for policy, fits in (("none", 2), ("isolate", 1)):
            self.assertEqual((fits, True, {"host": fits}), count(
                store, ask(*groups, group_policy=policy)))

    def test_most_of_a_tree(self):
        store = fakes.make_forest(host=numa())
        self.assertEqual((2, True, {"host": 2}), count(
            store, ask(("", {"VCPU": 1})), most={"host": 2}))

    def test_ways_that_will_not_do(self):
        store = fakes.make_forest(host=numa())
        asked = []

        def admits(root, mappings):
            asked.append((root, mappings))
            return mappings == {"_A": ["n1"]}

        self.assertEqual((1, True, {"host": 1}), count(
            store, ask(("_A", {"VGPU": 1})), admits=admits))
        self.assertEqual([("host", {"_A": ["n0"]}),
                          ("host", {"_A": ["n1"]})], asked)

    def test_more_ways_than_are_looked_at(self):
        """What is told then can be had, and is not said to be all."""
        store = fakes.make_forest(host={"children": {
            f"gpu{number}": {"inventory": {"VGPU": 1}}
            for number in range(8)}})
        query = ask(*((f"_{number}", {"VGPU": 1}) for number in range(4)),
                    group_policy="isolate")
        with mock.patch.object(forms, "WAYS_MAX", 3):
            total, exact, _ = count(store, query)
        self.assertEqual((1, False), (total, exact))
        self.assertEqual(2, count(store, query)[0])


class TestSharing(unittest.TestCase):

    def make(self, disk, hosts, local=0):
        store = fakes.FakeStore()
        store.add("nfs", inventory={"DISK_GB": disk},
                  traits=[oracle.SHARES], aggregates=["rack"])
        for number in range(hosts):
            disks = {"DISK_GB": local} if local else {}
            store.add(f"h{number}", aggregates=["rack"],
                      inventory={"VCPU": 4, **disks})
        return store

    def test_it_is_given_away_once(self):
        query = ask(("", {"VCPU": 1, "DISK_GB": 10}))
        for disk, total, fits in ((65, 6, 4), (35, 3, 3), (1000, 12, 4)):
            self.assertEqual(
                (total, True, {f"h{number}": fits for number in range(3)}),
                count(self.make(disk, 3), query))

    def test_local_storage_first(self):
        query = ask(("", {"VCPU": 1, "DISK_GB": 10}))
        self.assertEqual(8, count(self.make(25, 3, local=20), query)[0])

    def test_a_host_that_shares_what_is_its_own(self):
        store = fakes.FakeStore()
        store.add("one", inventory={"VCPU": 3, "DISK_GB": 30},
                  traits=[oracle.SHARES], aggregates=["rack"])
        store.add("two", inventory={"VCPU": 3}, aggregates=["rack"])
        self.assertEqual(
            (3, True, {"one": 3, "two": 3}),
            count(store, ask(("", {"VCPU": 1, "DISK_GB": 10}))))

    def test_hosts_that_only_differ_in_what_is_their_own_are_one(self):
        """However many they are, the program stays small."""
        store = self.make(500, 200)
        with mock.patch.object(
                programs, "count", side_effect=programs.count) as counting:
            self.assertEqual(50, count(
                store, ask(("", {"VCPU": 1, "DISK_GB": 10})))[0])
        self.assertEqual({1}, {len(call.args[0])
                               for call in counting.call_args_list})

    def test_what_lacks_competition_is_not_searched(self):
        """Of a tree, only the groups that are linked are; like ones once."""
        store = fakes.make_forest(**{
            f"host{number}": {
                "inventory": {"DISK_GB": 1000 + number}, "children": {
                    f"gpu{number}{letter}": {"inventory": {"VGPU": amount}}
                    for letter, amount in (("a", 3), ("b", 1), ("c", 1))}}
            for number in range(20)})
        query = ask(("", {"DISK_GB": 1}), ("_A", {"VGPU": 1}),
                    ("_B", {"VGPU": 1}), group_policy="isolate")
        with mock.patch.object(programs, "_search",
                               side_effect=programs._search) as searching:
            self.assertEqual((40, True), count(store, query)[:2])
        searching.assert_called_once()

    def test_storages_apart_are_counted_apart(self):
        store = self.make(35, 3)
        store.add("other", inventory={"DISK_GB": 20},
                  traits=[oracle.SHARES], aggregates=["row"])
        for number in range(2):
            store.add(f"i{number}", aggregates=["row"],
                      inventory={"VCPU": 4})
        self.assertEqual(5, count(
            store, ask(("", {"VCPU": 1, "DISK_GB": 10})))[0])


def block(*modes, most=None):
    """Return a block; alternatives are given as dicts."""
    return programs.Block(tuple(tuple(
        tuple(tuple(alternative.items()) for alternative in choice)
        for choice in mode) for mode in modes), most)


class TestPrograms(unittest.TestCase):

    # Served in turn, both of the first take what the last one needs.
    TRICKY = [block([[{"a": 2}, {"a": 2, "c": 1}, {"a": 1, "c": 2}]])]
    STOCKS = {"a": 4, "c": 4}

    def test_the_best_is_searched(self):
        self.assertEqual((3, True),
                         programs.count(self.TRICKY, self.STOCKS))

    def test_what_is_not_searched_can_be_had(self):
        self.assertEqual((2, False), programs.count(
            self.TRICKY, self.STOCKS, search=False))

    def test_what_is_too_large_is_not_searched(self):
        with mock.patch.object(programs, "VARIABLES_MAX", 3):
            self.assertEqual((2, False),
                             programs.count(self.TRICKY, self.STOCKS))
        huge = [block([[{"a": 1}, {"b": 1}], [{"a": 1}]])]
        self.assertEqual((2 ** 61, False), programs.count(
            huge, {"a": 2 ** 61, "b": 2 ** 62}))

    def test_nobody_is_served_more_often_than_may_be(self):
        for most in range(6):
            for search_it in (True, False):
                times, _ = programs.count(
                    [each._replace(most=most) for each in self.TRICKY],
                    self.STOCKS, search=search_it)
                self.assertLessEqual(times, most)

    def test_what_is_overdrawn_gives_nothing(self):
        for one in (block([[{"a": 1}]]), block([[{"a": 1}], [{"a": 1}]])):
            self.assertEqual((0, True), programs.count([one], {"a": -3}))

    def test_in_turn_is_never_more_than_the_best(self):
        rng = random.Random(0)
        for _ in range(60):
            stocks = {key: rng.randint(0, 9) for key in "abcd"}
            blocks = [block(*([[{
                key: rng.randint(1, 3)
                for key in rng.sample("abcd", rng.randint(1, 2))}
                for _ in range(rng.randint(1, 3))]
                for _ in range(rng.randint(1, 2))]
                for _ in range(rng.randint(1, 2))),
                most=rng.choice((None, 2)))
                for _ in range(rng.randint(1, 3))]
            found = programs.count(blocks, stocks)
            self.assertTrue(found.exact)
            self.assertLessEqual(programs.serve_in_turn(blocks, stocks),
                                 found.times)
            self.assertEqual(self.best(blocks, stocks), found.times)

    def best(self, blocks, stocks):
        """Return the same by brute force."""
        ways = []
        for number, each in enumerate(blocks):
            for mode in each.modes:
                for picks in itertools.product(*mode):
                    taken = collections.Counter()
                    for key, amount in itertools.chain.from_iterable(picks):
                        taken[key] += amount
                    ways.append((number, taken))
        known = {}

        def more(left, served):
            state = tuple(left.values()), served
            if state not in known:
                best = 0
                for number, taken in ways:
                    most = blocks[number].most
                    if (most is None or served[number] < most) and all(
                            left[key] >= taken[key] for key in taken):
                        best = max(best, 1 + more(
                            {key: left[key] - taken[key] for key in left},
                            (*served[:number], served[number] + 1,
                             *served[number + 1:])))
                known[state] = best
            return known[state]

        return more(stocks, (0,) * len(blocks))
