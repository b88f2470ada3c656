"""All three services in this process, over ``fake://`` and SQLite."""

import collections
import json

from oslo_context import context

from tachyon import policy
from tachyon.cmd import standalone
from tachyon.compute.drivers import fake
from tests import base
from tests.integration.parts import client
from tests.integration.parts import wait

FAKE_HOST = "testhost-1"
TINY = {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}


class StandaloneCase(base.TestCase):

    options: dict[str, dict] = {}

    def setUp(self):
        super().setUp()
        self.addCleanup(policy.reset)
        standalone.set_defaults(self.conf)
        self.config(report_interval=0.2)
        self.config(group="api", port=0)
        self.config(group="compute", inventory_interval=0.5,
                    reconcile_interval=0.3)
        self.config(group="scheduler", sweep_interval=0.3, claim_ttl=2.0)
        for group, options in self.options.items():
            self.config(group=group, **options)
        self.service = self.start()
        self.client = client.Client(self.service.api.url)
        wait.until(self.is_ready, "the daemons are up")

    def start(self):
        service = standalone.StandaloneService(self.conf)
        service.start()
        self.addCleanup(service.stop)
        return service

    def is_ready(self):
        return (FAKE_HOST in self.client.providers()
                and len(self.up()) == 3)

    def up(self):
        return [binary for (binary, _), body in self.client.services().items()
                if body["state"] == "up"]

    def events(self):
        """Return how often the domain driver did what to an instance."""
        with open(fake.journal_path(self.conf)) as file:
            return collections.Counter(
                (event["instance_id"], event["event"])
                for event in map(json.loads, file))


class TestLife(StandaloneCase):

    def test_services(self):
        self.assertCountEqual(
            ["tachyon-api", "tachyon-compute", "tachyon-scheduler"],
            self.up())
        body = self.client.services()["tachyon-compute", "testhost"]
        self.assertEqual((["*"], "enabled"), (body["serves"], body["status"]))

    def test_create_act_delete(self):
        vm = self.client.create("vm")
        self.assertEqual("BUILDING", vm["status"])
        vm = self.client.wait_for(vm["id"], "STOPPED")
        self.assertEqual((FAKE_HOST, None), (vm["host"], vm["fault"]))
        self.assertTrue(vm["ip_address"].startswith("10."))
        uuid = self.client.providers()[FAKE_HOST]
        self.assertEqual({uuid: TINY}, {
            provider: body["resources"] for provider, body in
            self.client.allocations_of(vm["id"]).items()})
        for action, status in (("start", "RUNNING"), ("restart", "RUNNING"),
                               ("pause", "PAUSED"), ("resume", "RUNNING"),
                               ("pause", "PAUSED"), ("stop", "STOPPED")):
            with self.subTest(action):
                self.client.act(vm["id"], action)
                self.client.wait_for(vm["id"], status)
        self.client.delete(vm["id"])
        self.client.wait_for(vm["id"], "DELETED")
        self.assertEqual({}, self.client.allocations_of(vm["id"]))
        self.assertEqual([], self.client.ledger().errors())
        self.assertEqual(
            {"create": 1, "start": 1, "restart": 1, "pause": 2, "resume": 1,
             "stop": 1, "destroy": 1},
            {event: number for (_, event), number in self.events().items()})

    def test_the_request_is_explained(self):
        vm = self.client.create("vm")
        self.client.wait_for(vm["id"], "STOPPED")
        document = self.client.get(f"/api/v1/requests/{vm['request_id']}")
        self.assertEqual("scheduled", document["verdict"])

    def test_what_fits_nowhere(self):
        vm = self.client.create("vm", resources={"VCPU": 1000})
        vm = self.client.wait_for(vm["id"], "ERROR")
        self.assertIn("0/1 hosts", vm["fault"])
        self.assertEqual({}, self.client.allocations_of(vm["id"]))

    def test_a_delete_at_once(self):
        """Whoever wins the race, nothing stays."""
        ids = [self.client.create(f"vm{n}")["id"] for n in range(10)]
        for each in ids:
            self.client.delete(each)
        for each in ids:
            self.client.wait_for(each, "DELETED")
        wait.until(lambda: all(
            self.events()[each, "create"] == self.events()[each, "destroy"]
            for each in ids), "no copy stays")
        ledger = self.client.ledger()
        self.assertEqual([], ledger.errors())
        self.assertEqual({}, ledger.consumers[FAKE_HOST])

    def test_many_at_once(self):
        ids = [self.client.create(f"vm{n}")["id"] for n in range(16)]
        for each in ids:
            self.client.wait_for(each, "STOPPED")
        # 16 VCPUs: the host is full to the unit.
        last = self.client.create("last")
        fault = self.client.wait_for(last["id"], "ERROR")["fault"]
        self.assertIn("VCPU", fault)
        ledger = self.client.ledger()
        self.assertEqual([], ledger.errors())
        self.assertEqual(16, ledger.used[FAKE_HOST]["VCPU"])
        self.assertEqual({(each, "create"): 1 for each in ids},
                         dict(self.events()))

    def test_a_disabled_compute_gets_nothing_new(self):
        service = self.client.services()["tachyon-compute", "testhost"]
        path = f"/api/v1/services/{service['id']}"
        old = self.client.create("old")
        self.client.wait_for(old["id"], "STOPPED")
        self.client.tell("PATCH", path, {"status": "disabled",
                                         "disabled_reason": "repair"})
        wait.until(lambda: self.client.wait_for(
            self.client.create("new")["id"], "STOPPED", "ERROR"
            )["status"] == "ERROR", "the scheduler knows")
        # What is there goes on.
        self.client.act(old["id"], "start")
        self.client.wait_for(old["id"], "RUNNING")
        self.client.tell("PATCH", path, {"status": "enabled"})
        wait.until(lambda: self.client.wait_for(
            self.client.create("newer")["id"], "STOPPED", "ERROR"
            )["status"] == "STOPPED", "the scheduler knows")

    def test_hosts_loaded_through_the_placement_api_are_simulated(self):
        uuid = "11111111-2222-4333-8444-555555555555"
        self.client.make_host("rack9", uuid, ("HW_GPU_API_VULKAN",),
                              VCPU=4, MEMORY_MB=4096, DISK_GB=10)
        vm = self.client.create("vm", required_traits=["HW_GPU_API_VULKAN"])
        self.assertEqual(
            "rack9", self.client.wait_for(vm["id"], "STOPPED")["host"])

    def test_the_request_id_and_user_reach_the_compute(self):
        seen = []
        act = self.service.parts[1].manager._act

        def spy(action):
            seen.append(context.get_current())
            return act(action)

        self.service.parts[1].manager._act = spy
        answer = self.client.ask("POST", "/api/v1/instances", {
            "name": "vm", "flavor": "m1.tiny", "image": "i"},
            {"X-Auth-Token": "admin:demo"})
        vm = answer.json()
        self.client.wait_for(vm["id"], "STOPPED")
        self.assertEqual([(vm["request_id"], vm["user_id"])], [
            (caller.request_id, caller.user_id) for caller in seen])


class TestFailures(StandaloneCase):

    options = {"fake": {"hosts": 2, "failure_rate": 1.0}}

    def test_a_create_that_fails_everywhere(self):
        vm = self.client.create("vm")
        vm = self.client.wait_for(vm["id"], "ERROR")
        self.assertIn("failed to create", vm["fault"])
        self.assertEqual({}, self.client.allocations_of(vm["id"]))
        self.assertEqual([], self.client.ledger().errors())
        self.client.delete(vm["id"])
        self.client.wait_for(vm["id"], "DELETED")

    def test_and_then_one_that_does_not(self):
        self.config(group="fake", failure_rate=0.0)
        vm = self.client.create("vm")
        self.client.wait_for(vm["id"], "STOPPED")


class TestSlowDriver(StandaloneCase):

    options = {"fake": {"delay": 3.0}}

    def test_a_claim_outlives_its_ttl_while_it_is_worked_on(self):
        vm = self.client.create("vm")
        self.client.wait_for(vm["id"], "STOPPED")
        self.assertEqual({(vm["id"], "create"): 1}, dict(self.events()))


class TestRestart(StandaloneCase):

    def test_all_is_as_it_was(self):
        vm = self.client.create("vm")
        before = self.client.wait_for(vm["id"], "STOPPED")
        self.service.stop()
        self.client = client.Client(self.start().api.url)
        self.assertEqual(before, self.client.instance(vm["id"]))
        self.client.act(vm["id"], "start")
        self.client.wait_for(vm["id"], "RUNNING")

    def test_a_copy_whose_instance_was_deleted_meanwhile_goes(self):
        vm = self.client.create("vm")
        self.client.wait_for(vm["id"], "STOPPED")
        copy = self.service.parts[1].manager.driver.get(vm["id"])
        self.client.delete(vm["id"])
        self.client.wait_for(vm["id"], "DELETED")
        self.service.stop()
        # As a compute has it that was away when the instance was deleted.
        driver = fake.FakeDriver(self.conf)
        driver._write("create", copy)
        driver.close()
        driver = self.start().parts[1].manager.driver
        wait.until(lambda: driver.get(vm["id"]) is None,
                   "the stale copy is destroyed")
