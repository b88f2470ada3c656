"""Backups of the sqlite driver: what is copied, put back, and refused."""

import contextlib
import os
import shutil
import sqlite3
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db.common import versions
from tachyon.db.sqlite import schema
from tests.functional.db import contract_backup
from tests.functional.db import test_sqlite


class TestBackup(contract_backup.BackupContract, test_sqlite.SQLiteCase):

    def test_a_copy_is_a_store(self):
        self.driver.backup(self.backup)
        copy = test_sqlite.open_sqlite(self.backup)
        with contextlib.closing(copy):
            self.assertEqual(self.made,
                             copy.resource_providers.get(uuids.host))

    def test_what_is_not_a_backup(self):
        paths = {name: os.path.join(self.state_path, name) for name in (
            "missing", "text", "foreign", "broken", "later")}
        with open(paths["text"], "w") as file:
            file.write("hello" * 2000)
        with contextlib.closing(sqlite3.connect(paths["foreign"])) as other:
            other.execute("CREATE TABLE x (y)")
        self.driver.backup(paths["broken"])
        shutil.copy(paths["broken"], paths["later"])
        with contextlib.closing(sqlite3.connect(paths["later"])) as other:
            other.execute(f"PRAGMA user_version={schema.VERSION + 1}")
            other.execute(f"UPDATE store SET compatible={schema.VERSION + 1}")
            other.commit()
        with open(paths["broken"], "r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * 20000)
        before = sorted(os.listdir(self.state_path))
        for name, error, text in (
                ("missing", exception.BackupFailed, "unable to open"),
                ("text", exception.BackupFailed, "not a database"),
                ("foreign", exception.DriverUnavailable, "another program"),
                ("broken", exception.BackupFailed, "broken"),
                ("later", exception.SchemaOutOfDate, "upgrade Tachyon")):
            with self.subTest(name):
                found = self.assertRaises(error, self.driver.restore,
                                          paths[name])
                self.assertIn(text, str(found))
                self.assertEqual(self.made, self.driver.resource_providers.get(
                    uuids.host))
        self.assertEqual(before, sorted(
            name for name in os.listdir(self.state_path)
            if not name.endswith(("-wal", "-shm"))
            or name.startswith("test.sqlite")))

    def test_a_backup_on_a_read_only_medium(self):
        directory = os.path.join(self.state_path, "medium")
        os.mkdir(directory)
        path = os.path.join(directory, "backup.sqlite")
        self.driver.backup(path)
        os.chmod(path, 0o400)
        os.chmod(directory, 0o500)
        self.addCleanup(os.chmod, directory, 0o700)
        self.driver.resource_providers.delete(uuids.host)
        self.driver.restore(path)
        self.assertEqual(self.made,
                         self.driver.resource_providers.get(uuids.host))

    def test_a_reader_under_way_keeps_what_it_sees(self):
        self.driver.backup(self.backup)
        self.driver.resource_providers.update(uuids.host, "renamed", None)
        sql = "SELECT name FROM providers"
        with self.driver._store.read() as txn:
            self.assertEqual(("renamed",), txn.one(sql))
            self.open().restore(self.backup)
            self.assertEqual(("renamed",), txn.one(sql))
        self.assertEqual(self.made,
                         self.driver.resource_providers.get(uuids.host))

    def test_somebody_else_has_the_file_locked(self):
        self.driver.backup(self.backup)
        hasty = test_sqlite.open_sqlite(self.path, deadline=0.1)
        self.addCleanup(hasty.close)
        other = sqlite3.connect(self.path, isolation_level=None)
        with contextlib.closing(other):
            other.execute("BEGIN IMMEDIATE")
            self.assertRaises(exception.DriverUnavailable, hasty.restore,
                              self.backup)
        hasty.restore(self.backup)

    def test_into_an_empty_store(self):
        self.driver.backup(self.backup)
        new = test_sqlite.open_sqlite(
            os.path.join(self.state_path, "new.sqlite"))
        self.addCleanup(new.close)
        new.restore(self.backup)
        self.assertEqual(self.made, new.resource_providers.get(uuids.host))

    def test_an_older_backup_is_brought_up_to_date(self):
        step = versions.Step("CREATE TABLE later (x INTEGER) STRICT;\n",
                             compatible=1)
        self.driver.backup(self.backup)
        with mock.patch.multiple(
                schema, VERSION=schema.VERSION + 1,
                MIGRATIONS=(*schema.MIGRATIONS, step)):
            new = test_sqlite.open_sqlite(
                os.path.join(self.state_path, "new.sqlite"))
            self.addCleanup(new.close)
            new.restore(self.backup)
            self.assertEqual(schema.VERSION, new.schema_version())
            self.assertEqual(self.made, new.resource_providers.get(uuids.host))
