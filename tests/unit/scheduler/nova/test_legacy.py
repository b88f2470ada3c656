"""Requests in the words of RPC versions 4.0 to 4.2."""

import dataclasses
import json
import subprocess
import sys

from tachyon import exception
from tachyon.scheduler.nova import legacy
from tachyon.scheduler.nova import request
from tests import base
from tests.unit.scheduler.nova import messages

# What was not there to be said.
LATER = {"is_bfv": False, "requested_resources": (),
         "requested_networks": (), "request_level": request.RequestLevel(),
         "network_metadata": None}
CAPTURED = ("boot", "group", "numa", "rebuild")


class TestAsNovaSays(base.TestCase):

    def test_it_is_the_same_request(self):
        specs = [messages.captured(name)["args"]["spec_obj"]
                 for name in CAPTURED]
        specs.append(messages.spec(
            ignore_hosts=["h1"], force_hosts=["h2"], force_nodes=["n2"],
            availability_zone="nova",
            requested_destination=messages.destination(host="h2"),
            scheduler_hints={"same_host": ["a", "b"], "query": ["[]"]}))
        done = subprocess.run(
            [sys.executable, "-m",
             "tests.unit.scheduler.nova.nova_legacy"],
            input=json.dumps(specs), capture_output=True, text=True,
            check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        for spec, said in zip(specs, json.loads(done.stdout), strict=True):
            expected = dataclasses.replace(request.read(spec), **LATER)
            self.assertEqual(expected, request.read(legacy.compose(*said)))


class TestOlder(base.TestCase):
    """As conductors wrote that had no objects for it."""

    FLAVOR = {"id": 7, "name": "small", "vcpus": 2, "memory_mb": 512,
              "root_gb": 1, "ephemeral_gb": 0, "swap": 0,
              "extra_specs": {"a": "b"}, "created_at": None}

    def read(self, filters=None, **spec):
        spec.setdefault("instance_type", self.FLAVOR)
        return request.read(legacy.compose(spec, filters))

    def test_flavor(self):
        self.assertEqual(
            request.Flavor("small", 2, 512, 1, 0, 0, {"a": "b"}),
            self.read().flavor)

    def test_instance(self):
        made = self.read(instance_properties={
            "uuid": "u", "project_id": "p", "user_id": "me",
            "availability_zone": "z", "root_gb": 1}, num_instances=1)
        self.assertEqual(("u", "p", "me", "z"), (
            made.instance_uuid, made.project_id, made.user_id,
            made.availability_zone))
        made = self.read(instance_properties=messages.envelope(
            "Instance", "2.7", uuid="u", project_id="p", host=None))
        self.assertEqual(("u", "p"), (made.instance_uuid, made.project_id))

    def test_numa_topology_in_json(self):
        numa = messages.captured("numa")["args"]["spec_obj"][
            "nova_object.data"]["numa_topology"]
        self.assertEqual(
            request.read(messages.spec(numa_topology=numa)).numa_topology,
            self.read(instance_properties={
                "numa_topology": json.dumps(numa)}).numa_topology)

    def test_group(self):
        made = self.read({
            "group_updated": True, "group_uuid": "g",
            "group_policies": ["anti-affinity"], "group_hosts": ["h1"],
            "group_members": ["a", "b"]})
        self.assertEqual(request.InstanceGroup(
            "g", "anti-affinity", frozenset("ab"), frozenset(["h1"])),
            made.instance_group)
        self.assertIsNone(self.read({
            "group_updated": False,
            "group_hosts": ["h1"]}).instance_group)

    def test_hints(self):
        self.assertEqual({"query": ("[]",), "same_host": ("a", "b")},
                         self.read({"scheduler_hints": {
                             "query": "[]",
                             "same_host": ["a", "b"]}}).hints)

    def test_image(self):
        self.assertIsNone(self.read(image={}).image)
        self.assertEqual("i", self.read(image={
            "id": "i", "properties": {}}).image.id)
        self.assertEqual(
            {"hw_architecture": "x86_64", "hw_cpu_sockets": 2,
             "traits_required": ["HW_A"], "trait:HW_A": "required",
             "trait:HW_B": "forbidden"},
            self.read(image={"properties": {
                "architecture": "x86_64", "hw_cpu_sockets": 2,
                "trait:HW_A": "required",
                "trait:HW_B": "forbidden"}}).image.properties)

    def test_what_makes_no_sense(self):
        for name, spec, filters in (
                ("no mapping", [], {}), ("a text", "x", {}),
                ("filters", {}, 7), ("no flavor", {}, {}),
                ("flavor", {"instance_type": "small"}, {}),
                ("instance", {"instance_properties": "x"}, {}),
                ("instance of another version", {
                    "instance_properties": messages.envelope(
                        "Instance", "3.0")}, {}),
                ("numa", {"instance_properties": {
                    "numa_topology": "{"}}, {}),
                ("deep numa", {"instance_properties": {
                    "numa_topology": "[" * 100_000}}, {}),
                ("image", {"image": "cirros"}, {}),
                ("properties", {"image": {"properties": ["a"]}}, {}),
                ("hints", {}, {"scheduler_hints": ["x"]}),
                ("hint", {}, {"scheduler_hints": {"x": 1}}),
                ("hosts", {}, {"ignore_hosts": "h1"}),
                ("group", {}, {"group_updated": True,
                               "group_members": "a"}),
                ("number", {"num_instances": "1"}, {})):
            with self.subTest(name):
                if name != "no flavor" and isinstance(spec, dict):
                    spec = {"instance_type": self.FLAVOR, **spec}
                self.assertRaises(
                    exception.MalformedMessage,
                    lambda spec=spec, filters=filters: request.read(
                        legacy.compose(spec, filters)))
