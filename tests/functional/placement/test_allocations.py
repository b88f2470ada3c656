"""Allocations, and usages of projects, over HTTP."""

import concurrent.futures
from unittest import mock

from tachyon import exception
from tests.functional.placement import base
from tests.functional.placement.base import uuids


class TestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.h1 = self.make_provider("h1", VCPU=8, MEMORY_MB=1024)
        self.h2 = self.make_provider(
            "h2", VCPU={"total": 8, "min_unit": 2, "max_unit": 6,
                        "step_size": 2})
        self.path = f"/allocations/{uuids.c1}"

    def put(self, status, provider, generation=None, **amounts):
        return self.tell("PUT", self.path, self.make_claim(
            provider, generation=generation, **amounts), status=status)

    def usages(self, provider):
        return self.tell(
            "GET", f"/resource_providers/{provider}/usages")["usages"]


class OneTestCase(TestCase):

    def test_unknown_consumer_has_nothing(self):
        for uuid in (uuids.nobody, "no-uuid"):
            self.assertEqual({"allocations": {}},
                             self.tell("GET", f"/allocations/{uuid}"))

    def test_put_and_get(self):
        self.put(204, self.h1, VCPU=2, MEMORY_MB=100)
        answer = self.ask("GET", self.path)
        self.assertEqual({
            "allocations": {self.h1: {
                "resources": {"VCPU": 2, "MEMORY_MB": 100}, "generation": 2}},
            "project_id": "demo", "user_id": "alice",
            "consumer_generation": 1, "consumer_type": "INSTANCE",
        }, answer.json)
        self.assertIn("Last-Modified", answer.headers)
        self.assertEqual({"VCPU": 2, "MEMORY_MB": 100}, self.usages(self.h1))

    def test_uuid_is_normalised(self):
        self.tell("PUT", f"/allocations/{uuids.c1.upper()}",
                  self.make_claim(self.h1, VCPU=1), status=204)
        self.assertIn(self.h1, self.tell("GET", self.path)["allocations"])

    def test_replace_moves(self):
        self.put(204, self.h1, VCPU=8)
        self.put(204, self.h2, 1, VCPU=4)
        body = self.tell("GET", self.path)
        self.assertEqual({self.h2}, set(body["allocations"]))
        self.assertEqual(2, body["consumer_generation"])
        self.assertEqual(0, self.usages(self.h1)["VCPU"])

    def test_what_one_has_is_free_for_oneself(self):
        self.put(204, self.h1, VCPU=8)
        self.put(204, self.h1, 1, VCPU=7)

    def test_caller_may_change_project_user_and_type(self):
        self.put(204, self.h1, VCPU=1)
        self.tell("PUT", self.path, {
            **self.make_claim(self.h1, generation=1, VCPU=1),
            "project_id": "p2", "user_id": "u2",
            "consumer_type": "MIGRATION"}, status=204)
        body = self.tell("GET", self.path)
        self.assertEqual(("p2", "u2", "MIGRATION"), (
            body["project_id"], body["user_id"], body["consumer_type"]))

    def test_candidates_can_be_sent_back(self):
        found = self.tell("GET", "/allocation_candidates?resources=VCPU:2"
                                 "&limit=1")["allocation_requests"][0]
        self.tell("PUT", self.path, {
            **self.make_claim(self.h1), **found}, status=204)

    def test_nothing_deletes(self):
        nothing = {**self.make_claim(self.h1), "allocations": {}}
        self.tell("PUT", self.path, nothing, status=204)
        self.put(204, self.h1, VCPU=1)
        self.tell("PUT", self.path, {**nothing, "consumer_generation": 1},
                  status=204)
        self.assertEqual({"allocations": {}}, self.tell("GET", self.path))

    def test_delete(self):
        self.put(204, self.h1, VCPU=1)
        self.tell("DELETE", self.path, status=204)
        for path in (self.path, "/allocations/no-uuid"):
            problem = self.refuse(404, "DELETE", path)
            self.assertIn("No allocations for consumer '", problem.detail)
        self.assertEqual(0, self.usages(self.h1)["VCPU"])

    def test_by_provider(self):
        other = self.allocate(self.h1, MEMORY_MB=5)
        self.put(204, self.h1, VCPU=2)
        path = f"/resource_providers/{self.h1}/allocations"
        self.assertEqual({
            "allocations": {
                uuids.c1: {"resources": {"VCPU": 2},
                           "consumer_generation": 1},
                other: {"resources": {"MEMORY_MB": 5},
                        "consumer_generation": 1}},
            "resource_provider_generation": 3}, self.tell("GET", path))
        self.assertEqual({}, self.tell(
            "GET", f"/resource_providers/{self.h2}/allocations"
        )["allocations"])
        self.refuse(404, "GET",
                    f"/resource_providers/{uuids.nobody}/allocations")


class RefusedTestCase(TestCase):

    def refuse_put(self, status, provider, generation=None, **amounts):
        return self.refuse(status, "PUT", self.path, self.make_claim(
            provider, generation=generation, **amounts))

    def test_consumer_generations(self):
        for given, text in ((0, "expected null but got 0"),
                            (10 ** 30, "expected null but got 1")):
            problem = self.refuse_put(409, self.h1, given, VCPU=1)
            self.assertEqual("placement.concurrent_update", problem.code)
            self.assertIn(f"consumer generation conflict - {text}",
                          problem.detail)
        self.put(204, self.h1, VCPU=1)
        for given in (None, 0, 2):
            problem = self.refuse_put(409, self.h1, given, VCPU=1)
            self.assertIn(f"expected 1 but got {given}", problem.detail)

    def test_generation_comes_before_all_else(self):
        self.put(204, self.h1, VCPU=1)
        for provider, amounts in ((uuids.nobody, {"VCPU": 1}),
                                  (self.h1, {"VCPU": 99}),
                                  (self.h1, {"CUSTOM_NONE": 1})):
            problem = self.refuse_put(409, provider, 7, **amounts)
            self.assertIn("consumer generation conflict", problem.detail)

    def test_does_not_fit(self):
        for provider, resource_class, amount, text in (
                (self.h1, "VCPU", 9, "would exceed the capacity"),
                (self.h1, "VCPU", 2 ** 31 - 1, "would exceed the capacity"),
                (self.h1, "VCPU", 2 ** 31, "would violate inventory"),
                (self.h1, "VCPU", 10 ** 40, "would violate inventory"),
                (self.h2, "VCPU", 1, "would violate inventory constraints"),
                (self.h2, "VCPU", 3, "would violate inventory constraints"),
                (self.h2, "VCPU", 8, "would violate inventory constraints"),
                (self.h1, "DISK_GB", 1, "Inventory for 'DISK_GB' on resource "
                                        f"provider '{self.h1}' invalid.")):
            problem = self.refuse_put(409, provider,
                                      **{resource_class: amount})
            self.assertIn("Unable to allocate inventory: ", problem.detail)
            self.assertIn(text, problem.detail)
            self.assertEqual("placement.undefined_code", problem.code)
        self.assertEqual({"allocations": {}}, self.tell("GET", self.path))

    def test_unknown_names(self):
        problem = self.refuse_put(400, uuids.nobody, VCPU=1)
        self.assertIn(f"Allocation for resource provider '{uuids.nobody}' "
                      "that does not exist.", problem.detail)
        problem = self.refuse_put(400, self.h1, CUSTOM_NONE=1)
        self.assertIn(
            f"Unable to allocate inventory for consumer {uuids.c1}: No such "
            "resource class CUSTOM_NONE.", problem.detail)

    def test_malformed(self):
        good = self.make_claim(self.h1, VCPU=1)
        for changes in (
                {"allocations": []}, {"allocations": {"x": {}}},
                {"allocations": {self.h1: {}}},
                {"allocations": {self.h1: {"resources": {}}}},
                {"allocations": {self.h1: {"resources": {"VCPU": 0}}}},
                {"allocations": {self.h1: {"resources": {"VCPU": -1}}}},
                {"allocations": {self.h1: {"resources": {"VCPU": 1.5}}}},
                {"allocations": {self.h1: {"resources": {"VCPU": "1"}}}},
                {"allocations": {self.h1: {"resources": {"vcpu": 1}}}},
                {"project_id": ""}, {"project_id": "p" * 256},
                {"user_id": None}, {"consumer_generation": "1"},
                {"consumer_type": "instance"}, {"consumer_type": ""},
                {"consumer_type": "A" * 256}, {"mappings": {}},
                {"mappings": {"_A": "x"}}, {"mappings": {"_A": []}},
                {"color": "blue"}):
            problem = self.refuse(400, "PUT", self.path, {**good, **changes})
            self.assertIn("JSON does not validate", problem.detail)
        for key in good:
            self.refuse(400, "PUT", self.path, {
                name: good[name] for name in good if name != key})

    def test_malformed_uuid(self):
        problem = self.refuse(400, "PUT", "/allocations/x",
                              self.make_claim(self.h1, VCPU=1))
        self.assertIn("Malformed consumer_uuid: x", problem.detail)

    def test_conflict_of_others_is_tried_again(self):
        real = self.driver.allocations.replace
        error = exception.ConcurrentUpdate(what="it")
        with mock.patch.object(self.driver.allocations, "replace",
                               side_effect=[error, error, mock.DEFAULT],
                               wraps=real):
            self.put(204, self.h1, VCPU=1)
        self.config(group="placement", allocation_conflict_retry_count=1)
        with mock.patch.object(self.driver.allocations, "replace",
                               side_effect=error) as replace:
            problem = self.refuse_put(409, self.h1, 1, VCPU=1)
        self.assertEqual(2, replace.call_count)
        self.assertEqual("placement.concurrent_update", problem.code)
        self.assertIn("Inventory and/or allocations changed while attempting "
                      "to allocate", problem.detail)


class ManyTestCase(TestCase):

    def test_all(self):
        self.tell("POST", "/allocations", {
            uuids.c1: self.make_claim(self.h1, VCPU=4),
            uuids.c2: self.make_claim(self.h1, VCPU=4)}, status=204)
        self.assertEqual(8, self.usages(self.h1)["VCPU"])

    def test_move_from_one_to_another(self):
        self.put(204, self.h1, VCPU=8)
        self.tell("POST", "/allocations", {
            uuids.c1: {**self.make_claim(self.h1, generation=1),
                       "allocations": {}},
            uuids.c2: self.make_claim(self.h1, VCPU=8)}, status=204)
        self.assertEqual({"allocations": {}}, self.tell("GET", self.path))
        self.assertEqual(8, self.usages(self.h1)["VCPU"])

    def test_or_nothing(self):
        self.put(204, self.h1, VCPU=1)
        for body, status, text in (
                ({uuids.c2: self.make_claim(self.h1, VCPU=4),
                  uuids.c3: self.make_claim(self.h1, VCPU=4)}, 409,
                 "Unable to allocate inventory: "),
                ({uuids.c2: self.make_claim(self.h1, VCPU=1),
                  uuids.c1: self.make_claim(self.h1, VCPU=1)}, 409,
                 "consumer generation conflict - expected 1 but got None"),
                ({uuids.c2: self.make_claim(uuids.nobody, VCPU=1)}, 400,
                 f"Allocation for resource provider '{uuids.nobody}'"),
                ({uuids.c2: self.make_claim(self.h1, CUSTOM_NONE=1)}, 400,
                 "Unable to allocate inventory No such resource class"),
                ({}, 400, "JSON does not validate"),
                ({"x": self.make_claim(self.h1, VCPU=1)}, 400,
                 "JSON does not validate"),
                ([], 400, "JSON does not validate")):
            problem = self.refuse(status, "POST", "/allocations", body)
            self.assertIn(text, problem.detail)
            self.assertEqual(1, self.usages(self.h1)["VCPU"])


class ConcurrencyTestCase(TestCase):

    def test_no_more_than_there_is(self):
        claim = self.make_claim(self.h1, VCPU=1)
        consumers = [getattr(uuids, f"n{n}") for n in range(24)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda uuid: self.ask(
                "PUT", f"/allocations/{uuid}", claim).status_code, consumers))
        self.assertEqual([204] * 8 + [409] * 16, sorted(statuses))
        self.assertEqual(8, self.usages(self.h1)["VCPU"])


class UsagesTestCase(TestCase):

    def setUp(self):
        super().setUp()
        for name, project, user, consumer_type, amounts in (
                ("c1", "demo", "alice", "INSTANCE", {"VCPU": 1}),
                ("c2", "demo", "bob", "INSTANCE", {"VCPU": 2,
                                                   "MEMORY_MB": 10}),
                ("c3", "demo", "bob", "MIGRATION", {"VCPU": 3}),
                ("c4", "other", "bob", "INSTANCE", {"MEMORY_MB": 1})):
            self.tell("PUT", f"/allocations/{getattr(uuids, name)}", {
                **self.make_claim(self.h1, **amounts), "project_id": project,
                "user_id": user, "consumer_type": consumer_type}, status=204)

    def test_usages(self):
        instance = {"VCPU": 3, "MEMORY_MB": 10, "consumer_count": 2}
        migration = {"VCPU": 3, "consumer_count": 1}
        for query, usages in {
            "project_id=demo": {"INSTANCE": instance,
                                "MIGRATION": migration},
            "project_id=demo&consumer_type=INSTANCE": {"INSTANCE": instance},
            "project_id=demo&consumer_type=NONE": {},
            "project_id=demo&consumer_type=unknown": {},
            "project_id=demo&consumer_type=all": {
                "all": {"VCPU": 6, "MEMORY_MB": 10, "consumer_count": 3}},
            "project_id=demo&user_id=alice": {
                "INSTANCE": {"VCPU": 1, "consumer_count": 1}},
            "project_id=demo&user_id=alice&consumer_type=MIGRATION": {},
            "project_id=nobody": {},
            "project_id=nobody&consumer_type=all": {},
        }.items():
            self.assertEqual({"usages": usages},
                             self.tell("GET", f"/usages?{query}"), query)
