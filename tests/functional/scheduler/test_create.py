"""A create, from its message to the cast, and all the ways it can end."""

import dataclasses
import threading
from concurrent import futures

from oslo_context import context as oslo_context
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import context
from tachyon import exception
from tachyon import objects
from tachyon.db import models
from tachyon.scheduler.actions import base as actions_base
from tachyon.scheduler.actions import claim
from tests.functional.scheduler import base


class Meddler(actions_base.Action):
    """Stands before the claim and does what a test wants done there."""

    def __init__(self, conf, meddle):
        super().__init__(actions_base.Tools(conf, None), "meddler")
        self.meddle = meddle

    def validate(self, data):
        pass

    def execute(self, data):
        self.meddle(data)


def put_before_claim(scheduler, action):
    actions = scheduler._pipeline._actions
    claim = actions.pop("claim")
    actions[action.name] = action
    actions["claim"] = claim


class TestLanding(base.SchedulerCase):
    def test_lands_and_becomes_what_it_is_asked_to_be(self):
        uuid = self.add_host("h1", VCPU=4, MEMORY_MB=1024)
        self.beat("c1", ["h1"])
        landed = self.create({"VCPU": 2, "MEMORY_MB": 512})
        self.assertEqual(("BUILDING", "h1", uuid, 1), (
            landed.status, landed.host, landed.provider_uuid, landed.attempt))
        self.assertEqual({uuid: {"VCPU": 2, "MEMORY_MB": 512}},
                         self.allocated(landed))
        consumer = self.driver.allocations.get(landed.id)
        self.assertEqual(("INSTANCE", "demo", "alice"), (
            consumer.type, consumer.project_id, consumer.user_id))
        cast, = self.compute.casts
        self.assertEqual("c1", cast.service_host)
        self.assertEqual(objects.InstanceAction(
            message_id=self.message_of(landed).id, instance_id=landed.id,
            attempt=1, action="create", host="h1", name="vm", image="cirros",
            resources={"VCPU": 2, "MEMORY_MB": 512}), cast.action)
        self.assertTrue(self.scheduler.begin_action(
            self.admin_context, landed.id, 1, "h1"))
        self.assertTrue(self.finish(cast.action))
        done = self.get(landed)
        self.assertEqual(("STOPPED", None, "192.0.2.1"),
                         (done.status, done.task, done.ip_address))
        self.assertIsNone(self.message_of(landed))
        self.assertEqual(2, self.used(uuid))

    def test_the_callers_context_is_the_threads_own(self):
        self.add_host("h1")
        self.beat()
        before = oslo_context.get_current()
        landed = self.create()
        cast, = self.compute.casts
        self.assertEqual(landed.request_id, cast.request_id)
        self.assertEqual(landed.request_id, cast.current)
        self.assertIs(before, oslo_context.get_current())

    def test_a_second_wake_finds_nothing(self):
        self.add_host("h1")
        self.beat()
        landed = self.create()
        self.wake(landed)
        self.assertEqual(1, len(self.compute.casts))
        self.assertEqual(1, self.get(landed).attempt)

    def test_nested_providers_land_on_their_root(self):
        root = self.add_host("h1", MEMORY_MB=1024)
        numa = self.add_host("h1-numa0", parent=root, VCPU=2)
        self.beat()
        landed = self.create({"VCPU": 2, "MEMORY_MB": 512})
        self.assertEqual(("h1", root), (landed.host, landed.provider_uuid))
        self.assertEqual({root: {"MEMORY_MB": 512}, numa: {"VCPU": 2}},
                         self.allocated(landed))

    def test_sharing_providers_are_no_hosts(self):
        self.add_host("nfs", traits=["MISC_SHARES_VIA_AGGREGATE"],
                      aggregates=[uuids.rack], DISK_GB=100)
        self.beat()
        failed = self.create({"DISK_GB": 1})
        self.assertEqual(("ERROR", "0/0 hosts: there are none"),
                         (failed.status, failed.fault))
        self.add_host("h1", aggregates=[uuids.rack], VCPU=4)
        self.assertEqual("h1", self.create(
            {"DISK_GB": 1, "VCPU": 1}).host)

    def test_the_best_is_taken(self):
        self.add_host("small", VCPU=4)
        self.add_host("large", VCPU=64)
        self.beat()
        self.assertEqual("large", self.create().host)
        self.config("scheduler", cpu_weight_multiplier=-1.0)
        self.assertEqual("small", self.create().host)

    def test_equals_are_drawn_by_lot_and_the_lot_can_be_drawn_again(self):
        for number in range(8):
            self.add_host(f"h{number}", VCPU=100)
        self.beat()
        admin = context.get_admin_context()
        hosts = set()
        for seed in map(str, range(40)):
            request = objects.SchedulingRequest(
                resources={"VCPU": 1}, scheduler_hints={"seed": seed})
            found = {self.scheduler.explain(admin, request)["host"]
                     for _ in range(2)}
            self.assertEqual(1, len(found))
            hosts |= found
        self.assertGreater(len(hosts), 4)

    def test_dry_run_equals_the_real_decision(self):
        for number in range(6):
            self.add_host(f"h{number}", VCPU=4 + number % 2,
                          traits=["CUSTOM_A"] if number < 3 else [])
        self.beat()
        wish = {"resources": {"VCPU": 2}, "preferred_traits": ["CUSTOM_A"],
                "scheduler_hints": {"seed": "7"}}
        dry = self.scheduler.explain(
            self.admin_context, objects.SchedulingRequest(**wish))
        self.assertEqual([], self.compute.casts)
        landed = self.create(**wish)
        real = self.document(landed)
        self.assertEqual(landed.host, dry["host"])
        self.assertTrue(dry["dry_run"])
        self.assertFalse(real["dry_run"])
        for same in ("verdict", "summary", "funnel", "scores", "host",
                     "service", "allocations", "reason", "tries"):
            self.assertEqual(real[same], dry[same], same)
        self.assertEqual([*dry["inputs"]["pipeline"], "claim"],
                         real["inputs"]["pipeline"])
        self.assertEqual(real["inputs"]["seed"], dry["inputs"]["seed"])


class TestNothingFits(base.SchedulerCase):
    def test_summary_line_is_exact(self):
        self.add_host("h1", VCPU=1, traits=["CUSTOM_FAST"])
        self.add_host("h2", VCPU=2, traits=["CUSTOM_FAST"])
        self.add_host("h3", VCPU=8)
        self.add_host("h4", VCPU=8, traits=["CUSTOM_FAST"])
        self.beat("c4", ["h1", "h2", "h3"])
        failed = self.create({"VCPU": 4}, required_traits=["CUSTOM_FAST"])
        line = ("0/4 hosts: 2 short of VCPU, 1 lack CUSTOM_FAST, "
                "1 refused by ComputeFilter (no compute serves it)")
        self.assertEqual(("ERROR", line), (failed.status, failed.fault))
        self.assertIsNone(failed.task)
        self.assertIsNone(self.message_of(failed))
        self.assertEqual([], self.compute.casts)
        found = self.document(failed)
        self.assertEqual(("all_filtered", line),
                         (found["verdict"], found["summary"]))
        self.assertEqual(
            [("required", 4, 3), ("resources", 3, 1),
             ("ComputeFilter", 1, 0)],
            [(row["stage"], row["before"], row["after"])
             for row in found["funnel"]])
        self.assertEqual("INSUFFICIENT_RESOURCE", found["reason"]["code"])
        self.assertEqual(["h4"], [each["host"] for each in found["nearest"]])

    def test_computes(self):
        self.add_host("h1")
        for name, play, text in (
                ("nobody", lambda: None, "no compute serves it"),
                ("disabled", self.disable, "its compute is disabled"),
                ("down", self.let_go, "its compute is down")):
            with self.subTest(name):
                play()
                self.assertEqual(
                    f"0/1 hosts: 1 refused by ComputeFilter ({text})",
                    self.create().fault)

    def disable(self):
        self.beat("c1", ["h1"])
        self.driver.services.update(self.service("c1").id, enabled=False)

    def let_go(self):
        self.driver.services.update(self.service("c1").id, enabled=True)
        self.silence("c1")

    def test_unknown_trait(self):
        self.add_host("h1")
        self.beat()
        failed = self.create(required_traits=["CUSTOM_NOWHERE"])
        self.assertEqual(
            "0/1 hosts: 1 lack CUSTOM_NOWHERE (no provider has it)",
            failed.fault)

    def test_aggregates(self):
        self.add_host("h1", aggregates=[uuids.az1])
        self.add_host("h2", aggregates=[uuids.az2])
        self.beat()
        self.assertEqual("h2", self.create(aggregates=[uuids.az2]).host)
        failed = self.create(aggregates=[uuids.az3])
        self.assertTrue(failed.fault.startswith("0/2 hosts: 2 outside "))

    def test_bad_requests_end_before_anything_runs(self):
        self.add_host("h1")
        self.beat()
        for name, spec, text in (
                ("no resources", {"resources": {}}, "no resources"),
                ("no mapping", {"resources": [1]}, "no resources"),
                ("bad amount", {"resources": {"VCPU": "two"}}, "'two'"),
                ("negative", {"resources": {"VCPU": -1}}, "-1"),
                ("boolean", {"resources": {"VCPU": True}}, "True"),
                ("bad list", {"required_traits": "CUSTOM_A"},
                 "required_traits is no list"),
                ("bad seed", {"scheduler_hints": {"seed": "x"}},
                 "'x' is no seed")):
            with self.subTest(name):
                failed = self.wake(self.submit_spec(
                    {"resources": {"VCPU": 1}, **spec}))
                self.assertEqual("ERROR", failed.status)
                self.assertIn(text, failed.fault)
                found = self.document(failed)
                self.assertEqual("bad_request", found["verdict"])
                self.assertEqual("BAD_REQUEST", found["reason"]["code"])

    def test_a_message_without_a_caller(self):
        """Nobody can say on whose behalf it is: it ends, and holds up
        nothing."""
        self.add_host("h1")
        self.beat()
        for durable in (["x"], "x", None, 5):
            with self.subTest(durable):
                instance = self.make_instance({"resources": {"VCPU": 1}},
                                              f"req-{durable}")
                message = dataclasses.replace(
                    self.make_message(instance.id, "create"),
                    request_id=instance.request_id, context=durable)
                self.driver.instances.submit(instance, message)
                failed = self.wake(instance)
                self.assertEqual("ERROR", failed.status)
                self.assertIn("who asked for it", failed.fault)
                self.assertIsNone(self.message_of(failed))
                self.assertEqual("BAD_REQUEST",
                                 self.document(failed)["reason"]["code"])

    def test_policy_knows_the_caller(self):
        self.add_host("h1")
        self.beat()
        stranger = context.RequestContext(
            user_id="mallory", project_id="other", roles=["member"],
            overwrite=False)
        failed = self.wake(self.submit(ctx=stranger))
        self.assertEqual("ERROR", failed.status)
        self.assertIn("tachyon:instances:create", failed.fault)
        self.assertEqual("bad_request", self.document(failed)["verdict"])

    def test_explain_is_for_those_who_may(self):
        self.assertRaises(
            exception.PolicyNotAuthorized, self.scheduler.explain,
            self.context, objects.SchedulingRequest(resources={"VCPU": 1}))


class TestConflicts(base.SchedulerCase):
    def setUp(self):
        super().setUp()
        self.best = self.add_host("best", VCPU=8)
        self.next = self.add_host("next", VCPU=4)
        self.beat()
        self.meddled = 0

    def meddle(self, action, times=1):
        def once(data):
            if self.meddled < times:
                self.meddled += 1
                action(data.selection)
        put_before_claim(self.scheduler, Meddler(self.conf, once))

    def take_all(self, selection):
        """Another writer takes the chosen host."""
        uuid = selection.provider_uuid
        total = self.driver.resource_providers.get(
            uuid).inventories["VCPU"].capacity
        self.driver.allocations.replace([models.Claim(
            consumer_uuid=getattr(uuids, uuid), consumer_generation=None,
            project_id="other", user_id="bob",
            allocations={uuid: {"VCPU": total}})])

    def touch(self, selection):
        """Change the host, but take nothing of it."""
        provider = self.driver.resource_providers.get(
            selection.provider_uuid)
        self.driver.inventories.replace(provider.uuid, provider.generation,
                                        provider.inventories)

    def test_next_best_when_the_host_is_taken(self):
        self.meddle(self.take_all)
        landed = self.create()
        self.assertEqual("next", landed.host)
        self.assertEqual((8, 1), (self.used(self.best), self.used(self.next)))
        found = self.document(landed)
        self.assertEqual(2, found["tries"])
        self.assertEqual(["best"], [each["host"]
                                    for each in found["conflicts"]])
        self.assertEqual("1/2 hosts fit, the best was chosen",
                         found["summary"])

    def test_next_best_when_the_host_changed(self):
        self.meddle(self.touch)
        landed = self.create()
        self.assertEqual("next", landed.host)
        self.assertEqual((0, 1), (self.used(self.best), self.used(self.next)))

    def test_the_same_host_where_there_is_no_other(self):
        self.meddle(self.touch)
        self.assertEqual("best", self.create({"VCPU": 6}).host)

    def test_others_took_all(self):
        self.meddle(self.take_all, times=2)
        failed = self.create()
        self.assertEqual("ERROR", failed.status)
        self.assertEqual("0/2 hosts: 2 short of VCPU, "
                         "others were faster twice", failed.fault)
        self.assertEqual("claim_conflict", self.document(failed)["verdict"])

    def test_retries_come_to_an_end(self):
        self.config("scheduler", claim_retries=2)
        self.meddle(self.touch, times=100)
        failed = self.create()
        self.assertEqual(
            "2/2 hosts fit, but others were faster 3 times",
            failed.fault)
        found = self.document(failed)
        self.assertEqual(("retries_exhausted", 3, 2), (
            found["verdict"], found["tries"],
            found["limits"]["claim_retries"]))
        self.assertEqual(3, self.meddled)
        self.assertEqual((0, 0), (self.used(self.best), self.used(self.next)))

    def test_the_last_host_can_be_had_however_often_it_changes(self):
        self.meddle(self.touch, times=100)
        landed = self.create({"VCPU": 6})
        self.assertEqual("best", landed.host)
        self.assertEqual(claim.COMPARED_TRIES + 1,
                         self.document(landed)["tries"])

    def test_no_retries(self):
        self.config("scheduler", claim_retries=0)
        self.meddle(self.touch)
        self.assertEqual("ERROR", self.create().status)


class TestManyAtOnce(base.SchedulerCase):
    def test_two_schedulers_fill_one_host_to_the_unit(self):
        """Threads of one process never keep each other from success."""
        uuid = self.add_host("h1", VCPU=20)
        self.beat()
        schedulers = [self.scheduler, self.make_scheduler()]
        instances = [self.submit() for _ in range(30)]
        gate = threading.Barrier(15)

        def run(number):
            gate.wait(30)
            self.wake(instances[number], schedulers[number % 2])

        with futures.ThreadPoolExecutor(15) as executor:
            list(executor.map(run, range(30)))
        found = [self.get(each) for each in instances]
        landed = [each for each in found if each.host == "h1"]
        self.assertEqual(20, len(landed))
        self.assertEqual(20, self.used(uuid))
        self.assertEqual(20, len(self.compute.casts))
        for each in found:
            if each.host is None:
                self.assertIn(self.document(each)["verdict"],
                              ("no_candidates", "claim_conflict"))
