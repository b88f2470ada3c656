"""The reshaper over HTTP."""

from tests.functional.placement import base
from tests.functional.placement.base import uuids

SERVICE = {"X-Roles": "service"}


class ReshaperTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.host = self.make_provider("host", VCPU=16, VGPU=8)
        self.child = self.make_provider("child", self.host)
        self.consumer = self.allocate(self.host, VCPU=2, VGPU=3)
        self.body = {
            "inventories": {
                self.host: {"resource_provider_generation": 2,
                            "inventories": {"VCPU": {"total": 16}}},
                self.child: {"resource_provider_generation": 0,
                             "inventories": {"VGPU": {"total": 8}}}},
            "allocations": {self.consumer: {
                "allocations": {self.host: {"resources": {"VCPU": 2}},
                                self.child: {"resources": {"VGPU": 3}}},
                "project_id": "demo", "user_id": "alice",
                "consumer_generation": 1, "consumer_type": "INSTANCE"}}}

    def usages(self, uuid):
        return self.tell("GET", f"/resource_providers/{uuid}/usages")[
            "usages"]

    def assert_refused(self, status, text, code="placement.undefined_code"):
        problem = self.refuse(status, "POST", "/reshaper", self.body,
                              headers=SERVICE)
        self.assertIn(text, problem.detail)
        self.assertEqual(code, problem.code)
        self.assertEqual({"VCPU": 2, "VGPU": 3}, self.usages(self.host))
        self.assertEqual({}, self.usages(self.child))

    def test_move(self):
        self.tell("POST", "/reshaper", self.body, headers=SERVICE,
                  status=204)
        self.assertEqual({"VCPU": 2}, self.usages(self.host))
        self.assertEqual({"VGPU": 3}, self.usages(self.child))
        found = self.tell("GET", f"/allocations/{self.consumer}")
        self.assertEqual(2, found["consumer_generation"])
        self.assertEqual({self.host, self.child}, set(found["allocations"]))

    def test_without_allocations(self):
        body = {"allocations": {}, "inventories": {
            self.child: self.body["inventories"][self.child]}}
        self.tell("POST", "/reshaper", body, headers=SERVICE, status=204)
        self.assertEqual({"VGPU": 0}, self.usages(self.child))

    def test_services_alone_may(self):
        for roles in ("admin", "member", "reader"):
            self.refuse(403, "POST", "/reshaper", self.body,
                        headers={"X-Roles": roles})

    def test_unknown_provider(self):
        self.body["inventories"][uuids.nobody] = {
            "resource_provider_generation": 0, "inventories": {}}
        self.assert_refused(
            400, f"Resource provider {uuids.nobody} in inventories not found",
            "placement.resource_provider.not_found")

    def test_unknown_provider_in_allocations(self):
        consumer = self.body["allocations"][self.consumer]
        consumer["allocations"][uuids.nobody] = {"resources": {"VCPU": 1}}
        self.assert_refused(400, f"Allocation for resource provider "
                                 f"'{uuids.nobody}' that does not exist.")

    def test_unknown_class(self):
        self.body["inventories"][self.child]["inventories"]["CUSTOM_X"] = {
            "total": 1}
        self.assert_refused(400, "malformed reshaper data: No such resource "
                                 "class CUSTOM_X.")

    def test_stale_provider(self):
        self.body["inventories"][self.host][
            "resource_provider_generation"] = 1
        self.assert_refused(
            409, f"resource provider generation conflict for provider "
                 f"{self.host}: actual: 2, given: 1",
            "placement.concurrent_update")

    def test_stale_consumer(self):
        self.body["allocations"][self.consumer]["consumer_generation"] = 7
        self.assert_refused(
            409, "consumer generation conflict - expected 1 but got 7",
            "placement.concurrent_update")

    def test_in_use(self):
        self.body["allocations"] = {}
        self.assert_refused(409, "update conflict: Inventory for 'VGPU' on "
                                 f"resource provider '{self.host}' in use.",
                            "placement.inventory.inuse")

    def test_too_small(self):
        self.body["inventories"][self.child]["inventories"]["VGPU"] = {
            "total": 2}
        self.assert_refused(409, "Unable to allocate inventory: Unable to "
                                 "create allocation for 'VGPU'")

    def test_malformed(self):
        for change in ({"inventories": {}}, {"allocations": None},
                       {"more": 1}, {"inventories": {"x": {}}}):
            self.refuse(400, "POST", "/reshaper", {**self.body, **change},
                        headers=SERVICE)
