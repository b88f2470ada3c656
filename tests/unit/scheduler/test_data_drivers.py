"""The instance data driver: what becomes of a spec, and of nonsense."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon import objects
from tachyon.db import models
from tachyon.placement import query
from tachyon.scheduler.data_drivers import instance as instance_driver
from tests import base

SPEC = {
    "flavor": "m1.small", "image": "cirros",
    "resources": {"VCPU": 2, "MEMORY_MB": 512},
    "required_traits": ["CUSTOM_A", "CUSTOM_B"],
    "forbidden_traits": ["CUSTOM_C"],
    "preferred_traits": ["CUSTOM_D"],
    "avoided_traits": ["CUSTOM_E", "CUSTOM_F"],
    "aggregates": [uuids.az1, uuids.az2],
    "scheduler_hints": {"group": "a", "seed": "42"},
}


class TestInstanceDataDriver(base.TestCase):
    def setUp(self):
        super().setUp()
        self.driver = instance_driver.InstanceDataDriver(self.conf,
                                                         "instance")

    def instance(self, **spec):
        return models.Instance(
            id=uuids.vm, name="vm", project_id="demo", user_id="alice",
            flavor="m1.small", image="cirros", status="BUILDING", spec=spec,
            request_id="req-9", attempt=3, tried=("h1", "h2"))

    def request(self, **fields):
        return objects.SchedulingRequest(name="vm", **fields)

    def check_query(self, data):
        self.assertEqual(query.Query(groups=(query.RequestGroup(
            resources={"VCPU": 2, "MEMORY_MB": 512},
            required=frozenset({"CUSTOM_A", "CUSTOM_B"}),
            forbidden=frozenset({"CUSTOM_C"}),
            member_of=(frozenset({uuids.az1, uuids.az2}),)),)), data.query)
        self.assertEqual((("CUSTOM_D",), ("CUSTOM_E", "CUSTOM_F"), 42), (
            data.preferred_traits, data.avoided_traits, data.seed))
        self.assertEqual({"group": "a", "seed": "42"}, data.hints)

    def test_an_instance(self):
        instance = self.instance(**SPEC)
        data = self.driver.initialise(self.context, instance)
        self.check_query(data)
        self.assertEqual(
            ("req-9", "demo", "alice", 3, frozenset({"h1", "h2"}), False),
            (data.request_id, data.project_id, data.user_id, data.attempt,
             data.tried, data.dry_run))
        self.assertIs(instance, data.instance)

    def test_a_request(self):
        data = self.driver.initialise(self.context, self.request(
            **SPEC, hosts=["h3", "h1", "h3"]))
        self.check_query(data)
        self.assertEqual(
            (self.context.request_id, "demo", "alice", True, ("h3", "h1")),
            (data.request_id, data.project_id, data.user_id, data.dry_run,
             data.named_hosts))
        self.assertIsNone(data.instance)

    def test_both_ask_the_same(self):
        self.assertEqual(
            self.driver.initialise(self.context, self.instance(**SPEC)).query,
            self.driver.initialise(self.context, self.request(**SPEC)).query)

    def test_nothing_but_resources(self):
        data = self.driver.initialise(
            self.context, self.instance(resources={"VCPU": 1}))
        self.assertEqual(query.Query(groups=(query.RequestGroup(
            resources={"VCPU": 1}),)), data.query)
        self.assertEqual(((), (), {}), (
            data.preferred_traits, data.avoided_traits, data.hints))

    def test_seeds_differ_unless_given(self):
        seeds = {self.driver.initialise(
            self.context, self.instance(resources={"VCPU": 1})).seed
            for _ in range(8)}
        self.assertGreater(len(seeds), 6)

    def test_nonsense(self):
        good = {"resources": {"VCPU": 1}}
        for name, request in (
                ("nothing", self.instance()),
                ("no resources", self.instance(resources={})),
                ("none in a request", self.request()),
                ("zero", self.instance(resources={"VCPU": 0})),
                ("too many",
                 self.instance(resources={"VCPU": models.MAX_INT + 1})),
                ("text", self.instance(resources={"VCPU": "1"})),
                ("fraction", self.instance(resources={"VCPU": 1.5})),
                ("traits in a text",
                 self.instance(**good, required_traits="CUSTOM_A")),
                ("a number of traits",
                 self.instance(**good, avoided_traits=7)),
                ("seed in words",
                 self.instance(**good, scheduler_hints={"seed": "one"})),
                ("negative seed",
                 self.instance(**good, scheduler_hints={"seed": "-1"})),
                ("huge seed", self.instance(
                    **good, scheduler_hints={"seed": str(2 ** 64)})),
                ("something else", {"resources": {"VCPU": 1}})):
            with self.subTest(name):
                self.assertRaises(exception.SchedulingDataInvalid,
                                  self.driver.initialise, self.context,
                                  request)
