"""The schema of a database: made, upgraded, refused."""

import functools
import threading
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db.common import versions
from tachyon.db.neo4j import schema
from tests.functional.db import contract_allocations
from tests.functional.db import contract_changes
from tests.functional.db import contract_instances
from tests.functional.db import contract_schema
from tests.functional.db import test_neo4j

NAMES = "SHOW INDEXES YIELD name RETURN collect(name)"


class TestSchema(contract_schema.SchemaContract, test_neo4j.Neo4jCase):
    module = schema
    EXPANSION = (
        "CREATE INDEX flavor_note IF NOT EXISTS FOR (n:Flavor) ON (n.note)",)

    def setUp(self):
        super().setUp()
        self.addCleanup(self.server.run, "DROP INDEX flavor_note IF EXISTS")

    def make_empty_store(self):
        self.server.clear()

    def make_former_store(self):
        self.make_empty_store()
        contract_schema.open_former(
            functools.partial(_synced, self.opener)).close()

    def indexes(self):
        return set(self.server.run(NAMES)[0][0])

    def test_an_empty_database_waits_for_sync(self):
        self.server.clear()
        driver = self.open()
        self.assertEqual(0, driver.schema_version())
        self.assert_refused(driver, "tachyon-manage db sync")
        self.assertEqual([[0]], self.server.run("MATCH (n) RETURN count(n)"))
        self.assertEqual(schema.VERSION, driver.sync())
        self.assertEqual("m1.tiny", driver.flavors.get("m1.tiny").name)

    def test_sync_brings_back_what_was_dropped(self):
        before = self.indexes()
        self.server.run("DROP CONSTRAINT consumer_uuid_unique")
        self.server.run("DROP INDEX resourceprovider_changed")
        self.driver.sync()
        self.assertEqual(before, self.indexes())

    def test_a_broken_step_is_taken_again(self):
        self.release(1)
        self.release(1, ("CREATE NONSENSE",))
        self.assertRaisesRegex(Exception, "NONSENSE", self.open().sync)
        self.assertEqual(schema.VERSION - 2, self.driver.schema_version())
        self.assertIn("flavor_note", self.indexes())
        with mock.patch.object(schema, "MIGRATIONS", (
                *schema.MIGRATIONS[:-1],
                versions.Step(self.EXPANSION, compatible=1))):
            self.assertEqual(schema.VERSION, self.open().sync())

    def test_code_that_is_too_old_stops_before_the_step(self):
        """A transaction that began before is waited for."""
        self.make_provider("host", VCPU=8)
        self.release(schema.VERSION + 1)
        begun, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)
        order = []

        def slow_read(txn):
            begun.set()
            go.wait(contract_schema.PATIENCE)
            order.append("read")

        def upgrade(_index):
            driver = self.open()
            driver.sync(lambda line: order.append(line))

        def look(_index):
            self.driver._store.look(slow_read)

        def watch(_index):
            begun.wait(contract_schema.PATIENCE)
            while True:
                try:
                    self.driver.resource_providers.get(uuids.host)
                except exception.SchemaOutOfDate:
                    break
            order.append("refused")
            go.set()

        self.in_threads(lambda work: work(0), [look, watch, upgrade])
        self.assertEqual(
            ["refused", "read", f"step {schema.VERSION} of {schema.VERSION}"],
            order)


def _synced(opener):
    driver = opener()
    driver.sync()
    return driver


class FormerCase(test_neo4j.Neo4jCase):
    """The former code on a store of this version."""

    def make_opener(self):
        return functools.partial(contract_schema.open_former,
                                 super().make_opener())


class TestFormerAllocations(contract_allocations.AllocationsContract,
                            FormerCase):
    pass


class TestFormerChanges(contract_changes.ChangesContract, FormerCase):
    pass


class TestFormerInstances(contract_instances.InstancesContract, FormerCase):
    pass
