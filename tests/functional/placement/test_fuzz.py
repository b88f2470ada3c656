"""Whatever comes in, the answer is never a 5xx."""

import copy
import json
import random
from urllib import parse

from tests.functional.placement import base
from tests.functional.placement.base import uuids
from tests.functional.placement.test_http import ROUTES

REQUESTS = 1200
JUNK = (None, True, 0, -1, 1, 1.0, 0.5, 2 ** 31, 2 ** 63, 2 ** 64, 10 ** 40,
        -10 ** 40, 1e308, "", "x", "☃", "\x00", "\udfff", "A" * 300, "VCPU",
        "vcpu\n", "%(uuid)s {uuid}", uuids.h1, uuids.h1.upper(), [], {},
        [[]], {"": {}}, {"VCPU": {}}, [uuids.h1, uuids.h1])


class FuzzTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.random = random.Random(20)
        self.h1 = self.make_provider("h1", VCPU=8, MEMORY_MB=1024,
                                     traits=("CUSTOM_A",),
                                     aggregates=(uuids.agg,))
        self.bodies = (
            {"name": "x", "uuid": uuids.x, "parent_provider_uuid": self.h1},
            {"resource_provider_generation": 3,
             "inventories": {"VCPU": {"total": 8, "max_unit": 4,
                                      "allocation_ratio": 2.0}}},
            {"resource_class": "DISK_GB", "total": 5, "reserved": 1,
             "step_size": 1},
            {"resource_provider_generation": 3, "total": 5},
            {"resource_provider_generation": 3, "traits": ["CUSTOM_A"]},
            {"resource_provider_generation": 3, "aggregates": [uuids.agg]},
            {"name": "CUSTOM_B"},
            self.make_claim(self.h1, VCPU=1),
            {uuids.c: self.make_claim(self.h1, VCPU=1)})
        self.queries = {
            "resources": "VCPU:1", "resources_1": "VCPU:1,MEMORY_MB:1",
            "required": "CUSTOM_A,!HW_CPU_X86_VMX", "limit": "5",
            "required_1": "in:CUSTOM_A,CUSTOM_B", "group_policy": "none",
            "member_of": uuids.agg, "member_of_1": f"!in:{uuids.agg}",
            "in_tree": self.h1, "same_subtree": "_1", "name": "in:CUSTOM_A",
            "root_required": "CUSTOM_A", "uuid": self.h1,
            "project_id": "demo", "user_id": "u", "consumer_type": "all",
            "associated": "true"}

    def test_never_a_server_error(self):
        for _ in range(REQUESTS):
            method, path, body = self.random.choice(ROUTES)
            path = path.replace(uuids.x, self.h1) + self._query(path)
            data = None
            if body is not None:
                body = self._spoil(copy.deepcopy(
                    self.random.choice(self.bodies)))
                data = json.dumps(body).encode()
            answer = self.ask(method, path, data=data)
            self.assertLess(answer.status_code, 500, (method, path, body))
            if answer.status_code >= 400:
                self.assertEqual(answer.status_code,
                                 answer.json["errors"][0]["status"])

    def _query(self, path):
        keys = self.random.sample(sorted(self.queries),
                                  self.random.randrange(4))
        pairs = [(key, self._spoil_text(self.queries[key])) for key in keys]
        joint = "&" if "?" in path else "?"
        return joint + parse.urlencode(pairs, errors="replace")

    def _spoil_text(self, text):
        junk = self.random.choice(JUNK)
        place = self.random.randrange(len(text))
        return self.random.choice(
            (text, text, str(junk), text[:place] + str(junk) + text[place:],
             text[:place], text[place:]))

    def _spoil(self, body):
        """Put junk at one place of a body, or leave it."""
        places = [(body, key) for key in body]
        for container, key in places:
            inner = container[key]
            if isinstance(inner, dict):
                places += [(inner, key) for key in inner]
        if self.random.random() < 0.2:
            return body
        container, key = self.random.choice(places)
        junk = self.random.choice(JUNK)
        if self.random.random() < 0.2:
            container[str(junk)] = container.pop(key)
        else:
            container[key] = junk
        return body
