import unittest

from tachyon.db import models
from tachyon.placement import providers
from tests.unit.placement import fakes
from tests.unit.placement import test_search

group = test_search.group


class TestFind(unittest.TestCase):

    def setUp(self):
        super().setUp()
        self.store = fakes.make_forest(
            cn1={"inventory": {"VCPU": models.Inventory(
                8, max_unit=4, step_size=2, used=2)},
                "traits": ["A"], "aggregates": ["az1"], "children": {
                    "n0": {"inventory": {"VCPU": 3}, "traits": ["B"],
                           "aggregates": ["az2"]}}},
            cn2={"inventory": {"VCPU": 4, "DISK_GB": 9},
                 "traits": ["A", "B"], "aggregates": ["az1", "az2"]})

    def check(self, expected, name=None, uuid=None, **fields):
        wanted = providers.ProviderFilter(name, uuid, group(**fields))
        with fakes.snapshot_of(self.store) as snapshot:
            rows = providers.find(snapshot, wanted)
            self.assertEqual(sorted(rows), rows)
            self.assertEqual(expected,
                             sorted(fakes.names(snapshot, rows)))

    def test_filters(self):
        everybody = ["cn1", "cn2", "n0"]
        for expected, fields in (
                (everybody, {}),
                (["cn1"], {"name": "cn1"}),
                ([], {"name": "CN1"}),
                (["n0"], {"uuid": fakes.uuid("n0")}),
                ([], {"name": "cn1", "uuid": fakes.uuid("n0")}),
                (["cn1", "n0"], {"in_tree": "n0"}),
                (["cn1", "n0"], {"in_tree": "cn1"}),
                ([], {"in_tree": "nobody"}),
                (["cn1", "cn2"], {"required": "A"}),
                (["cn2"], {"required": "AB"}),
                (everybody, {"required_any": ["AB"]}),
                ([], {"required": "X"}),
                (["n0"], {"forbidden": "A"}),
                ([], {"forbidden": "AB"}),
                (["cn1"], {"required": "A", "forbidden": "B"}),
                (["cn1", "cn2"], {"member_of": [["az1"]]}),
                (["cn2"], {"member_of": [["az1"], ["az2"]]}),
                (everybody, {"member_of": [["az1", "az2"]]}),
                (["n0"], {"forbidden_aggregates": ["az1"]}),
                (["cn1"], {"member_of": [["az1"]],
                           "forbidden_aggregates": ["az2"]}),
                (everybody, {"resources": {"VCPU": 2}}),
                (["cn2", "n0"], {"resources": {"VCPU": 3}}),
                (["cn1", "cn2"], {"resources": {"VCPU": 4}}),
                ([], {"resources": {"VCPU": 5}}),
                (["cn2"], {"resources": {"VCPU": 2, "DISK_GB": 9}}),
                ([], {"resources": {"PCPU": 1}})):
            with self.subTest(**fields):
                self.check(expected, **fields)

    def test_deleted_ones_are_not_found(self):
        self.store.delete("cn2")
        self.check(["cn1", "n0"])
        self.check([], name="cn2")
