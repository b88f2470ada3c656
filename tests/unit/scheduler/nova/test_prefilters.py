"""Pre-filters add what nova's own add."""

import dataclasses
import json
import random
import subprocess
import sys
import types

from tachyon import exception
from tachyon.scheduler import prefilters
from tachyon.scheduler.nova import request as nova_request
from tachyon.scheduler.nova.pci import requests
from tests import base
from tests.integration.parts import processes
from tests.unit.placement import fakes
from tests.unit.scheduler.nova import cloud

METADATA = (
    {"availability_zone": "az1"}, {"availability_zone": "az1"},
    {"availability_zone": "az2", "filter_tenant_id": "p1"},
    {"filter_tenant_id_2": "p2", "other": "p3"},
    {"trait:HW_CPU_X86_AVX": "required"},
    {"trait:HW_CPU_X86_AVX": "optional", "trait:STORAGE_DISK_SSD":
     "required"}, {},
)
AGGREGATES = [{"id": number, "uuid": fakes.uuid(f"agg{number}"),
               "name": f"a{number}", "hosts": ["h0"], "metadata": metadata}
              for number, metadata in enumerate(METADATA)]
OPTIONS = ("limit_tenants_to_placement_aggregate",
           "placement_aggregate_required_for_tenants",
           "query_placement_for_image_type_support",
           "enable_isolated_aggregate_filtering",
           "image_metadata_prefilter")
EXTRA_SPECS = (
    {}, {}, {"trait:HW_CPU_X86_AVX": "required"},
    {"accel:device_profile": "gpu"}, {"hw:virtio_packed_ring": "true"},
    {"hw:ephemeral_encryption": "true",
     "hw:ephemeral_encryption_format": "luks"},
    {"hw:ephemeral_encryption": "true",
     "hw:ephemeral_encryption_format": "rot13"},
    {"hw:ephemeral_encryption": "false"}, {"hw:sound_model": "virtio"},
    {"hw:tpm_version": "2.0"},
    {"hw:tpm_version": "2.0", "hw:tpm_secret_security": "host"},
    {"hw:tpm_version": "2.0", "hw:tpm_secret_security": "friends"},
)
PROPERTIES = (
    {}, {}, {"traits_required": ["STORAGE_DISK_SSD"]},
    {"hw_disk_bus": "virtio", "hw_vif_model": "e1000"},
    {"hw_video_model": "qxl", "hw_architecture": "x86_64"},
    {"hw_virtio_packed_ring": True}, {"hw_virtio_packed_ring": False},
    {"hw_ephemeral_encryption": True}, {"hw_sound_model": "sb16"},
    {"hw_sound_model": "virtio"}, {"hw_tpm_version": "1.2"},
)


def make_asked(rng):
    extra_specs = rng.choice(EXTRA_SPECS)
    properties = rng.choice(PROPERTIES)
    return {
        "options": {name: rng.random() < 0.5 for name in OPTIONS},
        "version": rng.choice((0, 72, 73, 74)),
        "request": {
            "project_id": rng.choice(("p1", "p2", "p3")),
            "is_bfv": rng.random() < 0.2,
            "availability_zone": rng.choice((None, "az1", "az2", "az9")),
            "flavor": {"extra_specs": extra_specs},
            "image": {"disk_format": rng.choice(("qcow2", "raw", "docker")),
                      "properties": properties},
            "required_traits": [
                key.removeprefix("trait:") for key in extra_specs
                if key.startswith("trait:")
            ] + properties.get("traits_required", []),
            "pci_requests": [], "requested_networks": []}}


def request(fields, **others):
    fields = {**fields, **others}
    return types.SimpleNamespace(**{
        **fields, "call": nova_request.Call(None),
        "flavor": types.SimpleNamespace(**fields["flavor"]),
        "image": types.SimpleNamespace(**fields["image"])})


class TestPrefilters(base.TestCase):

    def run_prefilters(self, asked, **others):
        self.config("scheduler", **asked["options"])
        with cloud.looking(self.conf, [], AGGREGATES) as hosts:
            facts = cloud.facts(hosts.snapshot, [], AGGREGATES)
            facts = dataclasses.replace(facts,
                                        oldest_version=asked["version"])
            return prefilters.run(
                self.conf, request(asked["request"], **others), facts,
                hosts.snapshot)

    def plain(self):
        rng = random.Random(1)
        asked = make_asked(rng)
        asked["options"] = {}
        asked["request"].update(
            flavor={"extra_specs": {}}, availability_zone=None,
            image={"disk_format": "raw", "properties": {}})
        return asked

    def test_as_nova(self):
        rng = random.Random(20261121)
        requests = [make_asked(rng) for _ in range(150)]
        done = subprocess.run(
            [sys.executable, "-m",
             "tests.unit.scheduler.nova.nova_prefilters"],
            input=json.dumps({"aggregates": AGGREGATES,
                              "requests": requests}),
            capture_output=True, text=True, cwd=processes.ROOT)
        self.assertEqual(0, done.returncode, done.stderr)
        for asked, expected in zip(requests, json.loads(done.stdout),
                                   strict=True):
            try:
                needs = self.run_prefilters(asked)
                found = {
                    "root_required": sorted(needs.root_required),
                    "root_forbidden": sorted(needs.root_forbidden),
                    "aggregates": sorted(map(sorted, needs.member_of)),
                    "forbidden_aggregates": sorted(
                        needs.forbidden_aggregates)}
            except exception.SchedulingDataInvalid:
                found = None
            self.assertEqual(expected, found, asked)

    def test_ports_of_smartnics(self):
        for managed, expected in (("True", True), ("False", False),
                                  (None, False)):
            with self.subTest(managed=managed):
                needs = self.run_prefilters(
                    self.plain(), pci_requests=[requests.DeviceRequest(
                        1, (requests.Spec((("remote_managed", managed),)),
                            requests.Spec(())))])
                self.assertEqual(
                    expected,
                    "COMPUTE_REMOTE_MANAGED_PORTS" in needs.root_required)

    def test_devices_are_novas_own(self):
        for version, expected in ((72, frozenset()),
                                  (73, frozenset(("OWNER_NOVA",)))):
            needs = self.run_prefilters({**self.plain(), "version": version})
            self.assertEqual(expected, needs.device_required)
