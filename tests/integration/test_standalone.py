"""tachyon-standalone, end to end: the embedded default as people meet it."""

import re

from tests.integration import base
from tests.integration import scenario
from tests.integration.parts import daemons
from tests.integration.parts import journals


class LifecycleTest(scenario.Lifecycle, base.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = cls.share(daemons.Standalone(
            cls.share_directory(), {"fake": {"hosts": 3}}))
        cls.client = cls.daemon.client
        cls.journals = journals.Journals([cls.daemon.state_path])


class RestartTest(base.TestCase):

    def test_a_restart_keeps_everything(self):
        daemon = self.start(daemons.Standalone(
            self.make_directory(), {"fake": {"hosts": 2}}))
        client = daemon.client
        ids = [client.create(f"vm-{number}")["id"] for number in range(5)]
        for id in ids:
            client.wait_for(id, "STOPPED")
        client.act(ids[0], "start")
        client.wait_for(ids[0], "RUNNING")
        client.tell("POST", "/api/v1/flavors", {
            "name": "c1.big", "vcpus": 3, "memory_mb": 700, "disk_gb": 9},
            status=201)
        fault = client.wait_for(client.create(
            required_traits=["HW_GPU_API_VULKAN"])["id"], "ERROR")
        before = self.everything(client, [*ids, fault["id"]])

        self.assertEqual(0, daemon.stop())
        daemon.start()

        self.assertEqual(before, self.everything(client, [*ids, fault["id"]]))
        client.act(ids[0], "stop")
        client.wait_for(ids[0], "STOPPED")
        found = journals.Journals([daemon.state_path])
        self.assertEqual([1] * 5, [found.creates(id) for id in ids])

    def everything(self, client, ids):
        return {
            "instances": [client.instance(id) for id in ids],
            "requests": [client.get(f"/api/v1/requests/{body['request_id']}")
                         for body in map(client.instance, ids)],
            "flavors": client.get("/api/v1/flavors"),
            "ledger": client.ledger(),
            "providers": client.providers(),
        }


class FirstStartTest(base.TestCase):

    def test_without_a_configuration_file_it_says_where_it_is(self):
        directory = self.make_directory()
        daemon = daemons.Standalone(directory)
        daemon.argv = [
            daemon.argv[0], "--state-path", str(daemon.state_path),
            "--host", "127.0.0.1", "--port", str(daemon.port)]
        self.start(daemon)

        self.assertIn(daemon.url, daemon.output)
        self.assertIn(str(daemon.state_path), daemon.output)
        self.assertTrue(re.search(r"/api/v1/docs", daemon.output))
        body = daemon.client.create()
        daemon.client.wait_for(body["id"], "STOPPED")
        docs = daemon.client.ask("GET", "/api/v1/docs",
                                 headers={"Accept": "text/html"})
        self.assertEqual(200, docs.status_code)
