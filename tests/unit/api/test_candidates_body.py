"""The texts that a body is put together of, against a body made at once."""

import json

from tachyon.api import microversion
from tachyon.api.placement import candidates_body
from tachyon.placement import query
from tachyon.placement import search
from tachyon.placement.managers import candidates
from tests import base
from tests.unit.placement import fakes

QUERY = query.Query(groups=(
    query.RequestGroup(resources={"DISK_GB": 5}),
    query.RequestGroup(suffix="_A", resources={"VCPU": 2}),
    query.RequestGroup(suffix="_B", resources={"VCPU": 1}),
    query.RequestGroup(suffix="_TOP", required=frozenset(["T"])),
), group_policy="none", same_subtree=(frozenset(["_A", "_TOP"]),))


class TestBody(base.TestCase):

    def setUp(self):
        super().setUp()
        self.store = fakes.FakeStore()
        for host in ("cn1", "cn2"):
            self.store.add(host, inventory={"DISK_GB": 50}, traits=["T"])
            for cell in (0, 1):
                self.store.add(f"{host}-{cell}", host, {"VCPU": 4},
                               ["CUSTOM_A", "HW_NUMA_ROOT"])

    def make(self, snapshot, version, wanted=QUERY):
        found = list(search.find(snapshot, wanted).candidates())
        rows = [row for each in found for row in snapshot.tree(each.root)]
        body = json.loads(candidates_body.make(
            candidates.Candidates(snapshot, found, list(dict.fromkeys(rows))),
            microversion.parse(version), frozenset(["VCPU"])))
        return found, body["allocation_requests"], body["provider_summaries"]

    def test_requests(self):
        with fakes.snapshot_of(self.store) as snapshot:
            uuids = snapshot.uuids
            found, requests, _ = self.make(snapshot, "1.34")
            self.assertEqual(8, len(found))
            self.assertEqual([{
                "allocations": {uuids[row]: {"resources": resources}
                                for row, resources in each.allocations},
                "mappings": {suffix: [uuids[row] for row in rows]
                             for suffix, rows in each.mappings.items()},
            } for each in found], requests)

    def test_requests_of_old(self):
        with fakes.snapshot_of(self.store) as snapshot:
            found, requests, _ = self.make(snapshot, "1.12")
            self.assertEqual([{"allocations": {
                snapshot.uuids[row]: {"resources": resources}
                for row, resources in each.allocations}}
                for each in found], requests)
            found, requests, _ = self.make(snapshot, "1.11")
            self.assertEqual([{"allocations": [
                {"resource_provider": {"uuid": snapshot.uuids[row]},
                 "resources": resources}
                for row, resources in each.allocations]}
                for each in found], requests)

    def test_summaries(self):
        disk, cell = fakes.uuid("cn1"), fakes.uuid("cn1-0")
        place = {"parent_provider_uuid": disk, "root_provider_uuid": disk}
        resources = {"resources": {"VCPU": {"capacity": 4, "used": 0}}}
        traits = {"traits": ["HW_NUMA_ROOT", "CUSTOM_A"]}
        for version, expected in (("1.16", resources),
                                  ("1.17", resources | traits),
                                  ("1.29", resources | traits | place)):
            with self.subTest(version), \
                    fakes.snapshot_of(self.store) as snapshot:
                _, _, summaries = self.make(snapshot, version)
                self.assertEqual(6, len(summaries))
                self.assertEqual(expected, summaries[cell])
                # Nobody asked for its class.
                self.assertEqual(version == "1.29",
                                 bool(summaries[disk]["resources"]))

    def test_nothing(self):
        with fakes.snapshot_of(self.store) as snapshot:
            self.assertEqual(([], [], {}), self.make(
                snapshot, "1.39", query.Query(groups=(
                    query.RequestGroup(resources={"VCPU": 9}),))))
