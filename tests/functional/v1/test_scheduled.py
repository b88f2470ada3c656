"""The v1 API with a real scheduler behind it; the compute is played."""

import futurist

from tachyon import objects
from tachyon.db import models
from tachyon.placement import manager as placement_manager
from tachyon.placement import view
from tachyon.scheduler import manager as scheduler_manager
from tests.functional.scheduler import base as scheduler_base
from tests.functional.v1 import base

HOSTS = ("first-host", "second-host")
ALICE = {"token": "alice:demo"}


class TestScheduled(base.TestCase):

    def setUp(self):
        super().setUp()
        for name in HOSTS:
            self.add_host(name)
        self.driver.services.report([
            models.Heartbeat("c1", "tachyon-compute", serves=("*",))])
        self.compute = scheduler_base.FakeComputeAPI()
        seen = view.View(self.driver)
        self.real = scheduler_manager.SchedulerManager(
            self.conf, self.driver, seen,
            placement_manager.PlacementManager(self.conf, self.driver, seen),
            self.compute, futurist.SynchronousExecutor())
        self.scheduler.wake = self.real.wake
        self.scheduler.explain = self.real.explain
        self.scheduler.explain_server = self.real.explain_server

    def add_host(self, name):
        uuid = self.getUniqueString()
        self.driver.resource_providers.create(uuid, name)
        self.driver.inventories.replace(uuid, 0, {
            "VCPU": models.Inventory(4), "DISK_GB": models.Inventory(100),
            "MEMORY_MB": models.Inventory(8192)})

    def finish(self):
        """Do what the compute was told last, as far as anybody can see."""
        action = self.compute.casts[-1].action
        self.assertTrue(self.real.finish_action(
            self.admin, objects.ActionResult(
                instance_id=action.instance_id, attempt=action.attempt,
                host=action.host, action=action.action, succeeded=True,
                ip_address="192.0.2.7")))

    def act(self, id, action):
        self.tell("POST", f"/instances/{id}/actions", {"action": action},
                  status=202, **ALICE)
        self.finish()
        body = self.tell("GET", f"/instances/{id}", **ALICE)
        self.assertIsNone(body["task"])
        return body["status"]

    def test_the_way_of_an_instance(self):
        id = self.make_vm()["id"]
        self.finish()

        body = self.tell("GET", f"/instances/{id}")
        self.assertEqual(("STOPPED", None, "192.0.2.7"), (
            body["status"], body["task"], body["ip_address"]))
        self.assertIn(body["host"], HOSTS)
        for action, status in (("start", "RUNNING"), ("restart", "RUNNING"),
                               ("pause", "PAUSED"), ("resume", "RUNNING"),
                               ("stop", "STOPPED"), ("delete", "DELETED")):
            self.assertEqual(status, self.act(id, action))

    def test_a_decision_is_explained_from_the_request_of_its_instance(self):
        vm = self.make_vm()

        body = self.tell("GET", f"/requests/{vm['request_id']}")

        self.assertEqual(("scheduled", vm["id"], "demo"), (
            body["verdict"], body["consumer_uuid"], body["project_id"]))
        self.assertIn(body["host"], HOSTS)
        self.assertEqual(set(HOSTS), {
            score["host"] for score in body["scores"]})

    def test_what_fits_nowhere_says_so(self):
        id = self.make_vm(resources={"VCPU": 5})["id"]

        vm = self.tell("GET", f"/instances/{id}", **ALICE)
        body = self.tell("GET", f"/requests/{vm['request_id']}")

        self.assertEqual(("ERROR", "0/2 hosts: 2 short of VCPU"),
                         (vm["status"], vm["fault"]))
        self.assertEqual(("no_candidates", vm["fault"]),
                         (body["verdict"], body["summary"]))
        self.assertEqual(set(HOSTS), {
            miss["host"] for miss in body["nearest"]})

    def test_an_owner_never_sees_a_host(self):
        for wish in ({}, {"resources": {"VCPU": 5}},
                     {"required_traits": ["CUSTOM_NONE"]}):
            vm = self.make_vm(**wish)
            for path in (f"/instances/{vm['id']}", "/instances", "/requests",
                         f"/requests/{vm['request_id']}"):
                answer = self.ask("GET", path, **ALICE)
                self.assertEqual(200, answer.status_code)
                for name in (*HOSTS, "c1"):
                    self.assertNotIn(f'"{name}"', answer.text, path)

    def test_a_dry_run_is_what_a_create_would_be(self):
        for wish in ({}, {"resources": {"VCPU": 5}}):
            dry = self.tell("POST", "/explain", {
                **base.WISH, **wish, "hosts": [HOSTS[0], "nowhere"],
                "scheduler_hints": {"seed": "7"}})
            self.assertTrue(dry["dry_run"])
            self.assertEqual([HOSTS[0], "nowhere"],
                             [host["host"] for host in dry["hosts"]])
            vm = self.make_vm(**wish, scheduler_hints={"seed": "7"})
            wet = self.tell("GET", f"/requests/{vm['request_id']}")
            for key in ("verdict", "summary", "host", "funnel", "scores"):
                self.assertEqual(wet[key], dry[key], key)

    def test_how_many_more_fit(self):
        self.make_vm(resources={"VCPU": 3, "MEMORY_MB": 512, "DISK_GB": 1})
        wish = {**base.WISH, "resources": {"VCPU": 1}, "capacity": True}
        capacity = self.tell("POST", "/explain", wish)["capacity"]
        fits = sorted(host["fits"] for host in capacity["hosts"])
        # 2 GiB each, of 8 and of 7.5.
        self.assertEqual((5, True, [1, 4]),
                         (capacity["total"], capacity["exact"], fits))
        wish["required_traits"] = ["CUSTOM_NONE"]
        self.assertEqual(
            {"total": 0, "exact": True, "bounds": [], "hosts": [],
             "truncated": False},
            self.tell("POST", "/explain", wish)["capacity"])

    def test_servers_of_nova_are_nothing_to_it(self):
        error = self.refuse(400, "POST", "/explain", {"server": {
            "flavor": {"vcpus": 1, "memory_mb": 1}}})
        self.assertIn("[nova] enabled is off", error["detail"])

    def test_a_host_whose_compute_is_disabled_gets_nothing(self):
        service, = self.tell("GET", "/services")["services"]
        self.tell("PATCH", f"/services/{service['id']}",
                  {"status": "disabled", "disabled_reason": "new memory"})

        id = self.make_vm()["id"]

        vm = self.tell("GET", f"/instances/{id}", **ALICE)
        self.assertEqual("ERROR", vm["status"])
        body = self.tell("GET", f"/requests/{vm['request_id']}")
        self.assertEqual("all_filtered", body["verdict"])
