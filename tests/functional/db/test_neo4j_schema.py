"""The schema: made, upgraded, refused."""

import functools
from unittest import mock

import os_traits
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db.neo4j import schema
from tests.functional.db import test_neo4j

SECOND = ("CREATE INDEX flavor_note IF NOT EXISTS FOR (n:Flavor) ON (n.note)",)
NAMES = "SHOW INDEXES YIELD name RETURN collect(name)"


class TestSchema(test_neo4j.Neo4jCase):

    def setUp(self):
        super().setUp()
        self.addCleanup(self.server.run, "DROP INDEX flavor_note IF EXISTS")

    def release(self, *steps):
        """Become a later release, with these steps added."""
        migrations = (*schema.MIGRATIONS, *steps)
        for name, value in (("MIGRATIONS", migrations),
                            ("VERSION", len(migrations))):
            patch = mock.patch.object(schema, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def indexes(self):
        return set(self.server.run(NAMES)[0][0])

    def assert_waits_for_sync(self, driver):
        self.assertTrue(driver.is_alive())
        for call in (driver.traits.list,
                     functools.partial(driver.traits.create, "CUSTOM_A"),
                     driver.snapshot, driver.gc,
                     functools.partial(driver.changes, "x:1")):
            error = self.assertRaises(exception.SchemaOutOfDate, call)
            self.assertIn("tachyon-manage db sync", str(error))

    def test_an_empty_database_waits_for_sync(self):
        self.server.clear()
        driver = self.open()
        self.assertEqual(0, driver.schema_version())
        self.assert_waits_for_sync(driver)
        self.assertEqual([[0]], self.server.run("MATCH (n) RETURN count(n)"))
        self.assertEqual(schema.VERSION, driver.sync())
        self.assertEqual("m1.tiny", driver.flavors.get("m1.tiny").name)

    def test_an_older_one_waits_for_sync(self):
        self.make_provider("host", VCPU=8)
        self.release(SECOND)
        later = self.open()
        self.assertEqual(schema.VERSION - 1, later.schema_version())
        self.assert_waits_for_sync(later)
        self.assertEqual(schema.VERSION, later.sync())
        self.assertEqual(schema.VERSION, later.schema_version())
        self.assertEqual(
            8, later.resource_providers.get(uuids.host).inventories[
                "VCPU"].total)
        self.assertIn("flavor_note", self.indexes())

    def test_a_later_one_is_refused(self):
        """Also by those who have it open while it is upgraded."""
        self.driver.traits.list()
        cursor = self.driver.snapshot()[0]
        with mock.patch.object(schema, "VERSION", schema.VERSION):
            self.release(SECOND)
            self.open().sync()
        for call in (functools.partial(self.driver.traits.create, "CUSTOM_A"),
                     functools.partial(self.driver.flavors.delete, "m1.tiny"),
                     functools.partial(self.driver.changes, cursor),
                     self.driver.sync):
            error = self.assertRaises(exception.SchemaOutOfDate, call)
            self.assertIn("upgrade Tachyon", str(error))
        self.assertEqual([[0]], self.server.run(
            "MATCH (t:Trait {name: 'CUSTOM_A'}) RETURN count(t)"))
        self.assertEqual([[5]],
                         self.server.run("MATCH (f:Flavor) RETURN count(f)"))

    def test_sync_by_many_at_once(self):
        self.server.clear()
        self.in_threads(lambda _index: self.open().sync(), range(4))
        self.assertEqual([[1, 1]], self.server.run(
            "MATCH (s:Store) WITH count(s) AS stores "
            "MATCH (t:ConsumerType) RETURN stores, count(t)"))

    def test_sync_brings_back_what_was_dropped(self):
        before = self.indexes()
        self.server.run("DROP CONSTRAINT consumer_uuid_unique")
        self.server.run("DROP INDEX resourceprovider_changed")
        self.driver.sync()
        self.assertEqual(before, self.indexes())

    def test_a_broken_step_is_taken_again(self):
        self.release(SECOND, ("CREATE NONSENSE",))
        self.assertRaisesRegex(Exception, "NONSENSE", self.open().sync)
        self.assertEqual(schema.VERSION - 2, self.driver.schema_version())
        with mock.patch.object(schema, "MIGRATIONS",
                               (*schema.MIGRATIONS[:-1], SECOND)):
            self.assertEqual(schema.VERSION, self.open().sync())

    def test_sync_adds_what_the_libraries_learnt(self):
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        names = [*os_traits.get_traits(), "HW_CPU_X86_FUTURE"]
        with mock.patch.object(os_traits, "get_traits", return_value=names):
            self.driver.sync()
        changes = self.driver.changes(cursor)
        self.assertIn("HW_CPU_X86_FUTURE",
                      [entry.name for entry in changes.traits])
        self.assertIsNone(changes.resource_classes)
