"""What it costs to replace what a provider has, in which way, and who waits
for whom."""

import threading
from unittest import mock

import neo4j
import neo4j.exceptions
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models
from tachyon.db.neo4j import connection
from tests.functional.db import contract_aggregates
from tests.functional.db import contract_inventories
from tests.functional.db import contract_traits
from tests.functional.db import neo4j_store
from tests.functional.db import test_neo4j
from tests.functional.db import test_neo4j_claiming
from tests.integration.parts import wait

WRITERS = 32
LOCKED = "MATCH (s:Store) SET s.locked = true"
# Who waits, and for whom.
BLOCKED = ("SHOW TRANSACTIONS YIELD metaData, status "
           "WHERE metaData.app = 'tachyon' AND status STARTS WITH 'Blocked' "
           "RETURN status")
HOLDER = ("SHOW TRANSACTIONS YIELD transactionId, metaData "
          "WHERE metaData.app = 'holder' RETURN transactionId")


class AtLength(test_neo4j.ContractCase):
    """Nothing is done at once."""

    def setUp(self):
        super().setUp()
        patch = mock.patch.object(connection.Store, "write_at_once",
                                  return_value=[])
        patch.start()
        self.addCleanup(patch.stop)


class TestInventoriesAtLength(contract_inventories.InventoriesContract,
                              AtLength):
    pass


class TestTraitsAtLength(contract_traits.TraitsContract, AtLength):
    pass


class TestAggregatesAtLength(contract_aggregates.AggregatesContract,
                             AtLength):
    pass


class TestRoundTrips(test_neo4j_claiming.RoundTripCase):

    def inventories(self, generation, **totals):
        return self.count(self.through.inventories.replace, uuids.host,
                          generation, {name: models.Inventory(total)
                                       for name, total in totals.items()})

    def test_inventories(self):
        self.assertEqual((1, 1), self.inventories(2, VCPU=9, MEMORY_MB=9))

    def test_inventories_that_come_and_go(self):
        self.driver.resource_classes.create("CUSTOM_A")
        self.assertEqual((1, 1), self.inventories(2, VCPU=9, CUSTOM_A=1))

    def test_traits(self):
        self.driver.traits.create("CUSTOM_A")
        for generation, names in ((2, {"CUSTOM_A", "HW_CPU_X86_AVX"}),
                                  (3, {"HW_CPU_X86_AVX"}), (None, set())):
            with self.subTest(names):
                self.assertEqual((1, 1), self.count(
                    self.through.traits.replace, uuids.host, generation,
                    frozenset(names)))

    def test_aggregates(self):
        for generation in (2, None, 3):
            with self.subTest(generation):
                self.assertEqual((1, 1), self.count(
                    self.through.aggregates.replace, uuids.host, generation,
                    frozenset([uuids.agg])))

    def test_a_refusal(self):
        """Asked for at once, then BEGIN, lock, ROLLBACK."""
        def refused():
            self.assertRaises(
                exception.ConcurrentUpdate, self.through.inventories.replace,
                uuids.host, 1, {})

        self.assertEqual((4, 0), self.count(refused))


class TestLostAnswers(test_neo4j.Neo4jCase):

    def test_the_write_happened(self):
        self.make_provider("host", VCPU=8)
        values = neo4j.Result.values
        left = [neo4j.exceptions.ServiceUnavailable("lost")]

        def lost(result, *args):
            found = values(result, *args)
            if left:
                raise left.pop()
            return found

        with mock.patch.object(neo4j.Result, "values", lost):
            after = self.driver.inventories.replace(
                uuids.host, 1, {"VCPU": models.Inventory(9)})
        self.assertEqual([], left)
        self.assertEqual(2, after.generation)
        self.assertEqual(after, self.driver.resource_providers.get(
            uuids.host))


class TestHubs(test_neo4j.Neo4jCase):
    """Many writers that have one trait, aggregate or class in common wait for
    the change number, and for nothing else.

    Somebody holds the number's lock. When all writers wait, it must be for
    him: one that waited for another writer would say so.
    """

    def setUp(self):
        super().setUp()
        self.hosts = [self.make_provider(f"host{index}").uuid
                      for index in range(WRITERS)]
        self.driver.traits.create("CUSTOM_HUB")
        self.driver.resource_classes.create("CUSTOM_HUB")

    def assert_all_wait_for_the_number(self, write):
        """Call ``write`` for each host at once."""
        errors = []

        def call(host):
            try:
                write(host)
            except Exception as exc:
                errors.append(exc)

        threads = [threading.Thread(target=call, args=(host,))
                   for host in self.hosts]
        with self.server.session() as session:
            holder = session.begin_transaction(metadata={"app": "holder"})
            holder.run(LOCKED).consume()
            (id,), = self.server.run(HOLDER)
            for thread in threads:
                thread.start()
            try:
                found = wait.until(self.blocked, "all of them wait",
                                   deadline=neo4j_store.PATIENCE)
            finally:
                holder.rollback()
                for thread in threads:
                    thread.join()
        self.assertEqual([], errors)
        self.assertEqual({f"Blocked by: [{id}]"}, found)

    def blocked(self):
        """Return how they wait, once all of them do."""
        found = self.server.run(BLOCKED)
        return {status for status, in found} if len(
            found) == WRITERS else None

    def test_a_trait(self):
        self.assert_all_wait_for_the_number(
            lambda host: self.driver.traits.replace(
                host, 0, frozenset(["CUSTOM_HUB", "HW_CPU_X86_AVX"])))

    def test_an_aggregate(self):
        self.assert_all_wait_for_the_number(
            lambda host: self.driver.aggregates.replace(
                host, 0, frozenset([uuids.hub])))

    def test_a_resource_class(self):
        self.assert_all_wait_for_the_number(
            lambda host: self.driver.inventories.replace(
                host, 0, {"CUSTOM_HUB": models.Inventory(1),
                          "VCPU": models.Inventory(1)}))

    def test_what_they_have_can_be_taken_from_them(self):
        for host in self.hosts:
            self.driver.traits.replace(host, 0, frozenset(["CUSTOM_HUB"]))
        self.assert_all_wait_for_the_number(
            lambda host: self.driver.traits.replace(host, 1, frozenset()))
