from concurrent import futures

from oslo_utils import uuidutils

from tachyon.instances import states
from tests.functional.v1 import base

ALICE = {"token": "alice:demo"}
BOB = {"token": "bob:other"}


class TestCreate(base.TestCase):

    def test_it_is_accepted_and_found_again(self):
        answer = self.ask("POST", "/instances", base.WISH, **ALICE)

        self.assertEqual(202, answer.status_code)
        body = answer.json
        self.assertEqual(f"http://localhost/api/v1/instances/{body['id']}",
                         answer.headers["Location"])
        self.assertEqual(
            ("web-1", "m1.small", "debian-12", "BUILDING", "create", "demo",
             "alice"),
            tuple(body[key] for key in (
                "name", "flavor", "image", "status", "task", "project_id",
                "user_id")))
        self.assertEqual({"VCPU": 1, "MEMORY_MB": 2048, "DISK_GB": 20},
                         body["resources"])
        for key in ("host", "ip_address", "fault", "deleted_at"):
            self.assertIsNone(body[key])
        self.assertEqual(answer.headers["X-Openstack-Request-Id"],
                         body["request_id"])
        self.assertEqual(
            body, self.tell("GET", f"/instances/{body['id']}", **ALICE))

    def test_the_scheduler_is_told_who_asked(self):
        body = self.make_vm()

        (ctx, notice), = self.scheduler.woken
        self.assertEqual(
            ("alice", "demo", body["request_id"], body["id"]),
            (ctx.user_id, ctx.project_id, ctx.request_id,
             notice.instance_id))

    def test_a_scheduler_that_is_away_is_not_the_callers_business(self):
        self.scheduler.error = OSError("no broker")

        self.make_vm()

        self.assertEqual(1, len(self.driver.messages.list()))

    def test_everything_that_can_be_asked_for_is_shown_again(self):
        wish = {
            "name": "näme with 空 spaces",
            "resources": {"VCPU": 2, "CUSTOM_GOLD": 1, "DISK_GB": 0},
            "required_traits": ["HW_CPU_X86_AVX2"],
            "forbidden_traits": ["CUSTOM_OLD"],
            "preferred_traits": ["CUSTOM_NEW"],
            "avoided_traits": ["CUSTOM_LOUD"],
            "aggregates": [uuidutils.generate_uuid()],
            "scheduler_hints": {"group": "a"},
        }

        body = self.make_vm(**wish)

        wish["resources"] = {"VCPU": 2, "CUSTOM_GOLD": 1, "MEMORY_MB": 2048}
        self.assertEqual(wish, {key: body[key] for key in wish})

    def test_a_whole_float_is_an_integer(self):
        body = self.make_vm(resources={"VCPU": 2.0})

        self.assertIs(int, type(body["resources"]["VCPU"]))


class TestShow(base.TestCase):

    def test_a_landed_one(self):
        id = self.make_idle_vm()

        body = self.tell("GET", f"/instances/{id}")

        self.assertEqual(
            ("STOPPED", None, "host-1", "192.0.2.7"),
            tuple(body[key] for key in ("status", "task", "host",
                                        "ip_address")))

    def test_its_host_is_for_admins(self):
        id = self.make_idle_vm()
        self.assertIsNone(
            self.tell("GET", f"/instances/{id}", **ALICE)["host"])

    def test_a_failed_one_says_why(self):
        id = self.make_vm()["id"]
        self.driver.instances.fail(id, self.claim(id), "0/2 hosts: no VCPU")

        body = self.tell("GET", f"/instances/{id}", **ALICE)

        self.assertEqual(("ERROR", "0/2 hosts: no VCPU"),
                         (body["status"], body["fault"]))

    def test_what_is_not_there_or_not_ones_own(self):
        id = self.make_vm()["id"]
        for path, more in ((f"/instances/{uuidutils.generate_uuid()}", ALICE),
                           (f"/instances/{id}", BOB)):
            error = self.refuse(404, "GET", path, **more)
            self.assertEqual("tachyon.instance.not_found", error["code"])

    def test_times_are_utc_to_the_second(self):
        body = self.make_vm()
        for key in ("created_at", "updated_at"):
            self.assertRegex(body[key],
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


class TestList(base.TestCase):

    def ids(self, query="", **more):
        body = self.tell("GET", f"/instances{query}", **more or ALICE)
        return [instance["id"] for instance in body["instances"]]

    def test_filters(self):
        one = self.make_vm(name="one", image="a", flavor="m1.tiny")["id"]
        two = self.make_vm(name="two", image="a")["id"]
        three = self.make_idle_vm(name="three", image="b")
        gone = self.make_vm(name="gone", image="b")["id"]
        self.tell("DELETE", f"/instances/{gone}", status=202)
        theirs = self.make_vm("bob:other", name="one")["id"]
        admin = {"token": "admin"}
        cases = [
            ("", ALICE, [one, two, three]),
            ("", BOB, [theirs]),
            ("", admin, [one, two, three, theirs]),
            ("?project_id=other", admin, [theirs]),
            ("?project_id=demo", ALICE, [one, two, three]),
            ("?name=one", ALICE, [one]),
            ("?name=none", ALICE, []),
            ("?image=a", ALICE, [one, two]),
            ("?image=a&name=two", ALICE, [two]),
            ("?flavor=m1.tiny", ALICE, [one]),
            ("?status=STOPPED", ALICE, [three]),
            ("?status=BUILDING", ALICE, [one, two]),
            ("?status=DELETED", ALICE, [gone]),
            ("?include_deleted=true", ALICE, [one, two, three, gone]),
            ("?include_deleted=false", ALICE, [one, two, three]),
            ("?host=host-1", admin, [three]),
        ]
        for query, who, expected in cases:
            with self.subTest(query, who=who):
                self.assertEqual(expected, self.ids(query, **who))

    def test_what_one_may_not_ask(self):
        for query in ("?project_id=other", "?host=host-1"):
            self.refuse(403, "GET", f"/instances{query}", **ALICE)

    def test_pages_lead_to_each_other(self):
        ids = [self.make_vm(name=f"vm-{i}", image="a")["id"]
               for i in range(5)]
        self.make_vm(image="b")
        found, sizes, path = [], [], "/instances?image=a&limit=2"
        while path:
            body = self.tell("GET", path, **ALICE)
            sizes.append(len(body["instances"]))
            found += [instance["id"] for instance in body["instances"]]
            path = None
            for link in body["links"]:
                self.assertEqual("next", link["rel"])
                path = link["href"].removeprefix("/api/v1")
        self.assertEqual(([2, 2, 1], ids), (sizes, found))

    def test_links_keep_all_of_the_query(self):
        for _ in range(2):
            self.make_vm(image="a b&c=d")
        query = "?image=a+b%26c%3Dd&include_deleted=true&limit=1"

        body = self.tell("GET", f"/instances{query}", **ALICE)

        href = body["links"][0]["href"].removeprefix("/api/v1")
        body = self.tell("GET", href, **ALICE)
        self.assertEqual((1, []), (len(body["instances"]), body["links"]))

    def test_limits(self):
        self.config(group="api", max_limit=3)
        for _ in range(4):
            self.make_vm()
        for limit, size in (("", 3), ("?limit=1", 1), ("?limit=2", 2),
                            ("?limit=3", 3), ("?limit=4", 3),
                            ("?limit=2147483647", 3)):
            with self.subTest(limit):
                self.assertEqual(size, len(self.ids(limit)))


class TestActions(base.TestCase):

    def test_what_the_state_allows_is_accepted(self):
        for status in ("STOPPED", "RUNNING", "PAUSED"):
            for action in states.allowed(status):
                with self.subTest(status, action=action):
                    id = self.make_idle_vm(status)
                    body = self.tell("POST", f"/instances/{id}/actions",
                                     {"action": action}, status=202, **ALICE)
                    self.assertEqual((status, action),
                                     (body["status"], body["task"]))

    def test_what_it_does_not_allow_is_refused(self):
        for status in ("STOPPED", "RUNNING", "PAUSED"):
            id = self.make_idle_vm(status)
            allowed = list(states.allowed(status))
            for action in set(states.ACTIONS) - set(allowed):
                with self.subTest(status, action=action):
                    error = self.refuse(
                        409, "POST", f"/instances/{id}/actions",
                        {"action": action}, **ALICE)
                    self.assertEqual((status, allowed),
                                     (error["state"],
                                      error["allowed_actions"]))
                    self.assertIn(", ".join(allowed), error["detail"])

    def test_a_building_one_can_be_deleted_only(self):
        id = self.make_vm()["id"]
        for action in states.ACTIONS[:-1]:
            error = self.refuse(409, "POST", f"/instances/{id}/actions",
                                {"action": action}, **ALICE)
            self.assertEqual(("BUILDING", ["delete"]),
                             (error["state"], error["allowed_actions"]))

    def test_a_busy_one_can_be_deleted_only(self):
        id = self.make_idle_vm("RUNNING")
        path = f"/instances/{id}/actions"
        self.tell("POST", path, {"action": "stop"}, status=202, **ALICE)

        error = self.refuse(409, "POST", path, {"action": "pause"}, **ALICE)

        self.assertEqual(
            ("tachyon.instance.busy", "RUNNING", ["delete"]),
            (error["code"], error["state"], error["allowed_actions"]))
        body = self.tell("POST", path, {"action": "delete"}, status=202,
                         **ALICE)
        self.assertEqual("delete", body["task"])

    def test_of_many_at_once_one_is_accepted(self):
        id = self.make_idle_vm()

        def start(_):
            return self.make_client().post(
                f"/api/v1/instances/{id}/actions", json={"action": "start"},
                headers={"X-Auth-Token": "alice:demo",
                         "X-Roles": "member,reader"}).status_code

        with futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(start, range(8)))

        self.assertEqual([202] + [409] * 7, sorted(statuses))
        self.assertEqual(1, len(self.driver.messages.list()))

    def test_of_another_project(self):
        id = self.make_idle_vm()
        self.refuse(404, "POST", f"/instances/{id}/actions",
                    {"action": "start"}, **BOB)
        self.refuse(404, "DELETE", f"/instances/{id}", **BOB)
        self.assertIsNone(self.tell("GET", f"/instances/{id}")["task"])

    def test_an_unknown_one(self):
        path = f"/instances/{uuidutils.generate_uuid()}"
        self.refuse(404, "POST", f"{path}/actions", {"action": "start"})
        self.refuse(404, "DELETE", path)


class TestDelete(base.TestCase):

    def test_a_landed_one_goes_in_time(self):
        id = self.make_idle_vm()
        for _ in range(2):
            body = self.tell("DELETE", f"/instances/{id}", status=202,
                             **ALICE)
            self.assertEqual(("STOPPED", "delete"),
                             (body["status"], body["task"]))
        self.assertEqual(1, len(self.driver.messages.list()))

    def test_one_that_never_landed_goes_at_once(self):
        id = self.make_vm()["id"]

        body = self.tell("DELETE", f"/instances/{id}", status=202, **ALICE)

        self.assertEqual(("DELETED", None), (body["status"], body["task"]))
        self.assertIsNotNone(body["deleted_at"])
        self.assertEqual(
            body, self.tell("GET", f"/instances/{id}", **ALICE))

    def test_a_deleted_one_refuses_everything(self):
        id = self.make_vm()["id"]
        self.tell("DELETE", f"/instances/{id}", status=202)
        answers = [self.refuse(409, "DELETE", f"/instances/{id}")]
        answers += [self.refuse(409, "POST", f"/instances/{id}/actions",
                                {"action": action})
                    for action in states.ACTIONS]
        for error in answers:
            self.assertEqual(
                ("tachyon.instance.invalid_transition", "DELETED", []),
                (error["code"], error["state"], error["allowed_actions"]))
