"""osc-placement, the OpenStack client's plug-in, loads a cloud.

The real ``openstack`` command talks to a running standalone that simulates
whatever was loaded; instances then land on it.
"""

import json
import pathlib
import subprocess
import sys
import uuid

from tests.integration import base
from tests.integration.parts import daemons

OPENSTACK = pathlib.Path(sys.executable).parent / "openstack"
AGGREGATE = str(uuid.uuid4())


class OscPlacementTest(base.TestCase):

    LIMIT = 300

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = cls.share(daemons.Standalone(
            cls.share_directory(), {"fake": {"hosts": 0}}))
        cls.client = cls.daemon.client

    def openstack(self, *arguments, auth=("admin_token", "--os-token",
                                          "admin"), form=("-f", "json")):
        """Run one command; return what it printed."""
        process = subprocess.run(
            [OPENSTACK, "--os-auth-type", *auth,
             "--os-endpoint", self.daemon.url,
             "--os-placement-api-version", "1.39", *arguments, *form],
            capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL)
        self.assertEqual(0, process.returncode,
                         f"{arguments}: {process.stdout}{process.stderr}")
        return json.loads(process.stdout) if form else process.stdout

    def provider(self, *arguments, **more):
        return self.openstack("resource", "provider", *arguments, **more)

    def test_a_cloud_is_loaded_and_instances_land_on_it(self):
        made = [self.provider("create", f"node{number}") for number in (1, 2)]
        first, second = (body["uuid"] for body in made)
        for uuid_, vcpus in ((first, 8), (second, 16)):
            self.assertEqual(
                [("DISK_GB", 500), ("MEMORY_MB", 32768), ("VCPU", vcpus)],
                sorted((row["resource_class"], row["total"]) for row in
                       self.provider("inventory", "set", uuid_,
                                     "--resource", f"VCPU={vcpus}",
                                     "--resource", "MEMORY_MB=32768",
                                     "--resource", "DISK_GB=500")))
        self.assertEqual(
            ["HW_CPU_X86_AVX512F", "STORAGE_DISK_SSD"],
            sorted(row["name"] for row in self.provider(
                "trait", "set", second, "--trait", "HW_CPU_X86_AVX512F",
                "--trait", "STORAGE_DISK_SSD")))
        generation = self.provider("show", first)["generation"]
        self.assertEqual(
            [AGGREGATE],
            [row["uuid"] for row in self.provider(
                "aggregate", "set", first, "--aggregate", AGGREGATE,
                "--generation", str(generation))])
        self.assertEqual(
            "rack1-node1",
            self.provider("set", first, "--name", "rack1-node1")["name"])
        self.assertEqual(
            {"rack1-node1": first, "node2": second},
            {row["name"]: row["uuid"] for row in self.provider("list")})

        plain = self.land(required_traits=["HW_CPU_X86_AVX512F"])
        self.assertEqual("node2", plain["host"])
        grouped = self.land(aggregates=[AGGREGATE])
        self.assertEqual("rack1-node1", grouped["host"])

        shown = self.provider("allocation", "show", plain["id"])
        self.assertEqual(
            [(second, {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1})],
            [(row["resource_provider"], row["resources"]) for row in shown])
        found = self.openstack(
            "allocation", "candidate", "list", "--resource", "VCPU=12",
            "--required", "STORAGE_DISK_SSD")
        self.assertEqual([second], [row["resource provider"]
                                    for row in found])

    def land(self, **request):
        body = self.client.create(**request)
        return self.client.wait_for(body["id"], "STOPPED")

    def test_without_any_token(self):
        found = self.provider("list", auth=("none",))
        self.assertEqual(self.client.providers(),
                         {row["name"]: row["uuid"] for row in found})
