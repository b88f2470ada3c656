"""What is different at older microversions.

Placement's own suite goes through all of it; here stands, in short, what each
version brought, asked just before and from then on.
"""

from tests.functional.placement import base
from tests.functional.placement.base import uuids

LINKS = ("self", "inventories", "usages", "aggregates", "traits",
         "allocations")


class VersionTestCase(base.TestCase):

    def statuses(self, method, path, body=None, *, before, since, **more):
        """Return the statuses just before a version, and at it."""
        return tuple(
            self.ask(method, path, body, version=version, **more).status_code
            for version in (before, since))


class RoutesTestCase(VersionTestCase):

    def test_when_routes_came(self):
        uuid = self.make_provider("host")
        path = f"/resource_providers/{uuid}"
        for method, route, before, since in (
                ("GET", f"{path}/aggregates", "1.0", "1.1"),
                ("GET", "/resource_classes", "1.1", "1.2"),
                ("GET", "/traits", "1.5", "1.6"),
                ("GET", f"{path}/traits", "1.5", "1.6"),
                ("GET", "/usages?project_id=demo", "1.8", "1.9"),
                ("GET", "/allocation_candidates?resources=VCPU:1",
                 "1.9", "1.10")):
            self.assertEqual((404, 200), self.statuses(
                method, route, before=before, since=since), route)
        self.assertEqual((405, 204), self.statuses(
            "DELETE", f"{path}/inventories", before="1.4", since="1.5"))
        self.assertEqual((404, 400), self.statuses(
            "POST", "/allocations", {}, before="1.12", since="1.13"))
        self.assertEqual((404, 400), self.statuses(
            "POST", "/reshaper", {}, before="1.29", since="1.30",
            headers={"X-Roles": "service"}))

    def test_without_a_version_it_is_the_oldest(self):
        answer = self.ask("GET", "/resource_providers", version=None)
        self.assertEqual("placement 1.0",
                         answer.headers["OpenStack-API-Version"])

    def test_when_answers_came_to_be_dated(self):
        for version, dated in (("1.14", False), ("1.15", True)):
            headers = self.ask("GET", "/resource_providers",
                               version=version).headers
            self.assertEqual(dated, "Last-Modified" in headers)
            self.assertEqual(dated, "Cache-Control" in headers)


class ProvidersTestCase(VersionTestCase):

    def test_body(self):
        uuid = self.make_provider("host")
        for version, links, has_root in (
                ("1.0", 3, False), ("1.1", 4, False), ("1.6", 5, False),
                ("1.11", 6, False), ("1.14", 6, True)):
            body = self.tell("GET", f"/resource_providers/{uuid}",
                             version=version)
            self.assertEqual(list(LINKS[:links]),
                             [link["rel"] for link in body["links"]])
            self.assertEqual(has_root, "root_provider_uuid" in body)
            self.assertEqual(has_root, "parent_provider_uuid" in body)

    def test_create(self):
        body = {"name": "a", "uuid": uuids.a}
        self.assertIsNone(self.tell("POST", "/resource_providers", body,
                                    version="1.19", status=201))
        body = {"name": "b", "uuid": uuids.b}
        self.assertEqual(uuids.b, self.tell(
            "POST", "/resource_providers", body, version="1.20")["uuid"])

    def test_filters(self):
        for query, before, since in (
                (f"member_of={uuids.az}", "1.2", "1.3"),
                ("resources=VCPU:1", "1.3", "1.4"),
                (f"in_tree={uuids.x}", "1.13", "1.14"),
                ("required=HW_CPU_X86_VMX", "1.17", "1.18"),
                ("required=!HW_CPU_X86_VMX", "1.21", "1.22"),
                (f"member_of={uuids.a}&member_of={uuids.b}", "1.23", "1.24"),
                (f"member_of=!{uuids.a}", "1.31", "1.32"),
                ("required=in:HW_CPU_X86_VMX,STORAGE_DISK_SSD",
                 "1.38", "1.39")):
            self.assertEqual((400, 200), self.statuses(
                "GET", f"/resource_providers?{query}", before=before,
                since=since), query)

    def test_of_repeated_traits_the_last_one_counted(self):
        self.make_provider("vmx", traits=("HW_CPU_X86_VMX",))
        path = ("/resource_providers?required=STORAGE_DISK_SSD"
                "&required=HW_CPU_X86_VMX")
        for version, count in (("1.38", 1), ("1.39", 0)):
            body = self.tell("GET", path, version=version)
            self.assertEqual(count, len(body["resource_providers"]))

    def test_what_has_a_parent_kept_it(self):
        for name in ("a", "b"):
            self.make_provider(name)
        child = self.make_provider("child", uuids.a)
        path = f"/resource_providers/{child}"
        for parent, word in ((uuids.b, "re-parenting"),
                             (None, "un-parenting")):
            body = {"name": "child", "parent_provider_uuid": parent}
            problem = self.refuse(400, "PUT", path, body, version="1.36")
            self.assertIn(f"{word} a provider is not currently allowed",
                          problem.detail)
        for parent in (uuids.b, None, uuids.a):
            body = {"name": "child", "parent_provider_uuid": parent}
            moved = self.tell("PUT", path, body, version="1.37")
            self.assertEqual(parent, moved["parent_provider_uuid"])

    def test_a_root_could_always_get_a_parent(self):
        for name in ("a", "b"):
            self.make_provider(name)
        for _ in range(2):              # and is told so again
            moved = self.tell("PUT", f"/resource_providers/{uuids.b}", {
                "name": "b", "parent_provider_uuid": uuids.a}, version="1.14")
            self.assertEqual(uuids.a, moved["root_provider_uuid"])


class OfProvidersTestCase(VersionTestCase):

    def setUp(self):
        super().setUp()
        self.uuid = self.make_provider("host", VCPU=8)
        self.path = f"/resource_providers/{self.uuid}"

    def test_all_can_be_reserved(self):
        for method, path, body in (
                ("PUT", "/inventories/VCPU", {
                    "total": 8, "reserved": 8,
                    "resource_provider_generation": 1}),
                ("PUT", "/inventories", {
                    "resource_provider_generation": 2,
                    "inventories": {"VCPU": {"total": 8, "reserved": 8}}}),
                ("POST", "/inventories", {
                    "resource_class": "PCPU", "total": 8, "reserved": 8})):
            problem = self.refuse(400, method, self.path + path, body,
                                  version="1.25")
            self.assertIn("The reserved value is greater than or equal to "
                          "total.", problem.detail)
            self.tell(method, self.path + path, body, version="1.26",
                      status=201 if method == "POST" else 200)

    def test_aggregates_had_no_generation(self):
        path = f"{self.path}/aggregates"
        body = self.tell("PUT", path, [uuids.az], version="1.18")
        self.assertEqual({"aggregates": [uuids.az]}, body)
        self.assertEqual(body, self.tell("GET", path, version="1.18"))
        self.assertEqual(1, self.get_generation(self.uuid))
        self.refuse(400, "PUT", path, [uuids.az], version="1.19")

    def test_classes_could_be_renamed(self):
        self.ask("PUT", "/resource_classes/CUSTOM_OLD")
        generation = self.tell("POST", f"{self.path}/inventories", {
            "resource_class": "CUSTOM_OLD", "total": 5},
            status=201)["resource_provider_generation"]
        body = self.tell("PUT", "/resource_classes/CUSTOM_OLD",
                         {"name": "CUSTOM_NEW"}, version="1.6")
        self.assertEqual("CUSTOM_NEW", body["name"])
        found = self.tell("GET", f"{self.path}/inventories")
        self.assertEqual({"VCPU", "CUSTOM_NEW"}, found["inventories"].keys())
        self.assertEqual(generation, found["resource_provider_generation"])
        self.assertEqual(1, len(self.tell(
            "GET", "/allocation_candidates?resources=CUSTOM_NEW:5"
        )["allocation_requests"]))
        for name, status in (("CUSTOM_OLD", 404), ("VCPU", 400)):
            self.refuse(status, "PUT", f"/resource_classes/{name}",
                        {"name": "CUSTOM_OTHER"}, version="1.6")
        self.ask("PUT", "/resource_classes/CUSTOM_OTHER")
        self.refuse(409, "PUT", "/resource_classes/CUSTOM_NEW",
                    {"name": "CUSTOM_OTHER"}, version="1.6")


class AllocationsTestCase(VersionTestCase):

    def setUp(self):
        super().setUp()
        self.uuid = self.make_provider("host", VCPU=8)
        self.path = f"/allocations/{uuids.vm}"
        self.listed = {"allocations": [{
            "resource_provider": {"uuid": self.uuid},
            "resources": {"VCPU": 1}}]}
        self.owned = {"allocations": {self.uuid: {"resources": {"VCPU": 2}}},
                      "project_id": "demo", "user_id": "alice"}

    def put(self, version, body, status=204):
        self.tell("PUT", self.path, body, version=version, status=status)

    def get(self, version):
        return self.tell("GET", self.path, version=version)

    def test_what_was_told(self):
        allocations = {self.uuid: {"resources": {"VCPU": 2},
                                   "generation": 2}}
        owner = {"project_id": "demo", "user_id": "alice"}
        self.put("1.12", self.owned)
        for version, more in (
                ("1.11", {}), ("1.12", owner),
                ("1.28", {**owner, "consumer_generation": 1}),
                ("1.38", {**owner, "consumer_generation": 1,
                          "consumer_type": "unknown"})):
            self.assertEqual({"allocations": allocations, **more},
                             self.get(version))

    def test_who_said_nothing_of_an_owner(self):
        self.config("placement", incomplete_consumer_project_id="somebody",
                    incomplete_consumer_user_id="else")
        self.put("1.7", self.listed)
        found = self.get("1.12")
        self.assertEqual(("somebody", "else"),
                         (found["project_id"], found["user_id"]))
        self.put("1.8", self.listed, 400)

    def test_forms(self):
        owner = {"project_id": "demo", "user_id": "alice"}
        for version, body in (
                ("1.0", self.listed), ("1.8", {**self.listed, **owner}),
                ("1.12", self.owned),
                ("1.28", {**self.owned, "consumer_generation": 3}),
                ("1.34", {**self.owned, "consumer_generation": 4,
                          "mappings": {"1": [self.uuid]}}),
                ("1.38", {**self.owned, "consumer_generation": 5,
                          "consumer_type": "INSTANCE"})):
            self.put(version, body)
        found = self.get("1.38")
        self.assertEqual((6, "INSTANCE"), (found["consumer_generation"],
                                           found["consumer_type"]))
        self.put("1.12", self.owned)
        self.assertEqual("INSTANCE", self.get("1.38")["consumer_type"])

    def test_nothing_at_all(self):
        self.put("1.12", self.owned)
        nothing = {**self.owned, "allocations": {}}
        self.put("1.27", nothing, 400)
        self.tell("POST", "/allocations", {uuids.vm: nothing},
                  version="1.13", status=204)
        self.assertEqual({"allocations": {}}, self.get("1.27"))

    def test_usages(self):
        self.put("1.12", self.owned)
        path = "/usages?project_id=demo"
        self.assertEqual({"VCPU": 2},
                         self.tell("GET", path, version="1.37")["usages"])
        self.assertEqual({"unknown": {"VCPU": 2, "consumer_count": 1}},
                         self.tell("GET", path, version="1.38")["usages"])
        self.assertEqual({}, self.tell("GET", "/usages?project_id=nobody",
                                       version="1.37")["usages"])

    def test_of_a_provider(self):
        self.put("1.12", self.owned)
        path = f"/resource_providers/{self.uuid}/allocations"
        for version, more in (("1.27", {}),
                              ("1.28", {"consumer_generation": 1})):
            found = self.tell("GET", path, version=version)["allocations"]
            self.assertEqual({uuids.vm: {"resources": {"VCPU": 2}, **more}},
                             found)


class CandidatesTestCase(VersionTestCase):

    def setUp(self):
        super().setUp()
        self.root = self.make_provider("host", VCPU=8, MEMORY_MB=1024)
        self.child = self.make_provider("child", self.root, VGPU=4)
        self.path = "/allocation_candidates?resources="

    def test_forms(self):
        def ask(version):
            body = self.tell("GET", f"{self.path}VCPU:1", version=version)
            request, = body["allocation_requests"]
            return request, body["provider_summaries"]
        self.assertEqual({"allocations": [{
            "resource_provider": {"uuid": self.root},
            "resources": {"VCPU": 1}}]}, ask("1.11")[0])
        of_host = {self.root: {"resources": {"VCPU": 1}}}
        self.assertEqual({"allocations": of_host}, ask("1.33")[0])
        self.assertEqual({"allocations": of_host,
                          "mappings": {"": [self.root]}}, ask("1.34")[0])
        used = {"VCPU": {"capacity": 8, "used": 0}}
        everything = {**used, "MEMORY_MB": {"capacity": 1024, "used": 0}}
        for version, summary in (
                ("1.16", {"resources": used}),
                ("1.17", {"resources": used, "traits": []}),
                ("1.27", {"resources": everything, "traits": []})):
            self.assertEqual({self.root: summary}, ask(version)[1])
        summaries = ask("1.29")[1]
        self.assertEqual({self.root, self.child}, summaries.keys())
        self.assertEqual(
            {"resources": {"VGPU": {"capacity": 4, "used": 0}}, "traits": [],
             "parent_provider_uuid": self.root,
             "root_provider_uuid": self.root}, summaries[self.child])

    def test_trees_were_unknown(self):
        for query, before in (("VCPU:1,VGPU:1", 0), ("VGPU:1", 1)):
            for version, count in (("1.28", before), ("1.29", 1)):
                body = self.tell("GET", self.path + query, version=version)
                self.assertEqual(count, len(body["allocation_requests"]),
                                 (query, version))

    def test_keys(self):
        for query, before, since in (
                ("&limit=1", "1.15", "1.16"),
                ("&required=HW_CPU_X86_VMX", "1.16", "1.17"),
                (f"&member_of={uuids.az}", "1.20", "1.21"),
                ("&required=!HW_CPU_X86_VMX", "1.21", "1.22"),
                (f"&member_of={uuids.a}&member_of={uuids.b}",
                 "1.23", "1.24"),
                ("&resources1=VGPU:1", "1.24", "1.25"),
                (f"&in_tree={uuids.x}", "1.30", "1.31"),
                (f"&member_of=!{uuids.a}", "1.31", "1.32"),
                ("&resources_GPU=VGPU:1", "1.32", "1.33"),
                ("&root_required=HW_CPU_X86_VMX", "1.34", "1.35"),
                ("&resources1=VGPU:1&same_subtree=1", "1.35", "1.36"),
                ("&required=in:HW_CPU_X86_VMX", "1.38", "1.39")):
            self.assertEqual((400, 200), self.statuses(
                "GET", f"{self.path}VCPU:1{query}", before=before,
                since=since), query)

    def test_each_group_asked_for_resources(self):
        path = f"{self.path}VCPU:1"
        for query, text in (
                ("&required1=HW_CPU_X86_VMX", "orphaned traits keys: "
                                              "required1"),
                (f"&member_of1={uuids.az}", "orphaned member_of keys: "
                                            "member_of1"),
                (f"&in_tree1={uuids.x}",
                 "All request groups must specify resources.")):
            problem = self.refuse(400, "GET", path + query, version="1.35")
            self.assertIn(text, problem.detail)
        problem = self.refuse(400, "GET", "/allocation_candidates",
                              version="1.35")
        self.assertIn("At least one request group", problem.detail)
