"""PCI devices: what a node reports, and special cases of what is asked."""

import json

from tachyon import exception
from tachyon.scheduler.nova import wire
from tachyon.scheduler.nova.pci import pools
from tachyon.scheduler.nova.pci import requests
from tests import base
from tests.unit.scheduler.nova import messages


class TestPools(base.TestCase):

    def test_what_is_no_report_is_none(self):
        for text in ("", "[1", "true", "null", "[3]", '{"objects": 7}',
                     '{"nova_object.data": []}', '[{"count": "many"}]'):
            with self.subTest(text):
                self.assertEqual(0, pools.DevicePools(text).free)

    def test_an_envelope_or_none(self):
        listed = [messages.envelope("PciDevicePool", "1.1", count=count,
                                    tags={"dev_type": "type-VF"}, numa_node=0)
                  for count in (2, 3)]
        for text in (
                json.dumps(messages.envelope("PciDevicePoolList", "1.1",
                                             objects=listed)),
                '[{"count": 5, "dev_type": "type-VF", "numa_node": 0}]',
                '{"count": 5, "dev_type": "type-VF", "numa_node": 0}'):
            with self.subTest(text):
                found = pools.DevicePools(text)
                self.assertEqual((5, {0: 5}), (found.free, found.by_cell))
                self.assertEqual({"dev_type": "type-VF", "numa_node": 0},
                                 found.pools[0].properties)

    def test_it_knows_its_text(self):
        self.assertTrue(pools.DevicePools("[]").says("[]"))
        self.assertFalse(pools.DevicePools("[]").says(""))


class TestRequests(base.TestCase):

    def read(self, **fields):
        return requests.DeviceRequest.read(wire.read(messages.envelope(
            "InstancePCIRequest", "1.4",
            **{"count": 1, "spec": [{}], **fields}), "InstancePCIRequest"))

    def test_what_is_not_known_is_refused(self):
        for fields in ({"spec": ["vendor"]}, {"spec": [{"vendor_id": 8086}]},
                       {"numa_policy": "galaxy"}, {"count": -1}):
            with self.subTest(fields):
                self.assertRaises(exception.MalformedMessage, self.read,
                                  **fields)

    def test_groups_are_of_aliases(self):
        alias = self.read(alias_name="gpu", request_id="r1")
        self.assertEqual(["p1"], alias.providers(
            {"": ("root",), "r1-0": ("p1", "p2"), "r2-0": ("p3",)}))
        for fields in ({"request_id": "r1"}, {"alias_name": "gpu"}):
            self.assertFalse(requests.in_placement([self.read(**fields)],
                                                   ["r1-0"]))
