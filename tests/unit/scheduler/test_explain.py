"""The document of a decision: its words, its parts, its size."""

import json
from unittest import mock

import jsonschema
import orjson

from tachyon import objects
from tachyon import plugins
from tachyon.api.v1.schemas import requests as request_schemas
from tachyon.placement import capacity
from tachyon.placement import documents
from tachyon.placement import reasons
from tachyon.placement import view
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import enabled
from tachyon.scheduler import explain
from tachyon.scheduler import hosts
from tachyon.scheduler import pipeline
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes

Verdict = scheduler_data.Verdict
FIRST_KEYS = ("version", "request_id", "consumer_uuid", "project_id",
              "dry_run", "attempt", "verdict", "reason", "summary", "host",
              "service", "allocations", "tries", "conflicts", "funnel",
              "scores", "nearest", "hosts", "limits", "inputs")


def short(resource_class, count):
    return (reasons.Reason(reasons.Code.INSUFFICIENT_RESOURCE, {
        "resource_class": resource_class, "requested": 9,
        "max_free": count}), count)


class TestSummary(base.TestCase):
    def summary(self, verdict, total, fitting=0, removed=(), **fields):
        data = fakes.make_data(
            findings={"total": total, "fitting": fitting},
            stages=[reasons.Stage("resources", total, fitting, (each,))
                    for each in removed], **fields)
        return explain.summary(data, verdict)

    def test_lines(self):
        lack = (reasons.Reason(reasons.Code.TRAIT_MISSING,
                               {"trait": "HW_CPU_X86_AVX512F"}), 180)
        for expected, verdict, args, fields in (
                ("0/512 hosts: 300 short of VCPU, 180 lack "
                 "HW_CPU_X86_AVX512F, 32 short of DISK_GB",
                 Verdict.NO_CANDIDATES,
                 (512, 0, [short("DISK_GB", 32), lack, short("VCPU", 300)]),
                 {}),
                ("0/9 hosts: 9 short of VCPU", Verdict.ALL_FILTERED,
                 (9, 0, [short("VCPU", 4), short("VCPU", 5)]), {}),
                ("0/0 hosts: there are none", Verdict.NO_CANDIDATES, (0,),
                 {}),
                ("5/512 hosts fit, the best was chosen", Verdict.SCHEDULED,
                 (512, 5), {}),
                ("0/2 hosts: 2 short of VCPU, others were faster twice",
                 Verdict.CLAIM_CONFLICT, (2, 0, [short("VCPU", 2)]),
                 {"conflicts": [("a", ""), ("b", "")]}),
                ("3/4 hosts fit, but others were faster 3 times",
                 Verdict.RETRIES_EXHAUSTED, (4, 3),
                 {"detail": "others were faster 3 times"}),
                ("it is nonsense", Verdict.BAD_REQUEST, (4,),
                 {"detail": "it is nonsense"}),
                ("backend_error", Verdict.BACKEND_ERROR, (4,), {})):
            with self.subTest(expected):
                self.assertEqual(expected,
                                 self.summary(verdict, *args, **fields))

    def test_many_reasons_are_added_up(self):
        limit = documents.SUMMARY_REASONS
        for count, rest in ((limit, None), (limit + 1, "1 for other"),
                            (limit + 2, "2 for other")):
            line = self.summary(Verdict.NO_CANDIDATES, 99, 0, [
                short(f"CUSTOM_{number}", 1) for number in range(count)])
            with self.subTest(count):
                self.assertEqual(limit, line.count("short of"))
                self.assertEqual(rest is not None, "for other" in line)
                if rest:
                    self.assertTrue(line.endswith(f", {rest} reasons"))


class DocumentCase(base.TestCase):
    def setUp(self):
        super().setUp()
        store = placement_fakes.make_forest(**{
            "small": {"inventory": {"VCPU": 1}, "traits": ["CUSTOM_A"]},
            "plain": {"inventory": {"VCPU": 8}},
            "down": {"inventory": {"VCPU": 8}, "traits": ["CUSTOM_A"]},
            "good": {"inventory": {"VCPU": 4}, "traits": ["CUSTOM_A"]},
            "best": {"inventory": {"VCPU": 8}, "traits": ["CUSTOM_A"]}})
        self.driver = fakes.Driver(store, [
            fakes.service("c1", "*"), fakes.service("c2", "down", age=1e6)])
        self.pipeline = pipeline.load(
            self.conf, self.driver, view.View(self.driver),
            hosts.HostMap(self.conf, self.driver))
        self.data_driver = enabled.make(
            plugins.DATA_DRIVERS, "instance",
            plugins.load(plugins.DATA_DRIVERS, "instance"), self.conf)

    def explain(self, vcpus=2, counted=False, **fields):
        data = self.data_driver.initialise(
            self.admin_context, objects.SchedulingRequest(
                resources={"VCPU": vcpus}, required_traits=["CUSTOM_A"],
                **fields))
        data.counted = counted
        self.pipeline.run(data)
        made = explain.document(data, self.conf, data.verdict)
        self.assertEqual(made, json.loads(json.dumps(made)))
        return made


class TestDocument(DocumentCase):
    def test_success(self):
        made = self.explain()
        self.assertEqual(FIRST_KEYS, tuple(made))
        self.assertEqual(("scheduled", None, "best", "c1"), (
            made["verdict"], made["reason"], made["host"], made["service"]))
        self.assertEqual([{
            "provider": "best", "uuid": placement_fakes.uuid("best"),
            "resources": {"VCPU": 2}}], made["allocations"])
        self.assertEqual(
            [("best", 1, 1.0), ("good", 2, 0.0)],
            [(each["host"], each["rank"], each["weight"])
             for each in made["scores"]])
        self.assertEqual(
            {"raw": 8.0, "normalised": 1.0, "weighted": 1.0},
            made["scores"][0]["weighers"]["CPUWeigher"])
        self.assertEqual({placement_fakes.uuid("best"): 0},
                         made["inputs"]["generations"])
        self.assertEqual([], made["nearest"])

    def test_the_funnel_counts_each_host_once(self):
        made = self.explain()
        before = 5
        gone = 0
        for row in made["funnel"]:
            self.assertEqual(before, row["before"])
            self.assertEqual(row["before"] - row["after"], sum(
                each["count"] for each in row["removed"]))
            gone += row["before"] - row["after"]
            before = row["after"]
        self.assertEqual((2, 3), (before, gone))

    def test_failure(self):
        made = self.explain(vcpus=100)
        self.assertEqual(("no_candidates", None, None, None), (
            made["verdict"], made["host"], made["service"],
            made["allocations"]))
        self.assertEqual("0/5 hosts: 4 short of VCPU, 1 lack CUSTOM_A",
                         made["summary"])
        self.assertEqual(
            ("INSUFFICIENT_RESOURCE", "VCPU", 100, 8),
            (made["reason"]["code"],
             *(made["reason"]["params"][name] for name in (
                 "resource_class", "requested", "max_free"))))
        self.assertEqual(5, len(made["nearest"]))
        self.assertTrue(all(each["reasons"] for each in made["nearest"]))

    def test_named_hosts_have_all_their_reasons(self):
        made = self.explain(vcpus=2, hosts=["small", "plain", "down", "best",
                                            "good", "nowhere"])
        found = {each["host"]: each for each in made["hosts"]}
        self.assertEqual(["small", "plain", "down", "best", "good",
                          "nowhere"], list(found))
        codes = {name: [reason["code"] for reason in each["reasons"]]
                 for name, each in found.items()}
        self.assertEqual({
            "small": ["INSUFFICIENT_RESOURCE"], "plain": ["TRAIT_MISSING"],
            "down": ["FILTERED_BY"], "best": [], "good": [], "nowhere": []},
            codes)
        self.assertEqual(
            {"small": None, "plain": None, "down": None, "best": 1,
             "good": 2, "nowhere": None},
            {name: each["rank"] for name, each in found.items()})
        self.assertEqual((False, True),
                         (found["nowhere"]["known"], found["best"]["fits"]))
        self.assertEqual(0.0, found["good"]["weight"])

    def test_named_hosts_in_a_failure(self):
        """Also of filters that had nothing left to do."""
        made = self.explain(vcpus=100, hosts=["down"])
        self.assertEqual(
            ["INSUFFICIENT_RESOURCE", "FILTERED_BY"],
            [reason["code"] for reason in made["hosts"][0]["reasons"]])

    def test_limits(self):
        self.config("scheduler", explain_hosts=1, explain_examples=0)
        made = self.explain()
        self.assertEqual(["best"], [each["host"] for each in made["scores"]])
        self.assertEqual(1, made["limits"]["explain_hosts"])
        self.assertNotIn("explain_hosts", self.explain(vcpus=8)["limits"])
        examples = [each["examples"] for row in made["funnel"]
                    for each in row["removed"]]
        self.assertEqual([[], [], []], examples)

    def test_it_is_what_the_api_says(self):
        schemas = {name: schema for name, schema
                   in request_schemas.SCHEMAS.items()}
        schema = {"$ref": "#/components/schemas/ExplainDocument",
                  "components": {"schemas": schemas}}
        for fields in ({}, {"vcpus": 100}, {"hosts": ["down", "best", "x"]},
                       {"counted": True}):
            jsonschema.validate(self.explain(**fields), schema)
        jsonschema.validate(explain.failed(
            "i", "p", "r", 1, Verdict.BAD_REQUEST, "x"), schema)


class TestCapacity(DocumentCase):
    def test_hosts_that_are_left(self):
        made = self.explain(counted=True)
        self.assertEqual((*FIRST_KEYS, "capacity"), tuple(made))
        self.assertEqual({
            "total": 6, "exact": True, "bounds": [], "truncated": False,
            "hosts": [
                {"host": name, "uuid": placement_fakes.uuid(name),
                 "fits": fits} for name, fits in (("best", 4), ("good", 2))]},
            made["capacity"])

    def test_nothing_is_left(self):
        self.assertEqual({"total": 0, "exact": True, "bounds": [],
                          "hosts": [], "truncated": False},
                         self.explain(100, counted=True)["capacity"])

    def test_as_many_hosts_as_may_be_listed(self):
        for limit, listed in ((0, []), (1, ["best"]), (2, ["best", "good"])):
            self.config("scheduler", explain_capacity_hosts=limit)
            made = self.explain(counted=True)["capacity"]
            self.assertEqual((6, listed, limit < 2), (
                made["total"], [each["host"] for each in made["hosts"]],
                made["truncated"]))

    def test_its_hosts_go_when_it_is_too_large(self):
        made = documents.fit(self.explain(counted=True), 1500)
        self.assertIn("capacity.hosts", made["limits"]["dropped"])
        self.assertEqual((6, [], True), tuple(
            made["capacity"][key] for key in ("total", "hosts", "truncated")))

    def test_what_was_given_up(self):
        with mock.patch.object(capacity.Survey, "count",
                               lambda seen: capacity.Capacity(3, False, ())):
            made = self.explain(counted=True)["capacity"]
        self.assertEqual((3, False, ["search"]), tuple(
            made[key] for key in ("total", "exact", "bounds")))


class TestSize(DocumentCase):
    def test_every_limit_is_kept(self):
        full = self.explain(hosts=["small", "down", "best"])
        size = len(orjson.dumps(full))
        self.assertEqual([], full["limits"]["dropped"])
        dropped = 0
        for limit in (size, size - 1, size // 2, 1400, 1024):
            with self.subTest(limit):
                made = documents.fit(json.loads(json.dumps(full)), limit)
                self.assertLessEqual(len(orjson.dumps(made)), limit)
                self.assertEqual(FIRST_KEYS, tuple(made))
                self.assertEqual(
                    ("scheduled", "best", full["summary"]),
                    (made["verdict"], made["host"], made["summary"]))
                self.assertGreaterEqual(len(made["limits"]["dropped"]),
                                        dropped)
                dropped = len(made["limits"]["dropped"])
        self.assertGreater(dropped, 2)

    def test_a_summary_without_end(self):
        made = documents.fit({**self.explain(), "summary": "x" * 100000}, 4096)
        self.assertLessEqual(len(orjson.dumps(made)), 4096)

    def test_an_ended_decision_keeps_what_it_was_decided_on(self):
        former = self.explain()
        made = explain.ended(former, Verdict.RETRIES_EXHAUSTED, "no disk",
                             65536)
        self.assertEqual(
            ("retries_exhausted", "no disk", None, None),
            (made["verdict"], made["summary"], made["host"],
             made["allocations"]))
        self.assertEqual({"code": "RETRIES_EXHAUSTED", "text": "no disk",
                          "params": {"detail": "no disk"}}, made["reason"])
        self.assertEqual((former["funnel"], former["inputs"]),
                         (made["funnel"], made["inputs"]))
        self.assertEqual("scheduled", former["verdict"])
