"""``/healthcheck``: what a load balancer learns."""

import socket
from unittest import mock

from tests.functional.placement import base


class HealthcheckTestCase(base.TestCase):

    def check(self, method="GET", **headers):
        return self.ask(method, "/healthcheck", token=None, version=None,
                        headers={"Accept": "application/json", **headers})

    def use_bus(self, *ports):
        hosts = ",".join(f"guest:sesame@127.0.0.1:{port}" for port in ports)
        self.messaging_fixture.transport_url = f"rabbit://{hosts}/"

    def listen(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        return listener.getsockname()[1]

    def closed_port(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return listener.getsockname()[1]

    def test_all_is_well(self):
        answer = self.check()
        self.assertEqual(200, answer.status_code)
        self.assertEqual({"detailed": False,
                          "reasons": ["store: OK", "bus: OK"]}, answer.json)
        self.assertIn("X-Openstack-Request-Id", answer.headers)
        self.assertEqual(204, self.check("HEAD").status_code)

    def test_store_is_away(self):
        with mock.patch.object(self.driver, "health",
                               side_effect=base.unavailable()):
            answer = self.check()
            self.assertEqual(503, self.check("HEAD").status_code)
        self.assertEqual(503, answer.status_code)
        self.assertEqual(["store: unavailable", "bus: OK"],
                         answer.json["reasons"])

    def test_bus_is_away(self):
        """What Placement answers needs no bus: the process stays in."""
        self.use_bus(self.closed_port())
        answer = self.check()
        self.assertEqual(200, answer.status_code)
        self.assertEqual(["store: OK", "bus: unavailable"],
                         answer.json["reasons"])

    def test_one_broker_is_enough(self):
        self.use_bus(self.closed_port(), self.listen())
        self.assertIn("bus: OK", self.check().json["reasons"])

    def test_details_name_no_password(self):
        self.config(group="healthcheck", detailed=True)
        self.use_bus(self.closed_port())
        self.fixture = self.useFixture(base.AppFixture(self.conf))
        answer = self.check()
        store, bus = answer.json["reasons"]
        self.assertIn("schema_version: ", store["details"])
        self.assertIn("127.0.0.1", bus["details"])
        self.assertNotIn("sesame", answer.text)

    def test_other_networks_see_nothing(self):
        self.config(group="healthcheck",
                    allowed_source_ranges=["192.0.2.0/24"])
        self.fixture = self.useFixture(base.AppFixture(self.conf))
        self.assertEqual(401, self.check().status_code)
        answer = self.ask("GET", "/healthcheck")
        self.assertEqual(404, answer.status_code)
