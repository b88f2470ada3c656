"""Traits, aggregates and resource classes over HTTP."""

import os_resource_classes
import os_traits

from tests.functional.placement import base
from tests.functional.placement.base import uuids


class CatalogueTestCase(base.TestCase):

    def test_put(self):
        for status in (201, 204):
            answer = self.ask("PUT", "/traits/CUSTOM_A")
            self.assertEqual(status, answer.status_code)
            self.assertEqual("http://localhost/traits/CUSTOM_A",
                             answer.headers["Location"])
            self.assertEqual("no-cache", answer.headers["Cache-Control"])
            self.assertIn("Last-Modified", answer.headers)

    def test_names(self):
        for name, status in (
                ("CUSTOM_" + "A" * 247, 201), ("CUSTOM_" + "A" * 248, 201),
                ("CUSTOM_" + "A" * 249, 400), ("HW_CPU_X86_VMX", 400),
                ("CUSTOM_", 400), ("CUSTOM_a", 400), ("CUSTOM_A%0A", 400),
                ("CUSTOM_A-B", 400), ("CUSTOM_%D9%A1", 400), ("X", 400)):
            answer = self.ask("PUT", f"/traits/{name}")
            self.assertEqual(status, answer.status_code, name)
        problem = self.refuse(400, "PUT", "/traits/X")
        self.assertIn('start with the prefix "CUSTOM_"', problem.detail)

    def test_get(self):
        answer = self.ask("GET", f"/traits/{os_traits.HW_CPU_X86_VMX}")
        self.assertEqual(204, answer.status_code)
        self.assertIn("Last-Modified", answer.headers)
        self.assertNotIn("Content-Type", answer.headers)
        problem = self.refuse(404, "GET", "/traits/CUSTOM_NONE")
        self.assertIn("No such trait(s): CUSTOM_NONE.", problem.detail)

    def test_delete(self):
        self.make_provider("h1", traits=("CUSTOM_A",))
        self.tell("PUT", "/traits/CUSTOM_B", status=201)
        self.tell("DELETE", "/traits/CUSTOM_B", status=204)
        for name, status, text in (
                ("CUSTOM_B", 404, "No such trait(s): CUSTOM_B."),
                ("HW_CPU_X86_VMX", 400, "Cannot delete standard trait "
                                        "HW_CPU_X86_VMX."),
                ("CUSTOM_A", 409, "The trait CUSTOM_A is in use by a "
                                  "resource provider.")):
            problem = self.refuse(status, "DELETE", f"/traits/{name}")
            self.assertIn(text, problem.detail)

    def test_list(self):
        self.make_provider("h1", traits=("CUSTOM_A", "HW_CPU_X86_VMX"))
        self.tell("PUT", "/traits/CUSTOM_B", status=201)
        for query, names in {
            "name=startswith:CUSTOM_": ["CUSTOM_A", "CUSTOM_B"],
            "name=startswith:NONE": [],
            "name=in:CUSTOM_B,HW_CPU_X86_VMX,NONE": ["HW_CPU_X86_VMX",
                                                     "CUSTOM_B"],
            "associated=true": ["HW_CPU_X86_VMX", "CUSTOM_A"],
            "associated=TRUE&name=startswith:CUSTOM": ["CUSTOM_A"],
            "associated=false&name=startswith:CUSTOM": ["CUSTOM_B"],
        }.items():
            self.assertEqual({"traits": names},
                             self.tell("GET", f"/traits?{query}"), query)
        every = self.tell("GET", "/traits")["traits"]
        self.assertEqual({*os_traits.get_traits(), "CUSTOM_A", "CUSTOM_B"},
                         set(every))
        self.assertEqual(every,
                         self.tell("GET", "/traits?name=like:x")["traits"])

    def test_bad_filters(self):
        for query, text in (
                ("name=CUSTOM_A", 'Badly formatted name parameter.'),
                ("associated=maybe", '"associated" only accepts "true" or '
                                     '"false"')):
            problem = self.refuse(400, "GET", f"/traits?{query}")
            self.assertIn(text, problem.detail)


class OfProviderTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.uuid = self.make_provider("h1")
        self.path = f"/resource_providers/{self.uuid}/traits"
        self.lost = f"/resource_providers/{uuids.nobody}/traits"
        self.tell("PUT", "/traits/CUSTOM_A", status=201)

    def put(self, generation, *names, path=None, **more):
        return self.tell("PUT", path or self.path, {
            "traits": names, "resource_provider_generation": generation},
            **more)

    def test_replace(self):
        body = self.put(0, "CUSTOM_A", "HW_CPU_X86_VMX", "CUSTOM_A")
        self.assertEqual({"traits": ["HW_CPU_X86_VMX", "CUSTOM_A"],
                          "resource_provider_generation": 1}, body)
        self.assertEqual(body, self.tell("GET", self.path))

    def test_same_traits_leave_the_generation(self):
        self.put(0, "CUSTOM_A")
        body = self.put(1, "CUSTOM_A")
        self.assertEqual(1, body["resource_provider_generation"])

    def test_stale(self):
        self.put(0, "CUSTOM_A")
        for names in ((), ("CUSTOM_A",), ("CUSTOM_NONE",)):
            error, = self.put(0, *names, status=409)["errors"]
            self.assertEqual("placement.concurrent_update", error["code"])
            self.assertIn("Resource provider's generation already changed. "
                          "Please update the generation and try again.",
                          error["detail"])

    def test_unknown(self):
        error, = self.put(0, "CUSTOM_A", "CUSTOM_X", "CUSTOM_Y",
                          status=400)["errors"]
        self.assertIn("No such trait CUSTOM_X, CUSTOM_Y", error["detail"])

    def test_malformed(self):
        for body in ({}, {"traits": []}, {"resource_provider_generation": 0},
                     {"traits": ["A", 1], "resource_provider_generation": 0},
                     {"traits": [""], "resource_provider_generation": 0},
                     {"traits": "A", "resource_provider_generation": 0}):
            self.refuse(400, "PUT", self.path, body)

    def test_delete(self):
        self.put(0, "CUSTOM_A")
        for _ in range(2):
            self.tell("DELETE", self.path, status=204)
            self.assertEqual(
                {"traits": [], "resource_provider_generation": 2},
                self.tell("GET", self.path))

    def test_no_such_provider(self):
        self.refuse(404, "GET", self.lost)
        self.refuse(404, "DELETE", self.lost)
        self.put(0, path=self.lost, status=404)


class AggregatesTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.uuid = self.make_provider("h1")
        self.path = f"/resource_providers/{self.uuid}/aggregates"
        self.lost = f"/resource_providers/{uuids.nobody}/aggregates"

    def put(self, generation, *aggregates, path=None, **more):
        return self.tell("PUT", path or self.path, {
            "aggregates": aggregates,
            "resource_provider_generation": generation}, **more)

    def test_replace(self):
        spelt = uuids.az1, uuids.az2.upper()
        body = self.put(0, *spelt)
        self.assertEqual({"aggregates": list(spelt),
                          "resource_provider_generation": 1}, body)
        answer = self.ask("GET", self.path)
        self.assertEqual({"aggregates": sorted(spelt),
                          "resource_provider_generation": 1}, answer.json)
        self.assertIn("Last-Modified", answer.headers)
        self.assertEqual([], self.put(1)["aggregates"])

    def test_stale(self):
        error, = self.put(1, status=409)["errors"]
        self.assertEqual("placement.concurrent_update", error["code"])

    def test_malformed(self):
        for aggregates in (["x"], [uuids.az1] * 2, [5], "x", None):
            body = {"aggregates": aggregates,
                    "resource_provider_generation": 0}
            self.refuse(400, "PUT", self.path, body)
            self.refuse(404, "PUT", self.lost, body)
        self.refuse(400, "PUT", self.path, [uuids.az1])

    def test_no_such_provider(self):
        self.refuse(404, "GET", self.lost)
        self.put(0, path=self.lost, status=404)


class ResourceClassesTestCase(base.TestCase):

    def test_list(self):
        self.tell("PUT", "/resource_classes/CUSTOM_A", status=201)
        listed = self.tell("GET", "/resource_classes")["resource_classes"]
        self.assertEqual([*os_resource_classes.STANDARDS, "CUSTOM_A"],
                         [entry["name"] for entry in listed])
        self.assertEqual({"name": "CUSTOM_A", "links": [
            {"rel": "self", "href": "/resource_classes/CUSTOM_A"}]},
            listed[-1])

    def test_show(self):
        body = self.tell("GET", "/resource_classes/VCPU")
        self.assertEqual("VCPU", body["name"])
        problem = self.refuse(404, "GET", "/resource_classes/CUSTOM_NONE")
        self.assertIn("No such resource class CUSTOM_NONE.", problem.detail)

    def test_put(self):
        for status in (201, 204):
            answer = self.ask("PUT", "/resource_classes/CUSTOM_A")
            self.assertEqual(status, answer.status_code)
            self.assertEqual("http://localhost/resource_classes/CUSTOM_A",
                             answer.headers["Location"])

    def test_names(self):
        for name, status in (
                ("CUSTOM_" + "A" * 248, 201), ("CUSTOM_" + "A" * 249, 400),
                ("VCPU", 400), ("CUSTOM_", 400), ("CUSTOM_a", 400),
                ("CUSTOM_A%0A", 400), ('CUSTOM_A","x":"y', 400)):
            answer = self.ask("PUT", f"/resource_classes/{name}")
            self.assertEqual(status, answer.status_code, name)
        for name in ("VCPU", "CUSTOM_", "CUSTOM_a", "CUSTOM_A\n", "", None,
                     "CUSTOM_" + "A" * 249):
            self.refuse(400, "POST", "/resource_classes", {"name": name})

    def test_post(self):
        answer = self.ask("POST", "/resource_classes", {"name": "CUSTOM_A"})
        self.assertEqual(201, answer.status_code)
        self.assertEqual("http://localhost/resource_classes/CUSTOM_A",
                         answer.headers["Location"])
        problem = self.refuse(409, "POST", "/resource_classes",
                              {"name": "CUSTOM_A"})
        self.assertIn("Conflicting resource class already exists: CUSTOM_A",
                      problem.detail)

    def test_delete(self):
        self.tell("PUT", "/resource_classes/CUSTOM_A", status=201)
        self.tell("PUT", "/resource_classes/CUSTOM_B", status=201)
        self.make_provider("h1", CUSTOM_A=1)
        self.tell("DELETE", "/resource_classes/CUSTOM_B", status=204)
        for name, status, text in (
                ("CUSTOM_B", 404, "No such resource class CUSTOM_B."),
                ("VCPU", 400, "Error in delete resource class: Cannot delete "
                              "standard resource class VCPU."),
                ("CUSTOM_A", 409, "Cannot delete resource class CUSTOM_A. "
                                  "Class is in use in inventory.")):
            problem = self.refuse(status, "DELETE",
                                  f"/resource_classes/{name}")
            self.assertIn(text, problem.detail)
