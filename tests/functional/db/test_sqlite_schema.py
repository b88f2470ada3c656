"""The schema: made, upgraded, refused."""

import contextlib
import functools
import sqlite3
from unittest import mock

import os_traits
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db.sqlite import schema
from tests.functional.db import test_sqlite

SECOND = """
ALTER TABLE flavors ADD COLUMN note TEXT;
CREATE INDEX flavors_note ON flavors (note);
"""


class TestSchema(test_sqlite.SQLiteCase):

    def release(self, *steps):
        """Become a later release, with these steps added."""
        migrations = (*schema.MIGRATIONS, *steps)
        for name, value in (("MIGRATIONS", migrations),
                            ("VERSION", len(migrations))):
            patch = mock.patch.object(schema, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()

    def test_a_new_file_is_made_and_filled(self):
        self.assertEqual(schema.VERSION, self.driver.schema_version())
        self.assertEqual([("wal",)], self.ask("PRAGMA journal_mode"))
        self.assertEqual([(schema.VERSION,)], self.ask("PRAGMA user_version"))

    def test_an_older_one_waits_for_sync(self):
        self.make_provider("host", VCPU=8)
        self.release(SECOND)
        later = self.open()
        self.assertEqual(schema.VERSION - 1, later.schema_version())
        self.assertTrue(later.is_alive())
        for call in (later.traits.list,
                     functools.partial(later.traits.create, "CUSTOM_A"),
                     later.snapshot, later.gc,
                     functools.partial(later.changes, "x:1")):
            error = self.assertRaises(exception.SchemaOutOfDate, call)
            self.assertIn("tachyon-manage db sync", str(error))
        self.assertEqual(schema.VERSION, later.sync())
        self.assertEqual(schema.VERSION, later.schema_version())
        self.assertEqual(
            8, later.resource_providers.get(uuids.host).inventories[
                "VCPU"].total)
        self.assertEqual([("flavors_note",)], self.ask(
            "SELECT name FROM sqlite_master WHERE name = 'flavors_note'"))

    def test_a_later_one_is_refused(self):
        """Also by those who have it open while it is upgraded."""
        self.driver.traits.list()
        with mock.patch.object(schema, "VERSION", schema.VERSION):
            self.release(SECOND)
            self.open().sync()
        error = self.assertRaises(exception.SchemaOutOfDate,
                                  self.driver.traits.create, "CUSTOM_A")
        self.assertIn("upgrade Tachyon", str(error))
        self.assertRaises(exception.SchemaOutOfDate, self.driver.sync)
        self.assertNotIn(("CUSTOM_A",), self.ask("SELECT name FROM traits"))

    def test_a_step_that_fails_leaves_nothing(self):
        self.release(SECOND, "CREATE TABLE extra (x);\nCREATE NONSENSE")
        self.assertRaises(sqlite3.OperationalError, self.open().sync)
        self.assertEqual([(schema.VERSION - 2,)],
                         self.ask("PRAGMA user_version"))
        self.assertEqual([], self.ask(
            "SELECT name FROM sqlite_master "
            "WHERE name IN ('extra', 'flavors_note')"))

    def test_sync_adds_what_the_libraries_learnt(self):
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        names = [*os_traits.get_traits(), "HW_CPU_X86_FUTURE"]
        with mock.patch.object(os_traits, "get_traits", return_value=names):
            self.driver.sync()
        changes = self.driver.changes(cursor)
        self.assertIn("HW_CPU_X86_FUTURE",
                      [entry.name for entry in changes.traits])
        self.assertIsNone(changes.resource_classes)
