"""Each test finds the store as ``db sync`` leaves it."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tests.functional.db import neo4j_store
from tests.functional.db import test_neo4j


class TestEmpty(test_neo4j.Neo4jCase):

    def seen(self):
        cursor, pages = self.driver.snapshot()
        changes = self.driver.changes(cursor)
        return ([one for page in pages for one in page],
                [entry.name for entry in changes.traits],
                [entry.name for entry in changes.resource_classes],
                changes.consumer_types, self.driver.flavors.list(),
                self.driver.instances.list(), self.driver.messages.list(),
                self.driver.services.list(), self.driver.schema_version(),
                self.server.run("MATCH (w:Write) RETURN count(w)"))

    def fill(self):
        self.driver.traits.create("CUSTOM_A")
        self.driver.resource_classes.create("CUSTOM_B")
        self.make_provider("host", traits=["CUSTOM_A", "HW_CPU_X86_AVX"],
                           CUSTOM_B=1, VCPU=1)
        self.take(uuids.vm, consumer_type="INSTANCE")
        self.submit("vm")
        self.driver.flavors.delete("m1.tiny")

    def test_nothing_is_left_of_a_test(self):
        new = self.seen()
        cursor = self.driver.snapshot()[0]
        self.fill()
        neo4j_store.empty()
        self.assertEqual(new, self.seen())
        self.assertRaises(exception.CursorExpired, self.driver.changes,
                          cursor)

    def test_also_if_nothing_was_left_at_all(self):
        new = self.seen()
        self.server.clear()
        neo4j_store.empty()
        self.assertEqual(new[1:4], self.seen()[1:4])
