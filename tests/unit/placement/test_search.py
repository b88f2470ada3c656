import random
import unittest
from unittest import mock

from tachyon.db import models
from tachyon.placement import combine
from tachyon.placement import packing
from tachyon.placement import query as query_module
from tachyon.placement import reasons
from tachyon.placement import search
from tests.unit.placement import fakes

SHARES = "MISC_SHARES_VIA_AGGREGATE"


def group(suffix="", resources=None, **fields):
    """Make a group; names of aggregates and providers are made uuids."""
    for name in ("required", "forbidden"):
        if name in fields:
            fields[name] = frozenset(fields[name])
    if "required_any" in fields:
        fields["required_any"] = tuple(map(frozenset, fields["required_any"]))
    if "member_of" in fields:
        fields["member_of"] = tuple(
            frozenset(map(fakes.uuid, one_of))
            for one_of in fields["member_of"])
    if "forbidden_aggregates" in fields:
        fields["forbidden_aggregates"] = frozenset(
            map(fakes.uuid, fields["forbidden_aggregates"]))
    if "in_tree" in fields:
        fields["in_tree"] = fakes.uuid(fields["in_tree"])
    return query_module.RequestGroup(suffix, resources or {}, **fields)


def query(*groups, **fields):
    fields["same_subtree"] = tuple(
        map(frozenset, fields.get("same_subtree", ())))
    for name in ("root_required", "root_forbidden"):
        fields[name] = frozenset(fields.get(name, ()))
    return query_module.Query(groups, **fields)


def words(snapshot, candidate):
    """Return a candidate as "cn1:VCPU=1,DISK_GB=2 nfs:DISK_GB=1"."""
    return " ".join(sorted(
        name + ":" + ",".join(f"{rc}={amount}"
                              for rc, amount in sorted(taken.items()))
        for name, taken in fakes.allocations_of(snapshot,
                                                candidate).items()))


class SearchTestCase(unittest.TestCase):

    def found(self, store, asked, **options):
        """Return all candidates in words, in order."""
        with fakes.snapshot_of(store) as snapshot:
            return [words(snapshot, candidate) for candidate in search.find(
                snapshot, asked).candidates(**options)]

    def check(self, store, asked, *expected):
        self.assertEqual(sorted(expected), sorted(self.found(store, asked)))


class TestFlat(SearchTestCase):

    def setUp(self):
        super().setUp()
        self.store = fakes.make_forest(
            cn1={"inventory": {"VCPU": 4, "DISK_GB": 10}, "traits": ["A"],
                 "aggregates": ["az1"]},
            cn2={"inventory": {"VCPU": 8, "DISK_GB": 10},
                 "traits": ["A", "B"], "aggregates": ["az1", "az2"]},
            cn3={"inventory": {"VCPU": 16}, "aggregates": ["az2"]})

    def test_one_group(self):
        for name, fields, expected in (
                ("all", {}, "123"),
                ("required", {"required": "A"}, "12"),
                ("two required", {"required": "AB"}, "2"),
                ("unknown trait", {"required": "X"}, ""),
                ("any of", {"required_any": ["BX"]}, "2"),
                ("any of, twice", {"required_any": ["AB", "BX"]}, "2"),
                ("forbidden", {"forbidden": "B"}, "13"),
                ("required and forbidden",
                 {"required": "A", "forbidden": "B"}, "1"),
                ("member of", {"member_of": [["az1"]]}, "12"),
                ("member of both", {"member_of": [["az1"], ["az2"]]}, "2"),
                ("member of either", {"member_of": [["az1", "az2"]]}, "123"),
                ("of an empty aggregate", {"member_of": [["az9"]]}, ""),
                ("not of", {"forbidden_aggregates": ["az2"]}, "1"),
                ("in tree", {"in_tree": "cn2"}, "2"),
                ("in no tree", {"in_tree": "cn9"}, "")):
            for suffix in ("", "_A"):
                with self.subTest(name, suffix=suffix):
                    self.check(
                        self.store,
                        query(group(suffix, {"VCPU": 2}, **fields)),
                        *(f"cn{number}:VCPU=2" for number in expected))

    def test_amounts_at_their_limits(self):
        for amount, expected in ((4, "123"), (5, "23"), (8, "23"), (9, "3"),
                                 (16, "3"), (17, ""), (10 ** 30, "")):
            with self.subTest(amount=amount):
                self.check(self.store, query(group("", {"VCPU": amount})),
                           *(f"cn{n}:VCPU={amount}" for n in expected))

    def test_several_classes(self):
        self.check(self.store, query(group("", {"VCPU": 5, "DISK_GB": 10})),
                   "cn2:DISK_GB=10,VCPU=5")
        self.check(self.store, query(group("", {"VCPU": 1, "PCPU": 1})))

    def test_root_traits(self):
        for required, forbidden, expected in (
                ("A", "", "12"), ("", "B", "13"), ("A", "B", "1"),
                ("AB", "", "2"), ("X", "", "")):
            with self.subTest(required=required, forbidden=forbidden):
                self.check(
                    self.store,
                    query(group("", {"VCPU": 1}), root_required=required,
                          root_forbidden=forbidden),
                    *(f"cn{number}:VCPU=1" for number in expected))

    def test_amounts_of_groups_are_added(self):
        for first, second, expected in ((2, 2, "123"), (2, 3, "23"),
                                        (4, 5, "3"), (16, 1, "")):
            with self.subTest(first=first, second=second):
                self.check(
                    self.store,
                    query(group("_A", {"VCPU": first}),
                          group("_B", {"VCPU": second}), group_policy="none"),
                    *(f"cn{n}:VCPU={first + second}" for n in expected))

    def test_sum_of_groups_obeys_max_unit(self):
        store = fakes.make_forest(cn1={"inventory": {
            "VCPU": models.Inventory(total=8, max_unit=3)}})
        for amount, expected in ((1, ["cn1:VCPU=3"]), (2, [])):
            self.check(store, query(group("", {"VCPU": 2}),
                                    group("_A", {"VCPU": amount})), *expected)

    def test_isolated_groups_need_several_providers(self):
        self.check(self.store, query(
            group("_A", {"VCPU": 1}), group("_B", {"DISK_GB": 1}),
            group_policy="isolate"))

    def test_unsuffixed_group_is_not_isolated(self):
        self.check(self.store, query(
            group("", {"DISK_GB": 1}), group("_B", {"VCPU": 1}),
            group_policy="isolate"),
            "cn1:DISK_GB=1,VCPU=1", "cn2:DISK_GB=1,VCPU=1")

    def test_mappings(self):
        with fakes.snapshot_of(self.store) as snapshot:
            candidate = next(search.find(snapshot, query(
                group("", {"VCPU": 9}), group("_A", {"VCPU": 1}))
            ).candidates())
            row = snapshot.row_named("cn3")
            self.assertEqual(
                (row, ((row, {"VCPU": 10}),), {"": (row,), "_A": (row,)}),
                (candidate.root, candidate.allocations, candidate.mappings))

    def test_used_and_rules_of_units(self):
        self.store.use("cn1", VCPU=3)
        self.store.change("cn2", inventories={"VCPU": models.Inventory(
            total=8, min_unit=2, max_unit=6, step_size=2)})
        for amount, expected in ((1, "13"), (2, "23"), (3, "3"), (6, "23"),
                                 (8, "3")):
            with self.subTest(amount=amount):
                self.check(self.store, query(group("", {"VCPU": amount})),
                           *(f"cn{n}:VCPU={amount}" for n in expected))


class TestNested(SearchTestCase):

    def setUp(self):
        super().setUp()
        self.store = fakes.make_forest(
            cn1={"inventory": {"DISK_GB": 100}, "traits": ["R"],
                 "aggregates": ["az1"], "children": {
                     "n0": {"inventory": {"VCPU": 4, "MEMORY_MB": 64},
                            "traits": ["A"], "children": {
                                "pf0": {"inventory": {"VF": 2},
                                        "traits": ["NET"]}}},
                     "n1": {"inventory": {"VCPU": 8, "MEMORY_MB": 32},
                            "aggregates": ["fast"], "traits": ["B"],
                            "children": {"pf1": {"inventory": {"VF": 2}}}}}})

    def test_unsuffixed_group_spreads(self):
        self.check(self.store, query(group("", {"VCPU": 4, "MEMORY_MB": 64})),
                   "n0:MEMORY_MB=64,VCPU=4", "n0:MEMORY_MB=64 n1:VCPU=4")

    def test_suffixed_group_does_not(self):
        self.check(self.store,
                   query(group("_A", {"VCPU": 4, "MEMORY_MB": 64})),
                   "n0:MEMORY_MB=64,VCPU=4")

    def test_traits_are_found_together(self):
        self.check(self.store,
                   query(group("", {"VCPU": 1, "VF": 1}, required="NET")))
        self.check(self.store, query(
            group("", {"VCPU": 1, "VF": 1}, required=["NET", "B"])),
            "n1:VCPU=1 pf0:VF=1")
        # A trait of one who gives nothing does not count.
        self.check(self.store,
                   query(group("", {"VCPU": 1}, required="R")))

    def test_forbidden_trait_bars_its_provider_only(self):
        self.check(self.store, query(group("", {"VCPU": 1}, forbidden="A")),
                   "n1:VCPU=1")

    def test_aggregate_of_the_root_spans_the_tree(self):
        for suffix, expected in (("", ["n0:VCPU=1", "n1:VCPU=1"]),
                                 ("_A", [])):
            self.check(self.store, query(
                group(suffix, {"VCPU": 1}, member_of=[["az1"]])), *expected)
            self.check(self.store, query(
                group(suffix, {"VCPU": 1}, member_of=[["fast"]])),
                "n1:VCPU=1")
            # Not one aggregate of the root, another of the provider.
            self.check(self.store, query(
                group(suffix, {"VCPU": 1}, member_of=[["az1"], ["fast"]])))

    def test_forbidden_aggregates(self):
        both = ["n0:VCPU=1", "n1:VCPU=1"]
        for suffix, aggregate, expected in (
                ("", "az1", []), ("_A", "az1", both),
                ("", "fast", both[:1]), ("_A", "fast", both[:1])):
            with self.subTest(aggregate, suffix=suffix):
                self.check(self.store, query(group(
                    suffix, {"VCPU": 1}, forbidden_aggregates=[aggregate])),
                    *expected)

    def test_same_subtree(self):
        groups = (group("_A", {"VCPU": 1}), group("_B", {"VF": 1}))
        self.check(self.store, query(*groups, group_policy="none"),
                   "n0:VCPU=1 pf0:VF=1", "n0:VCPU=1 pf1:VF=1",
                   "n1:VCPU=1 pf0:VF=1", "n1:VCPU=1 pf1:VF=1")
        self.check(self.store, query(*groups, group_policy="none",
                                     same_subtree=[["_A", "_B"]]),
                   "n0:VCPU=1 pf0:VF=1", "n1:VCPU=1 pf1:VF=1")
        # Siblings are in no common subtree without the one above them.
        pair = (group("_B", {"VF": 1}), group("_C", {"VF": 2}))
        self.check(self.store, query(*pair, group_policy="isolate",
                                     same_subtree=[["_B", "_C"]]))
        self.check(self.store, query(
            *pair, group("_R", required="R"), group_policy="isolate",
            same_subtree=[["_B", "_C", "_R"]]),
            "pf0:VF=1 pf1:VF=2", "pf0:VF=2 pf1:VF=1")

    def test_group_without_resources(self):
        asked = query(group("_A", {"VF": 1}), group("_R", required="A"),
                      group_policy="none", same_subtree=[["_A", "_R"]])
        self.check(self.store, asked, "pf0:VF=1")
        with fakes.snapshot_of(self.store) as snapshot:
            mappings = next(search.find(snapshot, asked).candidates()
                            ).mappings
            self.assertEqual(
                {"_A": ["pf0"], "_R": ["n0"]},
                {suffix: fakes.names(snapshot, rows)
                 for suffix, rows in mappings.items()})
        # As in Placement, nobody is found by what is forbidden alone, and
        # in_tree counts only for groups with resources.
        for fields, expected in (
                ({"forbidden": "A"}, []), ({"in_tree": "cn1"}, []),
                ({"required": "A", "in_tree": "cn9"}, []),
                ({"required": "A", "in_tree": "n1"}, ["pf0:VF=1"])):
            self.check(self.store, query(
                group("_A", {"VF": 1}), group("_R", **fields),
                group_policy="none", same_subtree=[["_A", "_R"]]), *expected)

    def test_in_tree_by_any_of_its_providers(self):
        self.store.add("cn2", None, {"VCPU": 4})
        for suffix in ("", "_A"):
            self.check(self.store,
                       query(group(suffix, {"VCPU": 1}, in_tree="pf0")),
                       "n0:VCPU=1", "n1:VCPU=1")

    def test_root_traits_are_the_roots_own(self):
        asked = group("", {"VF": 2})
        self.check(self.store, query(asked, root_required="R"),
                   "pf0:VF=2", "pf1:VF=2")
        self.check(self.store, query(asked, root_required="A"))
        self.check(self.store, query(asked, root_forbidden="R"))


class TestSharing(SearchTestCase):

    def setUp(self):
        super().setUp()
        self.store = fakes.make_forest(
            cn1={"inventory": {"VCPU": 4, "DISK_GB": 5},
                 "aggregates": ["agg"]},
            cn2={"children": {"n0": {"inventory": {"VCPU": 4},
                                     "aggregates": ["agg"]}}},
            cn3={"inventory": {"VCPU": 4}, "aggregates": ["other"]},
            nfs={"inventory": {"DISK_GB": 100}, "aggregates": ["agg"],
                 "traits": [SHARES, "SSD"]})

    def test_joined_by_any_provider_of_the_tree(self):
        self.check(self.store, query(group("", {"VCPU": 1, "DISK_GB": 2})),
                   "cn1:DISK_GB=2,VCPU=1", "cn1:VCPU=1 nfs:DISK_GB=2",
                   "n0:VCPU=1 nfs:DISK_GB=2")

    def test_suffixed_groups_too(self):
        self.check(self.store, query(
            group("_A", {"VCPU": 1}), group("_B", {"DISK_GB": 6}),
            group_policy="none"),
            "cn1:VCPU=1 nfs:DISK_GB=6", "n0:VCPU=1 nfs:DISK_GB=6")

    def test_what_sharers_give_alone_comes_once(self):
        for suffix in ("", "_A"):
            self.check(self.store, query(group(suffix, {"DISK_GB": 6})),
                       "nfs:DISK_GB=6")
            self.check(self.store, query(group(suffix, {"DISK_GB": 5})),
                       "cn1:DISK_GB=5", "nfs:DISK_GB=5")

    def test_two_stores(self):
        self.store.add("nfs2", None, {"DISK_GB": 9, "IOPS": 9}, [SHARES],
                       ["agg", "other"])
        self.store.change("nfs", inventories={"DISK_GB": 9, "IOPS": 9})
        # The same two providers, but another one gives what.
        self.check(self.store, query(group("", {"DISK_GB": 6, "IOPS": 1})),
                   "nfs:DISK_GB=6,IOPS=1", "nfs2:DISK_GB=6,IOPS=1",
                   "nfs2:IOPS=1 nfs:DISK_GB=6", "nfs2:DISK_GB=6 nfs:IOPS=1")

    def test_traits_of_the_sharer_count(self):
        self.check(self.store, query(
            group("", {"VCPU": 1, "DISK_GB": 2}, required=["SSD"])),
            "cn1:VCPU=1 nfs:DISK_GB=2", "n0:VCPU=1 nfs:DISK_GB=2")
        self.check(self.store, query(
            group("", {"VCPU": 1, "DISK_GB": 2}, forbidden=["SSD"])),
            "cn1:DISK_GB=2,VCPU=1")

    def test_in_tree_keeps_sharers_out(self):
        self.check(self.store, query(
            group("", {"VCPU": 1, "DISK_GB": 2}, in_tree="cn1")),
            "cn1:DISK_GB=2,VCPU=1")

    def test_aggregates_are_the_sharers_own(self):
        self.store.change("nfs", aggregates=frozenset(
            map(fakes.uuid, ("agg", "disk"))))
        self.store.change("cn1", aggregates=frozenset(
            map(fakes.uuid, ("agg", "disk"))))
        for fields, expected in (
                ({"member_of": [["disk"]]},
                 ["cn1:DISK_GB=2,VCPU=1", "cn1:VCPU=1 nfs:DISK_GB=2"]),
                ({"forbidden_aggregates": ["disk"]}, []),
                ({"member_of": [["agg"]]},
                 ["cn1:DISK_GB=2,VCPU=1", "cn1:VCPU=1 nfs:DISK_GB=2",
                  "n0:VCPU=1 nfs:DISK_GB=2"])):
            with self.subTest(**fields):
                self.check(self.store, query(
                    group("", {"VCPU": 1, "DISK_GB": 2}, **fields)),
                    *expected)

    def test_many_guests_of_one_store_cost_one(self):
        for number in range(50):
            self.store.add(f"guest{number}", aggregates=["agg"])
        with fakes.snapshot_of(self.store) as snapshot:
            found = search.find(snapshot, query(group("", {"DISK_GB": 6})))
            self.assertEqual(53, len(found.roots))
            with mock.patch.object(
                    combine.Combiner, "candidates", autospec=True,
                    side_effect=combine.Combiner.candidates) as looked:
                self.assertEqual(1, len(list(found.candidates())))
            self.assertLessEqual(looked.call_count, 2)


class TestOrder(SearchTestCase):

    def setUp(self):
        super().setUp()
        self.store = fakes.make_forest(**{
            f"cn{n}": {"children": {
                f"cn{n}.{child}": {"inventory": {"VCPU": 4}}
                for child in range(3)}} for n in range(4)})
        self.asked = query(group("", {"VCPU": 1}))

    def roots(self, **options):
        return [words.split(".")[0]
                for words in self.found(self.store, self.asked, **options)]

    def test_breadth_first(self):
        roots = self.roots()
        self.assertEqual(12, len(roots))
        self.assertEqual(3 * roots[:4], roots)
        self.assertEqual(4, len(set(roots[:4])))

    def test_depth_first(self):
        found = self.found(self.store, self.asked, order=search.DEPTH_FIRST)
        self.assertEqual(sorted(self.found(self.store, self.asked)),
                         sorted(found))
        roots = [words.split(".")[0] for words in found]
        self.assertEqual([root for root in roots[::3] for _ in range(3)],
                         roots)
        self.assertEqual(found[:5], self.found(
            self.store, self.asked, order=search.DEPTH_FIRST, limit=5))

    def test_limits(self):
        everything = self.found(self.store, self.asked)
        for limit in (0, 1, 5, 11, 12, 13):
            self.assertEqual(everything[:limit], self.found(
                self.store, self.asked, limit=limit))
        limited = query(group("", {"VCPU": 1}), limit=5)
        self.assertEqual(everything[:5], self.found(self.store, limited))
        self.assertEqual(everything[:2],
                         self.found(self.store, limited, limit=2))

    def test_only_some_roots_in_their_order(self):
        with fakes.snapshot_of(self.store) as snapshot:
            rows = [snapshot.row_named(name) for name in ("cn2", "cn0")]
            found = search.find(snapshot, self.asked)
            self.assertEqual(
                [rows[0], rows[1]] * 3,
                [candidate.root for candidate in found.candidates(rows)])
            self.assertEqual([], list(found.candidates([])))

    def test_root_that_does_not_fit_gives_nothing(self):
        self.store.add("full")
        with fakes.snapshot_of(self.store) as snapshot:
            found = search.find(snapshot, self.asked)
            self.assertEqual([], list(found.candidates(
                [snapshot.row_named("full")])))

    def test_seeded_order(self):
        first = self.roots(rng=random.Random(1))
        self.assertEqual(first, self.roots(rng=random.Random(1)))
        self.assertEqual(sorted(self.roots()), sorted(first))
        self.assertLess(1, len({tuple(self.roots(rng=random.Random(seed)))
                                for seed in range(10)}))


class TestWide(SearchTestCase):
    """Trees and requests where the number of combinations explodes."""

    def tree(self, **children):
        return fakes.make_forest(cn1={"children": {
            name: {"inventory": inventory}
            for name, inventory in children.items()}})

    def distinct(self, store, asked, limit=None):
        """Return how many candidates there are, and the limits hit: none,
        if what was tried in vain stayed within bounds."""
        with fakes.snapshot_of(store) as snapshot:
            found = search.find(snapshot, asked)
            mappings = [tuple(candidate.mappings.items())
                        for candidate in found.candidates(limit=limit)]
            self.assertEqual(len(mappings), len(set(mappings)))
            return len(mappings), found.limits_hit

    def test_eight_groups_on_eight_children(self):
        store = self.tree(**{f"d{n}": {"GPU": 1} for n in range(8)})
        asked = [group(f"_{n}", {"GPU": 1}) for n in range(8)]
        for policy in ("none", "isolate"):
            with self.subTest(policy):
                self.assertEqual((1000, ()), self.distinct(
                    store, query(*asked, group_policy=policy), 1000))

    def test_one_group_too_many(self):
        store = self.tree(**{f"d{n}": {"GPU": 1} for n in range(12)})
        asked = [group(f"_{n}", {"GPU": 1}) for n in range(13)]
        self.assertEqual((0, ()), self.distinct(store, query(
            *asked, group_policy="none")))

    def test_pieces_that_do_not_fill_their_providers(self):
        # 24 free in 8 providers of 3, 12 pieces of 2: only 8 find a place.
        store = self.tree(**{f"d{n}": {"VCPU": 3} for n in range(8)})
        asked = [group(f"_{n}", {"VCPU": 2}) for n in range(12)]
        self.assertEqual((0, ()), self.distinct(store, query(
            *asked, group_policy="none")))

    def test_packing_without_a_solution(self):
        # 4 x 10 free; the pieces sum up to 40, but 7 + 3 is the only sum of
        # 10 and there are too few threes.
        store = self.tree(**{f"d{n}": {"VCPU": 10} for n in range(4)})
        pieces = [7, 7, 7, 4, 4, 4, 4, 3]
        self.assertEqual(40, sum(pieces))
        asked = [group(f"_{n}", {"VCPU": piece})
                 for n, piece in enumerate(pieces)]
        self.assertEqual((0, ()), self.distinct(
            store, query(*asked, group_policy="none")))

    def test_patience_has_an_end(self):
        store = self.tree(**{f"d{n}": {"VCPU": 10} for n in range(4)})
        asked = [group(f"_{n}", {"VCPU": piece})
                 for n, piece in enumerate([7, 7, 7, 4, 4, 4, 4, 3])]
        asked = query(*asked, group_policy="none")
        for limit in ("TREE_PATIENCE", "SEARCH_PATIENCE"):
            with mock.patch.object(packing, limit, 10):
                self.assertEqual((0, ("combinations",)),
                                 self.distinct(store, asked))
                with fakes.snapshot_of(store) as snapshot:
                    found = search.find(snapshot, asked)
                    (why,) = found.why(int(found.roots[0]))
                    self.assertIn("given up", why.text())
                    self.assertEqual(0, found.stages[-1].after)

    def test_groups_with_few_choices_come_first(self):
        children = {f"d{n}": {"GPU": 1} for n in range(10)}
        store = self.tree(**children)
        for name in ("d8", "d9"):
            store.change(name, traits=frozenset("T"))
        asked = [group(f"_{n}", {"GPU": 1}) for n in range(7)]
        asked += [group(f"_T{n}", {"GPU": 1}, required="T")
                  for n in range(3)]
        self.assertEqual((0, ()), self.distinct(store, query(
            *asked, group_policy="isolate")))
        self.assertEqual((100, ()), self.distinct(store, query(
            *asked[:-1], group_policy="isolate"), 100))


class TestFound(SearchTestCase):

    def test_roots_are_by_masks_only(self):
        # Each group fits, and there is room in sum; but both need a1.
        store = fakes.make_forest(a={"children": {
            "a1": {"inventory": {"VCPU": 3, "GPU": 1, "NET": 1}},
            "a2": {"inventory": {"VCPU": 3}}}})
        asked = query(group("_A", {"VCPU": 2, "GPU": 1}),
                      group("_B", {"VCPU": 2, "NET": 1}),
                      group_policy="none")
        with fakes.snapshot_of(store) as snapshot:
            found = search.find(snapshot, asked)
            self.assertEqual([], found.roots.tolist())

        asked = query(group("_A", {"GPU": 1}), group("_B", {"NET": 1}),
                      group_policy="isolate")
        store.change("a2", inventories={"GPU": 1})
        store.change("a1", inventories={"NET": 1})
        with fakes.snapshot_of(store) as snapshot:
            found = search.find(snapshot, asked)
            self.assertEqual([snapshot.row_named("a")], found.roots.tolist())
            self.assertEqual(1, len(list(found.candidates())))

    def test_root_without_combination(self):
        store = fakes.make_forest(a={"children": {
            "a1": {"inventory": {"GPU": 1, "NET": 1}},
            "a2": {"inventory": {"IOPS": 1}}}})
        asked = query(group("_A", {"GPU": 1}), group("_B", {"NET": 1}),
                      group("_C", {"IOPS": 1}), group_policy="isolate")
        store.add("b", None, {"GPU": 1, "NET": 1, "IOPS": 1})
        store.add("b1", "b", {"GPU": 1})
        store.add("b2", "b", {"GPU": 1})
        with fakes.snapshot_of(store) as snapshot:
            found = search.find(snapshot, asked)
            row = snapshot.row_named("b")
            self.assertEqual([row], found.roots.tolist())
            self.assertEqual([], list(found.candidates()))
            self.assertEqual([reasons.Code.NO_COMBINATION],
                             [reason.code for reason in found.why(row)])
            last = found.stages[-1]
            self.assertEqual(("combination", 0), (last.name, last.after))
