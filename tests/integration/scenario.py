"""The life of instances, as every deployment must show it.

The same scenario runs against the standalone and against the daemons apart: a
class that inherits it gives ``client`` and ``journals`` (how often the domain
drivers were made to create an instance).
"""

import uuid

from tests.integration.parts import client
from tests.integration.parts import journals

# The table of states: what each action leads to.
TABLE = {
    "STOPPED": {"start": "RUNNING", "delete": "DELETED"},
    "RUNNING": {"stop": "STOPPED", "restart": "RUNNING", "pause": "PAUSED",
                "delete": "DELETED"},
    "PAUSED": {"resume": "RUNNING", "stop": "STOPPED", "delete": "DELETED"},
    "ERROR": {"delete": "DELETED"},
    "DELETED": {},
}
ACTIONS = ("start", "stop", "restart", "pause", "resume", "delete")
# From STOPPED, along every edge of the table that does not end it.
WAY = ("start", "restart", "pause", "resume", "stop", "start", "pause",
       "stop")


class Lifecycle:
    """Tests to mix into a TestCase."""

    client: client.Client
    journals: journals.Journals

    def make(self, **request: object) -> dict:
        """Return an instance that has landed."""
        body = self.client.create(**request)
        self.assertEqual("BUILDING", body["status"])
        return self.client.wait_for(body["id"], "STOPPED", "ERROR")

    def test_an_instance_lands_on_a_host_and_takes_its_resources(self):
        body = self.make(name="web-1", flavor="m1.small")

        self.assertEqual("STOPPED", body["status"], body)
        self.assertIsNone(body["fault"])
        self.assertTrue(body["ip_address"])
        hosts = self.client.providers()
        self.assertIn(body["host"], hosts)
        taken = self.client.allocations_of(body["id"])
        self.assertEqual(
            {hosts[body["host"]]: {"VCPU": 1, "MEMORY_MB": 2048,
                                   "DISK_GB": 20}},
            {host: part["resources"] for host, part in taken.items()})
        self.assertEqual(1, self.journals.creates(body["id"]))

    def test_every_action_leads_where_the_table_says(self):
        body = self.make()
        id = body["id"]

        for action in WAY:
            expected = TABLE[body["status"]][action]
            self.client.act(id, action)
            body = self.client.wait_for(id, expected)
            self.refuse_all_but(TABLE[expected], body)

        self.assertEqual(1, self.journals.creates(id))

    def refuse_all_but(self, allowed: dict, body: dict) -> None:
        """Ask for each wrong action: 409, with state and allowed actions."""
        for action in set(ACTIONS) - set(allowed):
            answer = self.client.ask(
                "POST", f"/api/v1/instances/{body['id']}/actions",
                {"action": action})
            self.assertEqual(409, answer.status_code, answer.text)
            error = answer.json()["errors"][0]
            self.assertEqual(body["status"], error["state"])
            self.assertEqual(sorted(allowed), sorted(error["allowed_actions"]))

    def test_delete_gives_the_allocation_back_from_every_state(self):
        for way in ((), ("start",), ("start", "pause")):
            body = self.make()
            for action in way:
                self.client.act(body["id"], action)
                body = self.client.wait_for(
                    body["id"], TABLE[body["status"]][action])
            self.assertNotEqual({}, self.client.allocations_of(body["id"]))

            self.client.delete(body["id"])

            body = self.client.wait_for(body["id"], "DELETED")
            self.assertEqual({}, self.client.allocations_of(body["id"]))
            self.refuse_all_but({}, body)
            self.assertNotIn(body["id"], self.journals.alive())
            self.assertNotIn(body["id"], [
                listed["id"] for listed in self.client.instances()])

    def test_what_was_decided_is_explained(self):
        body = self.make()

        document = self.client.get(f"/api/v1/requests/{body['request_id']}")

        self.assertEqual("scheduled", document["verdict"])
        self.assertEqual(body["host"], document["host"])
        hosts = len(self.client.providers())
        self.assertEqual(hosts, document["funnel"][0]["before"])
        self.assertTrue(document["funnel"][-1]["after"] >= 1)
        self.assertEqual(hosts, len(document["scores"]))
        best = document["scores"][0]
        self.assertEqual((body["host"], 1), (best["host"], best["rank"]))
        self.assertTrue(best["weighers"])

    def test_what_fits_nowhere_ends_in_error_with_the_reason(self):
        hosts = len(self.client.providers())
        elsewhere = str(uuid.uuid4())
        for request, code, word in (
                ({"required_traits": ["HW_GPU_API_VULKAN"]},
                 "TRAIT_UNKNOWN_ANYWHERE", "HW_GPU_API_VULKAN"),
                ({"resources": {"VCPU": 5000}},
                 "INSUFFICIENT_RESOURCE", "VCPU"),
                ({"aggregates": [elsewhere]},
                 "NOT_IN_AGGREGATE", elsewhere)):
            body = self.make(**request)

            self.assertEqual("ERROR", body["status"], body)
            self.assertIsNone(body["host"])
            self.assertTrue(
                body["fault"].startswith(f"0/{hosts} hosts: "), body)
            self.assertIn(word, body["fault"])
            self.assertEqual({}, self.client.allocations_of(body["id"]))
            self.assertEqual(0, self.journals.creates(body["id"]))
            document = self.client.get(
                f"/api/v1/requests/{body['request_id']}")
            self.assertEqual("no_candidates", document["verdict"])
            self.assertEqual(body["fault"], document["summary"])
            self.assertEqual(code, document["reason"]["code"])
            self.refuse_all_but({"delete": "DELETED"}, body)
            self.client.delete(body["id"])
            self.client.wait_for(body["id"], "DELETED")

    def test_a_dry_run_explains_and_takes_nothing(self):
        before = self.client.ledger()

        document = self.client.tell(
            "POST", "/api/v1/explain",
            {"name": "dry", "flavor": "m1.tiny", "image": "debian-12"})

        self.assertEqual("scheduled", document["verdict"])
        self.assertEqual(before, self.client.ledger())

    def test_a_create_deleted_while_building_leaves_nothing(self):
        ids = []
        for _ in range(8):
            ids.append(self.client.create()["id"])
            self.client.delete(ids[-1])

        for id in ids:
            self.client.wait_for(id, "DELETED")
            self.assertEqual({}, self.client.allocations_of(id))
        self.journals.wait_until_gone(ids)
        self.assertEqual([], self.client.ledger().errors())
