import unittest

from tachyon.db import models
from tachyon.placement import explain
from tachyon.placement import reasons
from tachyon.placement import search
from tests.unit.placement import fakes
from tests.unit.placement import test_search

Code = reasons.Code
group, query = test_search.group, test_search.query
AGGREGATE = fakes.uuid("az1")


def plain(reason):
    return str(reason.code), dict(reason.params)


class ExplainTestCase(unittest.TestCase):

    def funnel(self, store, asked):
        """Return [name, before, after, [(code, params, count, examples)]]
        for each stage."""
        with fakes.snapshot_of(store) as snapshot:
            found = search.find(snapshot, asked)
            for stage in found.stages:
                self.assertEqual(len(stage.removed), len(stage.examples))
            return [[stage.name, stage.before, stage.after,
                     [(*plain(reason), count, set(examples))
                      for (reason, count), examples in zip(
                          stage.removed, stage.examples, strict=True)]]
                    for stage in found.stages]

    def why(self, store, asked, name):
        with fakes.snapshot_of(store) as snapshot:
            found = search.find(snapshot, asked)
            return [plain(reason)
                    for reason in found.why(snapshot.row_named(name))]


class TestFunnel(ExplainTestCase):

    def test_each_host_once_at_what_removed_it_first(self):
        store = fakes.make_forest(
            good={"inventory": {"VCPU": 8}, "traits": "A",
                  "aggregates": ["az1"]},
            outside={},
            traitless={"inventory": {"VCPU": 1}, "aggregates": ["az1"]},
            small={"inventory": {"VCPU": 3}, "traits": "A",
                   "aggregates": ["az1"]},
            smaller={"inventory": {"VCPU": 2}, "traits": "A",
                     "aggregates": ["az1"]},
            empty={"traits": "A", "aggregates": ["az1"]},
            nfs={"inventory": {"DISK_GB": 1}, "aggregates": ["az1"],
                 "traits": ["MISC_SHARES_VIA_AGGREGATE"]})
        asked = query(group("", {"VCPU": 4}, required="A",
                            member_of=[["az1"]]))
        self.assertEqual([
            ["member_of", 6, 5, [
                ("NOT_IN_AGGREGATE", {"aggregates": [[AGGREGATE]]}, 1,
                 {"outside"})]],
            ["required", 5, 4, [
                ("TRAIT_MISSING", {"trait": "A"}, 1, {"traitless"})]],
            ["resources", 4, 1, [
                ("NO_INVENTORY", {"resource_class": "VCPU"}, 1, {"empty"}),
                ("INSUFFICIENT_RESOURCE",
                 {"resource_class": "VCPU", "requested": 4, "max_free": 3},
                 2, {"small", "smaller"})]],
            ["required", 1, 1, []],
        ], self.funnel(store, asked))

    def test_no_host_at_all(self):
        self.assertEqual(
            [["resources", 0, 0, []]],
            self.funnel(fakes.FakeStore(), query(group("", {"VCPU": 1}))))

    def test_what_is_wrong_with_resources(self):
        for name, inventory, expected in (
                ("none", {}, ("NO_INVENTORY", {"resource_class": "VCPU"})),
                ("unit rules", {"VCPU": models.Inventory(8, max_unit=2)},
                 ("RESOURCE_CONSTRAINT",
                  {"resource_class": "VCPU", "requested": 4})),
                ("too little", {"VCPU": models.Inventory(8, used=5)},
                 ("INSUFFICIENT_RESOURCE",
                  {"resource_class": "VCPU", "requested": 4,
                   "max_free": 3})),
                ("over-full", {"VCPU": models.Inventory(8, used=9)},
                 ("INSUFFICIENT_RESOURCE",
                  {"resource_class": "VCPU", "requested": 4,
                   "max_free": 0}))):
            with self.subTest(name):
                store = fakes.make_forest(a={"inventory": inventory},
                                          b={"inventory": {"VCPU": 4}})
                asked = query(group("", {"VCPU": 4}))
                self.assertEqual([["resources", 2, 1, [
                    (*expected, 1, {"a"})]]], self.funnel(store, asked))
                self.assertEqual([expected], self.why(store, asked, "a"))
                self.assertEqual([], self.why(store, asked, "b"))

    def test_fragmented(self):
        store = fakes.make_forest(a={"children": {
            "a1": {"inventory": {"VCPU": 3}},
            "a2": {"inventory": {"VCPU": 2}}}})
        for amount, code, free in (
                (5, "FRAGMENTED", {"max_free": 3, "sum_free": 5}),
                (6, "INSUFFICIENT_RESOURCE", {"max_free": 3})):
            expected = (code, {"resource_class": "VCPU",
                               "requested": amount, **free})
            self.assertEqual([expected], self.why(
                store, query(group("", {"VCPU": amount})), "a"))

    def test_groups_that_do_not_fit_together(self):
        store = fakes.make_forest(a={"inventory": {"VCPU": 5}})
        asked = query(group("", {"VCPU": 3}), group("_A", {"VCPU": 3}))
        expected = ("INSUFFICIENT_RESOURCE", {
            "resource_class": "VCPU", "requested": 6, "max_free": 5,
            "detail": "all groups together"})
        self.assertEqual(["combination", 1, 0, [(*expected, 1, {"a"})]],
                         self.funnel(store, asked)[-1])
        self.assertEqual([expected], self.why(store, asked, "a"))

    def test_pieces_that_do_not_fit_together(self):
        store = fakes.make_forest(a={"children": {
            "a1": {"inventory": {"VCPU": 3}},
            "a2": {"inventory": {"VCPU": 3}}}})
        asked = query(*(group(f"_{n}", {"VCPU": 2}) for n in range(3)),
                      group_policy="none")
        self.assertEqual(
            [("FRAGMENTED", {"resource_class": "VCPU", "requested": 6,
                             "max_free": 3, "sum_free": 6,
                             "detail": "all groups together"})],
            self.why(store, asked, "a"))

    def test_isolated_groups(self):
        store = fakes.make_forest(a={"inventory": {"VCPU": 5}})
        asked = query(group("_A", {"VCPU": 1}), group("_B", {"VCPU": 1}),
                      group_policy="isolate")
        (code, params), = self.why(store, asked, "a")
        self.assertEqual("NO_COMBINATION", code)
        self.assertIn("2 groups", params["detail"])

    def test_groups_are_named(self):
        store = fakes.make_forest(a={"inventory": {"VCPU": 5}})
        asked = query(group("_A", {"VCPU": 6}))
        self.assertEqual([["resources_A", 1, 0, [
            ("INSUFFICIENT_RESOURCE",
             {"resource_class": "VCPU", "requested": 6, "max_free": 5,
              "group": "_A"}, 1, {"a"})]]], self.funnel(store, asked))

    def test_few_examples_of_many(self):
        store = fakes.make_forest(**{f"h{n}": {} for n in range(9)})
        (_, _, _, ((_, _, count, examples),)), = self.funnel(
            store, query(group("", {"VCPU": 1})))
        self.assertEqual((9, explain.EXAMPLES), (count, len(examples)))


class TestWhy(ExplainTestCase):

    def setUp(self):
        super().setUp()
        self.store = fakes.make_forest(
            a={"inventory": {"VCPU": 2}, "traits": ["X", "Y"],
               "aggregates": ["az1"]},
            other={"traits": ["A"]})

    def test_all_reasons(self):
        asked = query(
            group("", {"VCPU": 4, "DISK_GB": 1}, required=["A", "NEVER"],
                  required_any=[["A", "B"]], forbidden=["X", "Y"],
                  member_of=[["az2", "az3"]], in_tree="other",
                  forbidden_aggregates=["az1"]),
            root_required=["A"], root_forbidden=["X"])
        aggregates = sorted(map(fakes.uuid, ("az2", "az3")))
        self.assertEqual([
            ("ROOT_TRAITS", {"required": ["A"], "forbidden": ["X"],
                             "detail": "has X"}),
            ("NOT_IN_TREE", {"in_tree": fakes.uuid("other")}),
            ("NOT_IN_AGGREGATE", {"aggregates": [aggregates]}),
            ("IN_FORBIDDEN_AGGREGATE", {"aggregates": [AGGREGATE]}),
            ("TRAIT_FORBIDDEN", {"trait": "X"}),
            ("TRAIT_FORBIDDEN", {"trait": "Y"}),
            ("TRAIT_MISSING", {"trait": "A"}),
            ("TRAIT_UNKNOWN_ANYWHERE", {"trait": "NEVER"}),
            ("TRAIT_MISSING", {"trait": "A or B", "traits": ["A", "B"]}),
            ("INSUFFICIENT_RESOURCE", {
                "resource_class": "VCPU", "requested": 4, "max_free": 2}),
            ("NO_INVENTORY", {"resource_class": "DISK_GB"}),
        ], self.why(self.store, asked, "a"))

    def test_each_root_is_told_which_trait(self):
        asked = query(group("", {"VCPU": 1}), root_required=["B", "A"],
                      root_forbidden=["X"])
        self.assertEqual(["has X", "lacks B"], [
            self.why(self.store, asked, host)[0][1]["detail"]
            for host in ("a", "other")])

    def test_what_only_fails_together(self):
        self.store.add("a1", "a", {"GPU": 1}, ["T"])
        self.assertEqual(
            [("NO_INVENTORY", {"resource_class": "GPU", "group": "_G"})],
            self.why(self.store, query(
                group("_G", {"GPU": 1}, required="X")), "a"))
        self.assertEqual(
            [("TRAIT_MISSING", {
                "trait": "X", "detail": "among providers that fit"})],
            self.why(self.store, query(
                group("", {"GPU": 1}, required="X")), "a"))

    def test_texts(self):
        for code, params, text in (
                (Code.INSUFFICIENT_RESOURCE,
                 {"resource_class": "VCPU", "requested": 4, "max_free": 1},
                 "short of VCPU"),
                (Code.NOT_IN_AGGREGATE, {"aggregates": [["a", "b"], ["c"]]},
                 "outside a or b, c"),
                (Code.IN_FORBIDDEN_AGGREGATE, {"aggregates": ["a", "b"]},
                 "inside forbidden a, b"),
                (Code.TRAIT_MISSING, {"trait": "A", "detail": "here"},
                 "lack A (here)")):
            self.assertEqual(text, reasons.Reason(code, params).text())


class TestNearest(ExplainTestCase):

    def nearest(self, store, asked, count):
        with fakes.snapshot_of(store) as snapshot:
            return [(snapshot.names[miss.root],
                     [str(reason.code) for reason in miss.reasons])
                    for miss in search.find(snapshot, asked).nearest(count)]

    def test_fewest_rules_then_least_amount(self):
        store = fakes.make_forest(
            fits={"inventory": {"VCPU": 9}, "traits": "A"},
            half={"inventory": {"VCPU": 4}, "traits": "A"},
            nearly={"inventory": {"VCPU": 7}, "traits": "A"},
            barred={"inventory": {"VCPU": models.Inventory(9, max_unit=1)},
                    "traits": "A"},
            traitless={"inventory": {"VCPU": 9}},
            neither={"inventory": {"VCPU": 7}})
        asked = query(group("", {"VCPU": 8}, required="A"))
        short, lacking = "INSUFFICIENT_RESOURCE", "TRAIT_MISSING"
        expected = [("barred", ["RESOURCE_CONSTRAINT"]),
                    ("nearly", [short]), ("half", [short]),
                    ("traitless", [lacking]), ("neither", [lacking, short])]
        for count in (0, 1, 3, 5, 9):
            self.assertEqual(expected[:count],
                             self.nearest(store, asked, count))

    def test_what_fails_only_together_is_one_reason(self):
        store = fakes.make_forest(
            a={"inventory": {"VCPU": 3}}, b={"inventory": {"VCPU": 1}})
        asked = query(group("_A", {"VCPU": 2}), group("_B", {"VCPU": 2}),
                      group_policy="none")
        self.assertEqual(["a", "b"], [name for name, _ in self.nearest(
            store, asked, 5)])

    def test_sharing_providers_are_no_hosts(self):
        store = fakes.make_forest(nfs={
            "inventory": {"DISK_GB": 1},
            "traits": ["MISC_SHARES_VIA_AGGREGATE"]})
        self.assertEqual([], self.nearest(
            store, query(group("", {"VCPU": 1})), 5))
