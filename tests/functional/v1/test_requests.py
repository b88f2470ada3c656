import dataclasses

from oslo_utils import uuidutils

from tachyon import exception
from tachyon.instances import requests
from tests.functional.v1 import base
from tests.unit.instances import documents

ALICE = {"token": "alice:demo"}
SERVER = {
    "flavor": {"name": "m1", "vcpus": 2, "memory_mb": 1024, "root_gb": 1,
               "ephemeral_gb": 1, "swap": 0, "extra_specs": {"a:b": "c"}},
    "image": {"min_disk": 1, "min_ram": 1, "disk_format": "raw",
              "properties": {"hw_machine_type": "q35", "hw_numa_nodes": 1,
                             "hw_vif_multiqueue_enabled": True}},
    "hints": {"group": "g", "different_host": ["a", "b"]},
    "availability_zone": "west", "host": "h", "node": "n",
    "force_host": "h", "force_node": "n", "ignore_hosts": ["i"],
    "volume_backed": False, "project_id": "p", "user_id": "u"}


class TestRequests(base.TestCase):

    def refuse_vm(self, token="alice:demo", **changes):
        """Return the body of an instance that fits nowhere."""
        id = self.make_vm(token, **changes)["id"]
        instance = self.driver.instances.get(id)
        document = {**documents.make(), "request_id": instance.request_id,
                    "consumer_uuid": id}
        self.driver.instances.fail(
            id, self.claim(id), document["summary"],
            self.make_decision(instance, document))
        return self.tell("GET", f"/instances/{id}")

    def test_the_request_of_an_instance_is_explained(self):
        vm = self.refuse_vm()

        body = self.tell("GET", f"/requests/{vm['request_id']}")

        self.assertEqual(
            ("no_candidates", vm["fault"], vm["id"], vm["request_id"],
             "demo"),
            tuple(body[key] for key in (
                "verdict", "summary", "consumer_uuid", "request_id",
                "project_id")))
        self.assertEqual("INSUFFICIENT_RESOURCE", body["reason"]["code"])
        self.assertEqual([documents.HOST],
                         body["funnel"][0]["removed"][0]["examples"])

    def test_its_owner_sees_no_hosts(self):
        vm = self.refuse_vm()

        answer = self.ask("GET", f"/requests/{vm['request_id']}", **ALICE)

        self.assertEqual(200, answer.status_code)
        self.assertNotIn(documents.HOST, answer.text)

    def test_others_see_nothing(self):
        vm = self.refuse_vm()
        for path, token in ((vm["request_id"], "bob:other"),
                            ("req-nothing", "admin")):
            error = self.refuse(404, "GET", f"/requests/{path}", token=token)
            self.assertEqual("tachyon.request.not_found", error["code"])

    def test_lists(self):
        one, two = (self.refuse_vm() for _ in range(2))
        three = self.refuse_vm("bob:other")
        cases = [
            ("", "admin", [three, two, one]),
            ("", "alice:demo", [two, one]),
            ("?project_id=other", "admin", [three]),
            (f"?consumer={one['id']}", "alice:demo", [one]),
            (f"?consumer={three['id']}", "alice:demo", []),
            (f"?consumer={uuidutils.generate_uuid()}", "admin", []),
            ("?limit=1", "admin", [three]),
            (f"?marker={three['request_id']}", "admin", [two, one]),
        ]
        for query, token, expected in cases:
            with self.subTest(query, token=token):
                body = self.tell("GET", f"/requests{query}", token=token)
                self.assertEqual(
                    [(vm["request_id"], vm["id"]) for vm in expected],
                    [(row["request_id"], row["consumer_uuid"])
                     for row in body["requests"]])
        self.refuse(403, "GET", "/requests?project_id=other", **ALICE)

    def test_pages_lead_to_each_other(self):
        ids = [self.refuse_vm()["request_id"] for _ in range(3)]
        found, path = [], "/requests?limit=2"
        while path:
            body = self.tell("GET", path, **ALICE)
            found += [row["request_id"] for row in body["requests"]]
            path = None
            for link in body["links"]:
                path = link["href"].removeprefix("/api/v1")
        self.assertEqual(ids[::-1], found)

    def test_a_dropped_document_is_shown_still(self):
        """Of a document that was too large, empty lists are left."""
        id = self.make_vm()["id"]
        instance = self.driver.instances.get(id)
        document = {**documents.make(), "scores": [], "funnel": [],
                    "inputs": {}, "allocations": [], "reason": None}
        decision = dataclasses.replace(
            self.make_decision(instance, document), consumer_uuid="")
        self.driver.instances.fail(id, self.claim(id), "f", decision)
        for token in ("admin", "alice:demo"):
            self.tell("GET", f"/requests/{instance.request_id}", token=token)


class TestExplain(base.TestCase):

    def test_the_document_is_the_answer(self):
        self.scheduler.answer = documents.make("scheduled")

        body = self.tell("POST", "/explain",
                         {**base.WISH, "hosts": ["host-1"]})

        self.assertEqual(documents.make("scheduled"), body)
        (_, request, capacity), = self.scheduler.asked
        self.assertEqual((["host-1"], False), (request.hosts, capacity))
        self.assertEqual([], self.tell("GET", "/instances")["instances"])

    def test_how_many_more_fit(self):
        self.scheduler.answer = {**documents.make("scheduled"), "capacity": {
            "total": 7, "exact": False, "bounds": ["search"],
            "truncated": True, "hosts": [
                {"host": "host-1", "uuid": "u", "fits": 7}]}}

        body = self.tell("POST", "/explain", {**base.WISH, "capacity": True})

        self.assertEqual(self.scheduler.answer, body)
        (_, _, capacity), = self.scheduler.asked
        self.assertIs(True, capacity)

    def test_servers_of_nova(self):
        self.scheduler.answer = documents.make("scheduled")
        for body in ({"server": SERVER}, {"request_spec": {"any": ["thing"]}}):
            for more in ({}, {"hosts": ["a"], "capacity": True}):
                self.tell("POST", "/explain", {**body, **more})
                _, *asked = self.scheduler.asked[-1]
                self.assertEqual([body, more.get("hosts", []),
                                  more.get("capacity", False)], asked)

    def test_servers_that_make_no_sense(self):
        flavor = SERVER["flavor"]
        cases = [({"server": {}}, "server.flavor"),
                 ({"server": {"flavor": {"vcpus": 1}}},
                  "server.flavor.memory_mb"),
                 ({"server": {"flavor": {**flavor, "vcpus": -1}}},
                  "server.flavor.vcpus"),
                 ({"server": {"flavor": {**flavor, "extra_specs": {
                     "a": 1}}}}, "server.flavor.extra_specs.a"),
                 ({"server": {**SERVER, "image": {"properties": {
                     "a": {}}}}}, "server.image.properties.a"),
                 ({"server": {**SERVER, "hints": {"a": [1]}}},
                  "server.hints.a.0"),
                 ({"server": {**SERVER, "hosts": []}}, "server.hosts"),
                 ({"server": SERVER, "request_spec": {}}, "request_spec"),
                 ({"request_spec": []}, "request_spec"),
                 ({"request_spec": {}, "capacity": 1}, "capacity"),
                 ({**base.WISH, "server": SERVER}, "flavor"),
                 ({**base.WISH, "capacity": "yes"}, "capacity")]
        for body, field in cases:
            error = self.refuse(400, "POST", "/explain", body)
            self.assertEqual(field, error["field"])
        for body in ([], "server"):
            self.refuse(400, "POST", "/explain", body)
        for depth in (requests.DEPTH_MAX, 900):
            spec = {}
            for _ in range(depth):
                spec = {"nova_object.data": spec}
            error = self.refuse(400, "POST", "/explain",
                                {"request_spec": spec})
            self.assertIn("nested too deeply", error["detail"])
        self.assertEqual([], self.scheduler.asked)

    def test_it_is_held_to_what_a_create_is(self):
        cases = [({**base.WISH, "flavor": "none"}, "flavor"),
                 ({**base.WISH, "hosts": "host-1"}, "hosts"),
                 ({**base.WISH, "hosts": [""]}, "hosts.0"),
                 ({**base.WISH, "hosts": ["a"] * 101}, "hosts"),
                 ({"name": "a"}, "flavor")]
        for body, field in cases:
            error = self.refuse(400, "POST", "/explain", body)
            self.assertEqual(field, error["field"])
        self.scheduler.answer = documents.make("scheduled")
        self.tell("POST", "/explain", {**base.WISH, "hosts": ["a"] * 100})

    def test_it_is_for_admins_whatever_they_send(self):
        self.refuse(403, "POST", "/explain", base.WISH, **ALICE)
        self.refuse(403, "POST", "/explain", {"bad": "body"}, **ALICE)

    def test_what_the_scheduler_refuses(self):
        for error, status in (
                (exception.SchedulingDataInvalid(action="a", reason="b"),
                 400),
                (exception.SchedulerUnavailable(reason="silence"), 503),
                (exception.DriverUnavailable(reason="gone"), 503)):
            self.scheduler.error = error
            body = self.refuse(status, "POST", "/explain", base.WISH)
            self.assertEqual(str(error), body["detail"])
