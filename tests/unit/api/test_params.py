"""Values in query strings that hold more than one."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.api import errors
from tachyon.api import validation
from tachyon.api.placement import groups
from tachyon.api.placement import params
from tests import base


class ParamsTestCase(base.TestCase):

    def test_resources(self):
        self.assertEqual({"VCPU": 2, "MEMORY_MB": 1024},
                         params.parse_resources("VCPU:2,MEMORY_MB:1024"))
        largest = 2 ** 31 - 1
        for amount, meant in ((largest, largest),
                              (largest + 1, largest + 1),
                              (largest + 2, largest + 1),
                              (10 ** 100, largest + 1)):
            self.assertEqual({"VCPU": meant},
                             params.parse_resources(f"VCPU:{amount}"))

    def test_traits(self):
        self.assertEqual(
            ({"A", "B"}, ({"C", "D"}, {"E"}), {"F", "G"}),
            params.parse_traits(["A,!F", "in:C, D", "B", "in:E", " !!G "]))
        self.assertEqual((frozenset(), (), frozenset()),
                         params.parse_traits([]))

    def test_member_of(self):
        a, b, c, d = uuids.a, uuids.b, uuids.c, uuids.d
        self.assertEqual(
            (({a}, {b, c}), {c, d}),
            params.parse_member_of([a, f"in:{b},{c}", f"!{d}",
                                    f"!in:{c},{d}"]))
        for value in ("", "in:", "!", "!in:", f"{a},{b}", f"!{a},{b}",
                      f"in:{a},", "in:!" + a):
            self.assertRaises(errors.Problem, params.parse_member_of,
                              [value])

    def test_in_tree(self):
        self.assertEqual(uuids.a, params.parse_in_tree(f" {uuids.a} "))
        self.assertRaises(errors.Problem, params.parse_in_tree, "x")


class GroupsTestCase(base.TestCase):

    def test_parse(self):
        query = groups.parse(validation.Query([
            ("resources", "VCPU:1"), ("required", "A"), ("required", "in:B"),
            ("resources_X", "DISK_GB:5"), ("member_of_X", uuids.agg),
            ("in_tree_X", uuids.tree), ("required_Y", "!C"),
            ("same_subtree", "_X, _Y"), ("group_policy", "none"),
            ("root_required", "R,!S"), ("limit", "7")]))
        unsuffixed, x, y = query.groups
        self.assertEqual(("", {"VCPU": 1}, {"A"}, ({"B"},)), (
            unsuffixed.suffix, unsuffixed.resources, unsuffixed.required,
            unsuffixed.required_any))
        self.assertEqual(("_X", {"DISK_GB": 5}, ({uuids.agg},), uuids.tree),
                         (x.suffix, x.resources, x.member_of, x.in_tree))
        self.assertEqual(("_Y", {}, {"C"}),
                         (y.suffix, y.resources, y.forbidden))
        self.assertEqual((({"_X", "_Y"},), "none", {"R"}, {"S"}, 7), (
            query.same_subtree, query.group_policy, query.root_required,
            query.root_forbidden, query.limit))

    def test_limits(self):
        for given, limit in ((["3"], 3), (["3", "x"], 3), ([], None),
                             (["9" * 5000], 2 ** 63 - 1)):
            query = groups.parse(validation.Query(
                [("resources", "VCPU:1")] + [("limit", v) for v in given]))
            self.assertEqual(limit, query.limit)
