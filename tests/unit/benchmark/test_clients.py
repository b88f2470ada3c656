import json
import unittest
from unittest import mock

import orjson

from tests.benchmark import clients

BODY = {"allocation_requests": [
    {"allocations": {f"rp{number}": {"resources": {"VCPU": number}}},
     "mappings": {"": [f"rp{number}"]}} for number in (1, 2, 3)],
    "provider_summaries": {"rp1": {"resources": {"VCPU": {"used": 0}}}}}


class TestPick(unittest.TestCase):

    def test_any_candidate_as_either_system_writes_it(self):
        for written in (orjson.dumps(BODY), json.dumps(BODY).encode(),
                        json.dumps(BODY, indent=2).encode()):
            for number, expected in enumerate(BODY["allocation_requests"]):
                with mock.patch("random.randrange", return_value=number):
                    self.assertEqual(expected, clients.pick(written))

    def test_nothing_to_pick(self):
        self.assertRaises(ValueError, clients.pick,
                          b'{"allocation_requests":[]}')
