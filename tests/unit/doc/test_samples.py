"""The samples of the documentation do what their pages say."""

import types

import numpy as np

from tachyon.placement import query as placement_query
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler.actions import base as actions_base
from tests import base
from tests.unit.doc import rack_filter
from tests.unit.doc import size_limit_action
from tests.unit.doc import spare_gpu_weigher
from tests.unit.placement import fakes


class SampleCase(base.TestCase):
    def setUp(self):
        super().setUp()
        store = fakes.make_forest(
            **{"rack-a-1": {"inventory": {"VCPU": 8}},
               "rack-b-1": {"inventory": {"VCPU": 8}, "children": {
                   "gpus": {"inventory": {"PGPU": 4}}}},
               "rack-bb-1": {"inventory": {"VCPU": 8, "PGPU": 1}}})
        store.use("gpus", PGPU=1)
        snapshot = self.enterContext(fakes.snapshot_of(store))
        nobody = scheduler_hosts.Serving(
            (), np.full(snapshot.n, -1, np.int32), np.zeros(0, np.bool_),
            np.zeros(0, np.bool_))
        self.hosts = scheduler_data.HostSet(
            snapshot, snapshot.host_rows, nobody)
        self.names = [host.name for host in self.hosts]

    def make_data(self, hints=None, **resources):
        return scheduler_data.SchedulingData(
            context=self.context, request_id="req-1", project_id="demo",
            user_id="alice", hints=hints or {},
            query=placement_query.Query(
                (placement_query.RequestGroup(resources=resources),)))


class TestRackFilter(SampleCase):
    CASES = [
        ("no hint", {}, {"rack-a-1", "rack-b-1", "rack-bb-1"}),
        ("a rack", {"rack": "rack-b"}, {"rack-b-1"}),
        ("a rack that is not there", {"rack": "rack-c"}, set()),
    ]

    def test_mask_and_why(self):
        plugin = rack_filter.RackFilter(self.conf, "RackFilter")
        for name, hints, expected in self.CASES:
            with self.subTest(name):
                data = self.make_data(hints)
                mask = plugin.mask(self.hosts, data)
                self.assertEqual(expected, {
                    name for name, passes in zip(self.names, mask, strict=True)
                    if passes})
                self.assertEqual(
                    mask.tolist(),
                    [plugin.why(host, data) is None for host in self.hosts])

    def test_the_reason_names_the_filter_and_the_rack(self):
        plugin = rack_filter.RackFilter(self.conf, "RackFilter")
        reason = plugin.why(self.hosts.host(0),
                            self.make_data({"rack": "elsewhere"}))
        self.assertEqual("refused by RackFilter (outside elsewhere)",
                         reason.text())


class TestSpareGPUWeigher(SampleCase):
    CASES = [
        ("others stay away from spare GPUs", {"VCPU": 1},
         {"rack-a-1": 0.0, "rack-b-1": -3.0, "rack-bb-1": -1.0}),
        ("who wants one may go anywhere", {"VCPU": 1, "PGPU": 1},
         {"rack-a-1": 0.0, "rack-b-1": 0.0, "rack-bb-1": 0.0}),
    ]

    def test_weigh(self):
        plugin = spare_gpu_weigher.SpareGPUWeigher(self.conf, "SpareGPU")
        for name, resources, expected in self.CASES:
            with self.subTest(name):
                weights = plugin.weigh(self.hosts,
                                       self.make_data(**resources))
                self.assertEqual(expected, dict(
                    zip(self.names, weights.tolist(), strict=True)))


class TestSizeLimitAction(SampleCase):
    CASES = [
        ("one less", 63, None),
        ("the limit", 64, None),
        ("one more", 65, scheduler_data.Verdict.BAD_REQUEST),
    ]

    def test_execute(self):
        action = size_limit_action.SizeLimitAction(
            actions_base.Tools(self.conf, types.SimpleNamespace()), "limit")
        for name, vcpus, verdict in self.CASES:
            with self.subTest(name):
                data = self.make_data(VCPU=vcpus)
                action.validate(data)
                action.execute(data)
                self.assertEqual(verdict, data.verdict)

    def test_the_refusal_says_why(self):
        action = size_limit_action.SizeLimitAction(
            actions_base.Tools(self.conf, types.SimpleNamespace()), "limit")
        data = self.make_data(VCPU=65)
        action.execute(data)
        self.assertEqual("65 VCPUs are more than 64", data.detail)
