"""Inventories and usages of a provider over HTTP."""

from unittest import mock

from tachyon import exception
from tachyon.db import models
from tests.functional.placement import base
from tests.functional.placement.base import uuids

DEFAULTS = {"reserved": 0, "min_unit": 1, "max_unit": models.MAX_INT,
            "step_size": 1, "allocation_ratio": 1.0}


class TestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.uuid = self.make_provider("h1", VCPU=8, MEMORY_MB=1024)
        self.path = f"/resource_providers/{self.uuid}/inventories"
        self.lost = f"/resource_providers/{uuids.nobody}/inventories"


class GetTestCase(TestCase):

    def test_list(self):
        self.assertEqual({
            "inventories": {"VCPU": {"total": 8, **DEFAULTS},
                            "MEMORY_MB": {"total": 1024, **DEFAULTS}},
            "resource_provider_generation": 1,
        }, self.tell("GET", self.path))

    def test_show(self):
        answer = self.ask("GET", f"{self.path}/VCPU")
        self.assertEqual({"total": 8, "resource_provider_generation": 1,
                          **DEFAULTS}, answer.json)
        self.assertEqual("no-cache", answer.headers["Cache-Control"])
        self.assertIn("Last-Modified", answer.headers)

    def test_not_found(self):
        problem = self.refuse(404, "GET", f"{self.path}/DISK_GB")
        self.assertIn(f"No inventory of class DISK_GB for {self.uuid}",
                      problem.detail)
        for path in (self.lost, f"{self.lost}/VCPU"):
            self.refuse(404, "GET", path)


class ReplaceTestCase(TestCase):

    def put(self, generation, status=200, **inventories):
        body = {"resource_provider_generation": generation,
                "inventories": inventories}
        if status == 200:
            return self.tell("PUT", self.path, body)
        return self.refuse(status, "PUT", self.path, body)

    def test_replace(self):
        fields = {"total": 100, "reserved": 10, "min_unit": 2, "max_unit": 50,
                  "step_size": 2, "allocation_ratio": 1.5}
        body = self.put(1, DISK_GB=fields, VCPU={"total": 4})
        self.assertEqual({
            "inventories": {"DISK_GB": fields,
                            "VCPU": {"total": 4, **DEFAULTS}},
            "resource_provider_generation": 2}, body)
        self.assertEqual(body, self.tell("GET", self.path))

    def test_whole_floats_are_integers(self):
        inventory = self.put(1, VCPU={"total": 4.0})["inventories"]["VCPU"]
        self.assertEqual("4", repr(inventory["total"]))

    def test_stale(self):
        for generation in (0, 2, 10 ** 30, -1):
            problem = self.put(generation, 409)
            self.assertEqual("placement.concurrent_update", problem.code)
            self.assertIn("resource provider generation conflict",
                          problem.detail)

    def test_stale_comes_before_bad_capacity(self):
        self.put(0, 409, VCPU={"total": 1, "reserved": 2})

    def test_unknown_class(self):
        problem = self.put(1, 400, CUSTOM_NONE={"total": 1})
        self.assertIn("Unknown resource class in inventory for resource "
                      f"provider {self.uuid}: No such resource class "
                      "CUSTOM_NONE.", problem.detail)

    def test_in_use(self):
        self.allocate(self.uuid, VCPU=1)
        problem = self.put(2, 409, MEMORY_MB={"total": 1024})
        self.assertEqual("placement.inventory.inuse", problem.code)
        self.assertIn("update conflict: Inventory for 'VCPU' on resource "
                      f"provider '{self.uuid}' in use.", problem.detail)

    def test_may_shrink_below_what_is_used(self):
        self.allocate(self.uuid, VCPU=6)
        self.put(2, VCPU={"total": 4})

    def test_reserved(self):
        self.put(1, VCPU={"total": 4, "reserved": 4})
        problem = self.put(2, 400, VCPU={"total": 4, "reserved": 5})
        self.assertIn("Unable to update inventory for resource provider "
                      f"{self.uuid}: Invalid inventory for 'VCPU'",
                      problem.detail)
        self.assertIn("The reserved value is greater than total.",
                      problem.detail)

    def test_limits(self):
        largest = models.MAX_INT
        good = {"total": (1, 2, largest - 1, largest),
                "reserved": (0, 1), "min_unit": (1, largest),
                "max_unit": (1, largest), "step_size": (1, largest),
                "allocation_ratio": (0, 0.0, 1e-9, 3.4e38)}
        bad = {"total": (0, -1, largest + 1, 10 ** 30, "1", None, 1.5, True),
               "reserved": (-1, largest + 1), "min_unit": (0, largest + 1),
               "max_unit": (0, largest + 1), "step_size": (0, largest + 1),
               "allocation_ratio": (3.5e38, "1", None)}
        generation = 1
        for field, values in good.items():
            for value in values:
                self.put(generation, VCPU={"total": 8, field: value})
                generation += 1
        for field, values in bad.items():
            for value in values:
                problem = self.put(generation, 400,
                                   VCPU={"total": 8, field: value})
                self.assertIn("JSON does not validate", problem.detail)

    def test_huge_ratio_still_gives_candidates(self):
        self.put(1, VCPU={"total": models.MAX_INT,
                          "allocation_ratio": 3.4e38})
        body = self.tell("GET", "/allocation_candidates?resources=VCPU:1")
        self.assertEqual(1, len(body["allocation_requests"]))
        self.allocate(self.uuid, VCPU=models.MAX_INT)

    def test_negative_ratio(self):
        self.put(1, 400, VCPU={"total": 8, "allocation_ratio": -1.0})

    def test_malformed(self):
        for body in ({}, {"inventories": {}},
                     {"resource_provider_generation": 1},
                     {"resource_provider_generation": "1", "inventories": {}},
                     {"resource_provider_generation": 1, "inventories": []},
                     {"resource_provider_generation": 1,
                      "inventories": {"vcpu": {"total": 1}}},
                     {"resource_provider_generation": 1,
                      "inventories": {"VCPU": {"reserved": 1}}},
                     {"resource_provider_generation": 1, "inventories": {},
                      "color": "blue"}):
            self.refuse(400, "PUT", self.path, body)
            self.refuse(404, "PUT", self.lost, body)


class OneTestCase(TestCase):

    def test_create(self):
        answer = self.ask("POST", self.path, {
            "resource_class": "DISK_GB", "total": 100, "reserved": 5})
        self.assertEqual(201, answer.status_code)
        self.assertEqual({**DEFAULTS, "total": 100, "reserved": 5,
                          "resource_provider_generation": 2}, answer.json)
        self.assertEqual(f"http://localhost{self.path}/DISK_GB",
                         answer.headers["Location"])
        self.assertEqual({"VCPU", "MEMORY_MB", "DISK_GB"}, set(
            self.tell("GET", self.path)["inventories"]))

    def test_create_refused(self):
        for body, status, text in (
                ({"resource_class": "VCPU", "total": 1}, 409,
                 "Update conflict: "),
                ({"resource_class": "CUSTOM_NONE", "total": 1}, 400,
                 "Unable to create inventory for resource provider "
                 f"{self.uuid}: No such resource class CUSTOM_NONE."),
                ({"resource_class": "DISK_GB", "total": 1, "reserved": 2},
                 400, "The reserved value is greater than total."),
                ({"resource_class": "disk", "total": 1}, 400,
                 "Failed validating 'pattern'"),
                ({"resource_class": "DISK_GB\n", "total": 1}, 400,
                 "Failed validating 'pattern'"),
                ({"total": 1}, 400, "'resource_class' is a required")):
            problem = self.refuse(status, "POST", self.path, body)
            self.assertIn(text, problem.detail)
            self.refuse(404, "POST", self.lost, body)

    def test_create_is_tried_again(self):
        self.meet_conflicts(3)
        self.tell("POST", self.path, {"resource_class": "DISK_GB",
                                      "total": 1}, status=201)

    def test_create_is_not_tried_for_ever(self):
        self.config(group="placement", allocation_conflict_retry_count=2)
        replace = self.meet_conflicts(100)
        problem = self.refuse(409, "POST", self.path, {
            "resource_class": "DISK_GB", "total": 1})
        self.assertEqual("placement.concurrent_update", problem.code)
        self.assertEqual(3, replace.call_count)

    def meet_conflicts(self, number):
        """Let the next writes of inventories meet somebody else's."""
        errors = [exception.ConcurrentUpdate(what="it")] * number
        return self.useFixture(_Patch(
            self.driver.inventories, "replace", errors)).mock

    def test_update(self):
        body = self.tell("PUT", f"{self.path}/VCPU", {
            "resource_provider_generation": 1, "total": 9})
        self.assertEqual({"total": 9, "resource_provider_generation": 2,
                          **DEFAULTS}, body)
        self.assertEqual(1024, self.tell(
            "GET", f"{self.path}/MEMORY_MB")["total"])

    def test_update_refused(self):
        good = {"resource_provider_generation": 1, "total": 9}
        for name, changes, status, text in (
                ("VCPU", {"resource_provider_generation": 0}, 409,
                 "resource provider generation conflict"),
                ("DISK_GB", {}, 400, "No inventory record with resource "
                 f"class for resource provider {self.uuid}"),
                ("CUSTOM_NONE", {}, 404, "No such resource class"),
                ("VCPU", {"reserved": 10}, 400,
                 "The reserved value is greater than total."),
                ("VCPU", {"total": 0}, 400, "JSON does not validate"),
                ("VCPU", {"resource_class": "VCPU"}, 400,
                 "Additional properties are not allowed")):
            problem = self.refuse(status, "PUT", f"{self.path}/{name}",
                                  {**good, **changes})
            self.assertIn(text, problem.detail)
            self.refuse(404, "PUT", f"{self.lost}/{name}",
                        {**good, **changes})

    def test_delete(self):
        self.tell("DELETE", f"{self.path}/VCPU", status=204)
        body = self.tell("GET", self.path)
        self.assertEqual({"MEMORY_MB"}, set(body["inventories"]))
        self.assertEqual(2, body["resource_provider_generation"])

    def test_delete_refused(self):
        self.allocate(self.uuid, VCPU=1)
        problem = self.refuse(409, "DELETE", f"{self.path}/VCPU")
        self.assertEqual("placement.concurrent_update", problem.code)
        self.assertIn("Unable to delete inventory of class VCPU: Inventory "
                      f"for 'VCPU' on resource provider '{self.uuid}' in "
                      "use.", problem.detail)
        for name in ("DISK_GB", "CUSTOM_NONE"):
            problem = self.refuse(404, "DELETE", f"{self.path}/{name}")
            self.assertIn(f"No inventory of class {name} found for delete",
                          problem.detail)
        self.refuse(404, "DELETE", f"{self.lost}/VCPU")

    def test_delete_is_tried_again(self):
        self.meet_conflicts(1)
        self.tell("DELETE", f"{self.path}/VCPU", status=204)

    def test_delete_all(self):
        self.tell("DELETE", self.path, status=204)
        self.assertEqual({"inventories": {},
                          "resource_provider_generation": 2},
                         self.tell("GET", self.path))

    def test_delete_all_refused(self):
        self.allocate(self.uuid, VCPU=1)
        problem = self.refuse(409, "DELETE", self.path)
        self.assertEqual("placement.inventory.inuse", problem.code)
        self.refuse(404, "DELETE", self.lost)
        self.config(group="placement", allocation_conflict_retry_count=0)
        self.meet_conflicts(1)
        problem = self.refuse(409, "DELETE", self.path)
        self.assertEqual("placement.concurrent_update", problem.code)
        self.assertIn("updated by another process", problem.detail)


class _Patch(base.fixtures.Fixture):
    """Lets a method raise these errors first, then do what it does."""

    def __init__(self, target, name, errors):
        super().__init__()
        self._target, self._name, self._errors = target, name, errors

    def _setUp(self):
        real, errors = getattr(self._target, self._name), list(self._errors)

        def act(*args, **kwargs):
            if errors:
                raise errors.pop()
            return real(*args, **kwargs)
        patch = mock.patch.object(self._target, self._name, side_effect=act)
        self.mock = patch.start()
        self.addCleanup(patch.stop)


class UsagesTestCase(TestCase):

    def test_usages(self):
        self.allocate(self.uuid, VCPU=2)
        self.allocate(self.uuid, VCPU=1, MEMORY_MB=100)
        self.assertEqual(
            {"usages": {"VCPU": 3, "MEMORY_MB": 100},
             "resource_provider_generation": 3},
            self.tell("GET", f"/resource_providers/{self.uuid}/usages"))

    def test_no_such_provider(self):
        self.refuse(404, "GET", f"/resource_providers/{uuids.nobody}/usages")
