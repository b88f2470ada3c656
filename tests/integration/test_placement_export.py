"""Back to OpenStack's Placement: real ones that are filled from the store."""

import json

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.db import models
from tests.integration import base
from tests.integration import transfer
from tests.integration.parts import placement
from tests.integration.parts import ports


class TestExport(transfer.Commands, base.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.placement = cls.share(placement.Placement())
        transfer.fill(cls.placement.client)

    def setUp(self):
        super().setUp()
        self.assertEqual(0, self.manage(
            "import", "--database-connection", self.placement.database)[0])
        here = self.store()
        # More than fits by now, in odd amounts; and somebody of old.
        cell = here.resource_providers.get(uuids.cell0)
        here.inventories.replace(uuids.cell0, cell.generation, {
            **cell.inventories, "VCPU": models.Inventory(
                total=2, reserved=1, step_size=2)})
        here.allocations.replace([models.Claim(
            uuids.old, None, "demo", "alice",
            {uuids.storage: {"DISK_GB": 7}})])
        self.there = self.start(placement.Placement())

    def export(self):
        return self.manage("export", "--url", self.there.url,
                           "--token", "admin")

    def assert_all_is_there(self):
        # The tight inventory is made roomy and tight again, nothing else.
        self.assertEqual((0, "made 2 calls\n0 differences\n"),
                         self.export()[:2])
        found = self.there.client.get(
            f"/resource_providers/{uuids.cell0}/inventories/VCPU")
        self.assertEqual((2, 1, 2), (found["total"], found["reserved"],
                                     found["step_size"]))
        self.assertEqual("unknown", self.there.client.get(
            f"/allocations/{uuids.old}")["consumer_type"])

    def test_to_a_placement(self):
        """A part of it is there already, and otherwise."""
        self.there.client.make_host("other name", uuids.cell1, VCPU=1)
        self.there.client.tell("PUT", f"/allocations/{uuids.vm1}", {
            "allocations": {uuids.cell1: {"resources": {"VCPU": 1}}},
            "project_id": "demo", "user_id": "bob",
            "consumer_generation": None, "consumer_type": "INSTANCE"},
            status=204)
        code, out, err = self.export()
        self.assertEqual((0, "0 differences"),
                         (code, out.splitlines()[-1]), err)
        self.assert_all_is_there()

    def test_to_a_file(self):
        path = self.path + "/calls.json"
        self.assertEqual((0, ""), self.manage(
            "export", "--output", path)[:2])
        with open(path) as file:
            for line in file:
                call = json.loads(line)
                answer = self.there.client.ask(
                    call["method"], call["path"], call["body"],
                    {"OpenStack-API-Version":
                     f"placement {call['microversion']}"})
                self.assertLess(answer.status_code, 300,
                                line + answer.text)
        self.assert_all_is_there()
        code, _out, err = self.manage("export", "--output", path)
        self.assertEqual((1, f"tachyon-manage: {path}: it exists already\n"),
                         (code, err))

    def test_nobody_there(self):
        url = f"http://127.0.0.1:{ports.find()}"
        code, out, err = self.manage("export", "--url", url)
        self.assertEqual((1, ""), (code, out))
        self.assertIn(url, err)
