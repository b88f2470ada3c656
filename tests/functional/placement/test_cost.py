"""What a request asks of the store, and of Python: counts, and no times.

``tests.unit.placement.test_cost`` does the same of the view and the search
alone; ``tests.functional.db.test_neo4j_plans`` of single statements.
"""

import gc
import sys
from unittest import mock

import fixtures
import microversion_parse
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import policy
from tachyon.placement import combine
from tachyon.transfer import generated
from tachyon.transfer import importing
from tests.functional.db import counter
from tests.functional.placement import base

FEW, MANY = 20, 120
# Statements of a claim; those of SQLite are no round trips.
CLAIM = {"sqlite": 12, "neo4j": 1}
QUERY = ("/allocation_candidates?resources=VCPU:1,MEMORY_MB:512,DISK_GB:10"
         "&limit=10")
GRANULAR = ("/allocation_candidates?resources_A=VCPU:2&resources_B=VCPU:2"
            "&resources_P=CUSTOM_PCI_NIC:1&group_policy=isolate"
            "&same_subtree=_A,_P&limit=10")


class TestCost(base.TestCase):

    def setUp(self):
        super().setUp()
        self.driver.sync()
        self.counter = self.useFixture(counter.Counter())
        self.consumers = iter(range(1000))

    def grow(self, hosts, shape="flat"):
        """Let the store have a cloud of so many hosts, and the view too."""
        importing.run_blindly(generated.GeneratedCloud(hosts, shape),
                              self.driver, mock.Mock())
        self.tell("GET", QUERY)

    def claim(self, *hosts):
        """Claim of each of these hosts, by number."""
        for host in hosts:
            consumer = getattr(uuids, f"consumer{next(self.consumers)}")
            self.tell("PUT", f"/allocations/{consumer}", self.make_claim(
                generated.uuid("flat", host), VCPU=1), status=204)

    def counts(self, action, *args, **kwargs):
        with self.counter.counting() as found:
            action(*args, **kwargs)
        return found[0]

    def among_few_and_many(self, measure):
        """Return what is measured in a small cloud, and in a larger one."""
        found = []
        for hosts in (FEW, MANY):
            self.grow(hosts)
            found.append(measure())
        return found

    # ------------------------------------------------------------- the store
    def test_a_query_is_one_statement(self):
        """What was known before is not read again."""
        self.assertEqual(
            2 * [counter.Counts(transactions=1, statements=1, rows=1)],
            self.among_few_and_many(
                lambda: self.counts(self.tell, "GET", QUERY)))

    def test_a_query_after_claims_reads_what_they_changed(self):
        def measure(*hosts):
            # The first one of all makes a consumer type as well.
            self.claim(2)
            self.tell("GET", QUERY)
            self.claim(*hosts)
            return self.counts(self.tell, "GET", QUERY)

        one = self.among_few_and_many(lambda: measure(3))
        self.assertEqual(one[0], one[1])
        self.assertGreaterEqual(2, one[0].transactions)
        self.assertGreaterEqual(8, one[0].statements)
        four = measure(3, 4, 5, 6)
        self.assertEqual(one[0].statements, four.statements)
        # So many more of each kind of row.
        self.assertGreaterEqual(4 * one[0].rows, four.rows)

    def test_a_claim_is_one_transaction(self):
        def measure():
            # The first one of a project may have more to do.
            self.claim(7)
            self.tell("GET", QUERY)
            return self.counts(self.claim, 8)

        few, many = self.among_few_and_many(measure)
        self.assertEqual(few, many)
        self.assertEqual(1, few.transactions)
        self.assertGreaterEqual(CLAIM[self.db_driver], few.statements)

    def test_a_claim_asks_the_same_of_a_full_host(self):
        self.grow(FEW)
        self.claim(1)
        before = self.counts(self.claim, 1)
        self.claim(*[1] * 10)
        self.assertEqual(before, self.counts(self.claim, 1))

    def test_an_update_of_inventories(self):
        path = f"/resource_providers/{generated.uuid('flat', 2)}/inventories"

        def measure():
            body = self.tell("GET", path)
            return self.counts(self.tell, "PUT", path, body)

        few, many = self.among_few_and_many(measure)
        self.assertEqual(few, many)

    def test_reads_of_one_provider(self):
        path = f"/resource_providers/{generated.uuid('flat', 2)}"
        for what in ("", "/inventories", "/usages", "/traits", "/aggregates"):
            with self.subTest(what):
                few, many = self.among_few_and_many(
                    lambda what=what: self.counts(self.tell, "GET",
                                                  path + what))
                self.assertEqual(few, many)

    def test_the_counter_itself(self):
        self.grow(FEW)
        found = self.counts(lambda: list(self.driver.snapshot()[1]))
        self.assertLessEqual(FEW, found.rows)
        self.assertEqual(counter.Counts(), self.counts(lambda: None))

    # ---------------------------------------------------------------- Python
    def steps(self, path):
        """Return how many lines of ours a warm request takes."""
        count = 0

        def trace(frame, event, argument):
            nonlocal count
            if not frame.f_globals.get("__name__", "").startswith("tachyon."):
                return None
            count += 1
            return trace

        # When policy files are looked at again is chance.
        self.useFixture(fixtures.MockPatchObject(policy, "LOOK",
                                                 float("inf")))
        # The request before it pays for what is kept.
        self.tell("GET", path)
        before = sys.gettrace()
        gc.collect()
        gc.disable()
        sys.settrace(trace)
        try:
            self.tell("GET", path)
        finally:
            sys.settrace(before)
            gc.enable()
        return count

    def test_no_loop_over_hosts(self):
        few, many = self.among_few_and_many(lambda: self.steps(QUERY))
        self.assertLess(100, few)
        self.assertEqual(few, many)

    def test_no_more_candidates_are_made_than_wanted(self):
        made = self.useFixture(fixtures.MockPatchObject(
            combine, "Candidate", wraps=combine.Candidate)).mock
        self.grow(FEW, "numa")
        for path in (GRANULAR, QUERY):
            with self.subTest(path):
                made.reset_mock()
                found = self.tell("GET", path)
                self.assertEqual(10, len(found["allocation_requests"]))
                self.assertGreaterEqual(11, made.call_count)
                self.assertLess(0, made.call_count)

    def test_no_version_is_parsed_for_each_candidate(self):
        self.grow(FEW)
        parsed = self.useFixture(fixtures.MockPatchObject(
            microversion_parse, "parse_version_string",
            wraps=microversion_parse.parse_version_string)).mock
        self.tell("GET", QUERY)
        # That of the header, and what it is compared with.
        self.assertGreaterEqual(3, parsed.call_count)
