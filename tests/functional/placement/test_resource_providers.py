"""Resource providers over HTTP."""

from tests.functional.placement import base
from tests.functional.placement.base import uuids

PATH = "/resource_providers"


class CreateTestCase(base.TestCase):

    def test_create(self):
        answer = self.ask("POST", PATH, {"name": "h1", "uuid": uuids.h1})
        self.assertEqual(200, answer.status_code)
        url = f"{PATH}/{uuids.h1}"
        self.assertEqual({
            "uuid": uuids.h1, "name": "h1", "generation": 0,
            "parent_provider_uuid": None, "root_provider_uuid": uuids.h1,
            "links": [{"rel": "self", "href": url}] + [
                {"rel": rel, "href": f"{url}/{rel}"} for rel in (
                    "inventories", "usages", "aggregates", "traits",
                    "allocations")],
        }, answer.json)
        self.assertEqual(f"http://localhost{url}", answer.headers["Location"])
        self.assertEqual("no-cache", answer.headers["Cache-Control"])
        self.assertTrue(answer.headers["Last-Modified"].endswith(" GMT"))

    def test_create_without_uuid(self):
        made = self.tell("POST", PATH, {"name": "☃"})
        self.assertEqual(made, self.tell("GET", f"{PATH}/{made['uuid']}"))
        self.assertEqual("☃", made["name"])

    def test_uuid_is_normalised(self):
        for given in (uuids.h1.upper(), uuids.h2.replace("-", "")):
            made = self.tell("POST", PATH, {"name": given, "uuid": given})
            self.assertIn(made["uuid"], (uuids.h1, uuids.h2))

    def test_create_below_a_parent(self):
        root = self.make_provider("root")
        child = self.make_provider("child", root)
        made = self.tell("POST", PATH, {
            "name": "leaf", "parent_provider_uuid": child})
        self.assertEqual((child, root), (made["parent_provider_uuid"],
                                         made["root_provider_uuid"]))

    def test_taken(self):
        self.make_provider("h1")
        for body, what in (
                ({"name": "h1"}, "name: h1"),
                ({"name": "h2", "uuid": uuids.h1}, f"uuid: {uuids.h1}")):
            problem = self.refuse(409, "POST", PATH, body)
            self.assertEqual("placement.duplicate_name", problem.code)
            self.assertIn(f"Conflicting resource provider {what} already "
                          "exists.", problem.detail)

    def test_parent_is_looked_for_as_it_is_spelt(self):
        """As in Placement, whose own uuids have one spelling."""
        root = self.make_provider("root", VCPU=4)
        for parent in (root.upper(), root.replace("-", "")):
            problem = self.refuse(400, "POST", PATH, {
                "name": "leaf", "parent_provider_uuid": parent})
            self.assertIn("parent provider UUID does not exist.",
                          problem.detail)

    def test_tree_is_looked_for_as_it_is_spelt(self):
        root = self.make_provider("root", VCPU=4)
        for path in (PATH, "/allocation_candidates"):
            for in_tree, there in ((root, True), (root.upper(), False)):
                body = self.tell(
                    "GET", f"{path}?resources=VCPU:1&in_tree={in_tree}")
                self.assertEqual(there, any(body.values()), path)

    def test_bad_parent(self):
        for parent, text in (
                (uuids.nobody, "parent provider UUID does not exist."),
                (uuids.h1, "parent provider UUID cannot be same as UUID.")):
            problem = self.refuse(400, "POST", PATH, {
                "name": "h1", "uuid": uuids.h1,
                "parent_provider_uuid": parent})
            self.assertIn('Unable to create resource provider "h1", '
                          f"{uuids.h1}: ", problem.detail)
            self.assertIn(text, problem.detail)

    def test_name_lengths(self):
        self.refuse(400, "POST", PATH, {"name": ""})
        self.tell("POST", PATH, {"name": "n" * 199})
        self.tell("POST", PATH, {"name": "n" * 200})
        self.refuse(400, "POST", PATH, {"name": "n" * 201})

    def test_bad_uuids(self):
        for uuid in ("", "x", uuids.h1 + "0", 5, None):
            self.refuse(400, "POST", PATH, {"name": "h1", "uuid": uuid})


class UpdateTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.root = self.make_provider("root")
        self.child = self.make_provider("child", self.root)
        self.leaf = self.make_provider("leaf", self.child)

    def test_rename_leaves_the_rest(self):
        before = self.tell("GET", f"{PATH}/{self.child}")
        after = self.tell("PUT", f"{PATH}/{self.child}", {"name": "kid"})
        self.assertEqual({**before, "name": "kid"}, after)

    def test_move_takes_the_subtree_along(self):
        other = self.make_provider("other")
        moved = self.tell("PUT", f"{PATH}/{self.child}", {
            "name": "child", "parent_provider_uuid": other})
        self.assertEqual((other, other), (moved["parent_provider_uuid"],
                                          moved["root_provider_uuid"]))
        leaf = self.tell("GET", f"{PATH}/{self.leaf}")
        self.assertEqual((self.child, other), (leaf["parent_provider_uuid"],
                                               leaf["root_provider_uuid"]))

    def test_make_it_a_root(self):
        moved = self.tell("PUT", f"{PATH}/{self.child}", {
            "name": "child", "parent_provider_uuid": None})
        self.assertEqual((None, self.child), (moved["parent_provider_uuid"],
                                              moved["root_provider_uuid"]))

    def test_loops(self):
        for parent in (self.child, self.leaf):
            problem = self.refuse(400, "PUT", f"{PATH}/{self.child}", {
                "name": "child", "parent_provider_uuid": parent})
            self.assertIn("creating loop in the provider tree is not "
                          "allowed.", problem.detail)

    def test_no_such_parent(self):
        problem = self.refuse(400, "PUT", f"{PATH}/{self.child}", {
            "name": "child", "parent_provider_uuid": uuids.nobody})
        self.assertIn("parent provider UUID does not exist.", problem.detail)

    def test_name_is_taken(self):
        problem = self.refuse(409, "PUT", f"{PATH}/{self.child}",
                              {"name": "leaf"})
        self.assertEqual("placement.duplicate_name", problem.code)
        self.assertIn("Conflicting resource provider leaf already exists.",
                      problem.detail)

    def test_uuid_can_not_change(self):
        self.refuse(400, "PUT", f"{PATH}/{self.child}",
                    {"name": "child", "uuid": uuids.other})

    def test_unknown_provider_comes_before_a_bad_body(self):
        for body in ({"name": "x"}, {"name": 5}):
            problem = self.refuse(404, "PUT", f"{PATH}/{uuids.nobody}", body)
            self.assertIn(f"No resource provider with uuid {uuids.nobody} "
                          "found", problem.detail)


class DeleteTestCase(base.TestCase):

    def test_delete(self):
        uuid = self.make_provider("h1", VCPU=4, traits=("HW_CPU_X86_VMX",))
        self.tell("DELETE", f"{PATH}/{uuid}", status=204)
        self.refuse(404, "GET", f"{PATH}/{uuid}")
        self.assertEqual([], self.tell("GET", PATH)["resource_providers"])

    def test_no_such_provider(self):
        problem = self.refuse(404, "DELETE", f"{PATH}/{uuids.nobody}")
        self.assertIn(f"No resource provider with uuid {uuids.nobody} found "
                      "for delete", problem.detail)

    def test_parent(self):
        root = self.make_provider("root")
        self.make_provider("child", root)
        problem = self.refuse(409, "DELETE", f"{PATH}/{root}")
        self.assertEqual(
            "placement.resource_provider.cannot_delete_parent", problem.code)
        self.assertIn(f"Unable to delete parent resource provider {root}: It "
                      "has child resource providers.", problem.detail)

    def test_in_use(self):
        uuid = self.make_provider("h1", VCPU=4)
        self.allocate(uuid, VCPU=1)
        problem = self.refuse(409, "DELETE", f"{PATH}/{uuid}")
        self.assertEqual("placement.resource_provider.inuse", problem.code)
        self.assertIn(f"Unable to delete resource provider {uuid}: Resource "
                      "provider has allocations.", problem.detail)


class ListTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.h1 = self.make_provider(
            "h1", VCPU=8, MEMORY_MB=1024, aggregates=(uuids.az1,),
            traits=("HW_CPU_X86_VMX", "CUSTOM_FAST"))
        self.h2 = self.make_provider(
            "h2", VCPU={"total": 8, "max_unit": 2, "step_size": 2},
            aggregates=(uuids.az1, uuids.az2), traits=("HW_CPU_X86_VMX",))
        self.numa = self.make_provider("numa", self.h2, DISK_GB=10)
        self.allocate(self.h1, VCPU=6)

    def find(self, query):
        body = self.tell("GET", f"{PATH}?{query}")
        return {found["name"] for found in body["resource_providers"]}

    def test_aggregate_is_what_was_written(self):
        """As with Placement, two spellings of a uuid are two aggregates."""
        spelt = [uuids.az3, uuids.az3.replace("-", ""), uuids.az3.upper()]
        generation = self.get_generation(self.h1)
        for aggregates in (spelt, spelt[1:2]):
            body = self.tell("PUT", f"{PATH}/{self.h1}/aggregates", {
                "resource_provider_generation": generation,
                "aggregates": aggregates})
            generation = body["resource_provider_generation"]
            self.assertEqual(aggregates, body["aggregates"])
            self.assertCountEqual(aggregates, self.tell(
                "GET", f"{PATH}/{self.h1}/aggregates")["aggregates"])
            for aggregate in spelt:
                self.assertEqual(
                    {"h1"} if aggregate in aggregates else set(),
                    self.find(f"member_of={aggregate}"))

    def test_filters(self):
        in_az1, in_az2 = f"member_of={uuids.az1}", f"member_of={uuids.az2}"
        for query, names in {
            "": {"h1", "h2", "numa"},
            "name=h1": {"h1"},
            "name=": {"h1", "h2", "numa"},
            "name=nobody": set(),
            f"uuid={self.h2}": {"h2"},
            f"uuid={self.h2}&name=h1": set(),
            f"in_tree={self.numa}": {"h2", "numa"},
            f"in_tree={uuids.nobody}": set(),
            in_az1: {"h1", "h2"},
            f"{in_az1}&{in_az2}": {"h2"},
            f"member_of=in:{uuids.az2},{uuids.az3}": {"h2"},
            f"member_of=!{uuids.az2}": {"h1", "numa"},
            f"member_of=!in:{uuids.az1},{uuids.az2}": {"numa"},
            f"{in_az1}&member_of=!{uuids.az2}": {"h1"},
            "required=HW_CPU_X86_VMX": {"h1", "h2"},
            "required=HW_CPU_X86_VMX,!CUSTOM_FAST": {"h2"},
            "required=!HW_CPU_X86_VMX": {"numa"},
            "required=in:CUSTOM_FAST,HW_CPU_X86_VMX": {"h1", "h2"},
            "required=HW_CPU_X86_VMX&required=!!CUSTOM_FAST": {"h2"},
            "resources=VCPU:2": {"h1", "h2"},
            "resources=VCPU:3": set(),                # 2 left, at most 2
            "resources=VCPU:1": {"h1"},               # steps of 2
            "resources=VCPU:2,MEMORY_MB:1024": {"h1"},
            "resources=MEMORY_MB:1025": set(),
            "resources=VCPU:99999999999999999999999": set(),
            "resources=VCPU:2&required=!CUSTOM_FAST": {"h2"},
        }.items():
            self.assertEqual(names, self.find(query), query)

    def test_last_one_counts_of_what_can_be_given_once(self):
        self.assertEqual({"h2"}, self.find("name=h1&name=h2"))

    def test_body(self):
        body = self.tell("GET", f"{PATH}?name=numa")
        self.assertEqual([self.tell("GET", f"{PATH}/{self.numa}")],
                         body["resource_providers"])

    def test_unknown_names(self):
        problem = self.refuse(400, "GET", f"{PATH}?resources=CUSTOM_NONE:1")
        self.assertIn("Invalid resource class in resources parameter: No "
                      "such resource class CUSTOM_NONE.", problem.detail)
        for query in ("CUSTOM_NONE", "!CUSTOM_NONE",
                      "in:CUSTOM_FAST,CUSTOM_NONE"):
            problem = self.refuse(400, "GET", f"{PATH}?required={query}")
            self.assertIn('Invalid trait(s) in "required" parameter: No such '
                          "trait(s): CUSTOM_NONE.", problem.detail)

    def test_malformed(self):
        many = ",".join((uuids.az1, uuids.az2))
        for query, text in {
            "resources=": "Got: empty string.",
            "resources=VCPU": "?resources=VCPU:2,MEMORY_MB:1024. Got: VCPU.",
            "resources=VCPU:1:2": "Badly formed resources parameter.",
            "resources=VCPU:x": "VCPU expected positive integer amount. "
                                "Got: x.",
            "resources=VCPU:0": "VCPU requires amount >= 1. Got: 0.",
            "resources=VCPU:-1": "VCPU requires amount >= 1. Got: -1.",
            f"resources=VCPU:{'9' * 5000}": "expected positive integer",
            f"resources=VCPU:-{'9' * 5000}": "expected positive integer",
            "required=": "Got an empty trait in:",
            "required=A,,B": "Got an empty trait in: A,,B",
            "required=!": "Got an empty trait in: !",
            "required=in:": "Got an empty trait in: in:",
            "required=in:A,!B": "does not support forbidden traits. Got: "
                                "in:A,!B",
            "member_of=": "to contain valid UUID(s). Got:",
            "member_of=x": "to contain valid UUID(s). Got: x",
            f"member_of=in:{uuids.az1},x": "valid UUID(s). Got: x",
            "member_of=!x": "valid UUID(s). Got: x",
            f"member_of={many}": f"'in:' or '!in:' keyword using the valid "
                                 f"microversion. Got: {many}",
            "in_tree=x": "'x' is not a 'uuid'",
        }.items():
            problem = self.refuse(400, "GET", f"{PATH}?{query}")
            self.assertIn(text, problem.detail, query)
