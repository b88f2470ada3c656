import unittest

from tachyon import exception
from tests.unit.placement import test_search

group, query = test_search.group, test_search.query


class TestQuery(unittest.TestCase):

    def test_required_in_one_form(self):
        asked = group("", {"VCPU": 1}, required="BA", required_any=["CD"])
        self.assertEqual(({"A"}, {"B"}, {"C", "D"}), asked.all_required)

    def test_contradictions(self):
        fine = group("_A", {"VCPU": 1})
        for field, groups, fields in (
                ("groups", [], {}),
                ("groups", [group("_R")], {"same_subtree": [["_R"]]}),
                ("groups", [fine, fine], {}),
                ("resources_R", [fine, group("_R")], {}),
                ("resources", [fine, group("")], {}),
                ("resources_A.VCPU", [group("_A", {"VCPU": 0})], {}),
                ("same_subtree", [fine], {"same_subtree": [["_B"]]}),
                ("same_subtree", [fine, group("", {"VCPU": 1})],
                 {"same_subtree": [["_A", ""]]}),
                ("group_policy", [fine], {"group_policy": "some"})):
            with self.subTest(field, groups=groups, **fields):
                with self.assertRaises(exception.ValidationError) as caught:
                    query(*groups, **fields).check()
                self.assertEqual(field, caught.exception.field)

    def test_group_without_resources_in_a_subtree(self):
        query(group("_A", {"VCPU": 1}), group("_R"),
              same_subtree=[["_A", "_R"]]).check()
