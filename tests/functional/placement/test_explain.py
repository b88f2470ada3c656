"""``GET /api/v1/explain``: why a query has its candidates, or none."""

import jsonschema
import referencing
from referencing import jsonschema as specifications

from tachyon.db import models
from tests.functional.placement import base
from tests.functional.placement.base import uuids

URL = "/api/v1/explain"


class TestExplain(base.TestCase):

    def setUp(self):
        super().setUp()
        document = self.tell("GET", "/api/v1/openapi.json")
        self.schema = jsonschema.Draft202012Validator(
            {"$ref": "urn:doc#/components/schemas/ExplainDocument"},
            registry=referencing.Registry().with_resource(
                "urn:doc",
                specifications.DRAFT202012.create_resource(document)))

    def explain(self, query):
        """Return the document, which has the form that OpenAPI tells."""
        document = self.tell("GET", f"{URL}?{query}")
        self.schema.validate(document)
        return document

    def candidates(self, query):
        return len(self.tell(
            "GET", f"/allocation_candidates?{query}")["allocation_requests"])

    def make_hosts(self, *names, **values):
        for name in names:
            self.make_provider(name, **values)

    def test_nothing_there(self):
        document = self.explain("resources=VCPU:1")
        self.assertEqual(
            ("no_candidates", "0/0 hosts: there are none", "NO_CANDIDATES"),
            (document["verdict"], document["summary"],
             document["reason"]["code"]))

    def test_each_rule_tells_how_many_it_removed(self):
        self.make_hosts("small1", "small2", VCPU=2,
                        aggregates=[uuids.rack], traits=["HW_CPU_X86_AVX"])
        self.make_hosts("plain", VCPU=8,
                        aggregates=[uuids.rack])
        self.make_hosts("elsewhere1", "elsewhere2", "elsewhere3",
                        VCPU=8, traits=["HW_CPU_X86_AVX"])
        self.make_hosts("disks", DISK_GB=8,
                        aggregates=[uuids.rack], traits=["HW_CPU_X86_AVX"])
        query = ("resources=VCPU:4&required=HW_CPU_X86_AVX"
                 f"&member_of={uuids.rack}")
        document = self.explain(query)
        self.assertEqual(0, self.candidates(query))
        removed = {
            each["code"]: each["count"] for stage in document["funnel"]
            for each in stage["removed"]}
        self.assertEqual({"NOT_IN_AGGREGATE": 3, "TRAIT_MISSING": 1,
                          "INSUFFICIENT_RESOURCE": 2, "NO_INVENTORY": 1},
                         removed)
        self.assertEqual("NOT_IN_AGGREGATE", document["reason"]["code"])
        self.assertEqual("no_candidates", document["verdict"])
        self.assertTrue(document["summary"].startswith("0/7 hosts: 3 outs"))
        self.assertEqual(7, document["funnel"][0]["before"])
        self.assertEqual(0, document["funnel"][-1]["after"])

    def test_the_nearest_misses(self):
        self.make_hosts("far", VCPU=1)
        self.make_hosts("near", VCPU=7)
        document = self.explain("resources=VCPU:8")
        self.assertEqual(["near", "far"],
                         [each["host"] for each in document["nearest"]])
        reason, = document["nearest"][0]["reasons"]
        self.assertEqual(
            ("INSUFFICIENT_RESOURCE", 8, 7),
            (reason["code"], reason["params"]["requested"],
             reason["params"]["max_free"]))

    def test_the_tree_that_is_asked_for(self):
        self.make_hosts("one", "two", VCPU=8)
        document = self.explain(
            f"resources=VCPU:9&in_tree={uuids.one}")
        self.assertEqual(
            {"NOT_IN_TREE": 1, "INSUFFICIENT_RESOURCE": 1},
            {each["code"]: each["count"] for stage in document["funnel"]
             for each in stage["removed"]})

    def test_groups_that_fit_alone_only(self):
        self.make_hosts("host", VCPU=16)
        query = "resources1=VCPU:5&resources2=VCPU:5&group_policy=isolate"
        document = self.explain(query)
        self.assertEqual(0, self.candidates(query))
        self.assertEqual(["NO_COMBINATION"], [
            reason["code"] for each in document["nearest"]
            for reason in each["reasons"]])
        self.assertEqual("NO_COMBINATION", document["reason"]["code"])

    def test_candidates(self):
        self.make_hosts("one", "two", VCPU=8)
        self.make_hosts("full", VCPU=1)
        document = self.explain("resources=VCPU:2")
        self.assertEqual(
            ("candidates", None, "2/3 hosts fit, 2 candidates",
             {"dropped": []}, ["full"]),
            (document["verdict"], document["reason"], document["summary"],
             document["limits"],
             [each["host"] for each in document["nearest"]]))

    def test_the_limit_that_cut_the_answer_short(self):
        self.make_hosts("one", "two", "three", VCPU=8)
        for most, query, cut in (
                (-1, "&limit=2", {"limit": 2}), (-1, "&limit=3", {}),
                (1, "", {"max_allocation_candidates": 1}), (3, "", {}),
                (1, "&limit=2", {"max_allocation_candidates": 1}),
                (2, "&limit=1", {"limit": 1})):
            self.config("placement", max_allocation_candidates=most)
            with self.subTest(query, most=most):
                limits = self.explain(f"resources=VCPU:1{query}")["limits"]
                self.assertEqual({"dropped": [], **cut}, limits)

    def test_what_it_was_decided_on(self):
        document = self.explain(
            "resources_a=VCPU:2&required_a=!HW_CPU_X86_AVX&limit=7")
        query = document["inputs"]["query"]
        self.assertEqual(
            ("_a", {"VCPU": 2}, ["HW_CPU_X86_AVX"], 7),
            (query["groups"][0]["suffix"], query["groups"][0]["resources"],
             query["groups"][0]["forbidden"], query["limit"]))

    def test_nothing_is_claimed(self):
        self.make_hosts("host", VCPU=2)
        before = self.driver.resource_providers.get(uuids.host)
        self.explain("resources=VCPU:2")
        self.assertEqual(
            before, self.driver.resource_providers.get(uuids.host))
        self.assertEqual(models.Inventory(total=2).used,
                         before.inventories["VCPU"].used)

    def test_queries_that_make_no_sense(self):
        for query, told in (
                ("", "resources"),
                ("resources=VCPU", "VCPU"),
                ("resources=CUSTOM_NOPE:1", "CUSTOM_NOPE"),
                ("resources=VCPU:1&required=CUSTOM_NOPE", "CUSTOM_NOPE"),
                ("resources=VCPU:1&limit=0", "limit"),
                ("resources=VCPU:1&what=1", "what"),
                (f"resources=VCPU:1&required={'A,' * 5000}A", "too long"),
                ("resources1=VCPU:1&resources2=VCPU:1", "group_policy")):
            with self.subTest(query):
                answer = self.ask("GET", f"{URL}?{query}")
                self.assertEqual(400, answer.status_code)
                self.assertIn(told, answer.json["errors"][0]["detail"])

    def test_for_admins_only(self):
        for token, status in ((None, 401), ("alice:demo", 403)):
            answer = self.ask("GET", f"{URL}?resources=VCPU:1", token=token,
                              headers={"X-Roles": "member,reader"})
            self.assertEqual(status, answer.status_code)
            # The rule comes before what is wrong with the query.
            answer = self.ask("GET", f"{URL}?what", token=token,
                              headers={"X-Roles": "member,reader"})
            self.assertEqual(status, answer.status_code)
