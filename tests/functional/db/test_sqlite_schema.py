"""The schema in a file: made, upgraded, refused."""

import contextlib
import functools
import os
import sqlite3

from tachyon.db.sqlite import schema
from tests.functional.db import contract_allocations
from tests.functional.db import contract_changes
from tests.functional.db import contract_driver
from tests.functional.db import contract_flavors
from tests.functional.db import contract_instances
from tests.functional.db import contract_inventories
from tests.functional.db import contract_messages
from tests.functional.db import contract_providers
from tests.functional.db import contract_schema
from tests.functional.db import contract_services
from tests.functional.db import contract_traits
from tests.functional.db import test_sqlite


class TestSchema(contract_schema.SchemaContract, test_sqlite.SQLiteCase):
    module = schema
    EXPANSION = """
        ALTER TABLE flavors ADD COLUMN note TEXT;
        CREATE INDEX flavors_note ON flavors (note);
    """

    def make_empty_store(self):
        self.driver.close()
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path + suffix)

    def make_former_store(self):
        self.make_empty_store()
        contract_schema.open_former(self.opener).close()

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()

    def test_a_new_file_is_made_and_filled(self):
        self.assertEqual([("wal",)], self.ask("PRAGMA journal_mode"))
        self.assertEqual([(schema.VERSION,)], self.ask("PRAGMA user_version"))

    def test_a_step_that_fails_leaves_nothing(self):
        self.release(1)
        self.release(1, "CREATE TABLE extra (x);\nCREATE NONSENSE")
        self.assertRaises(sqlite3.OperationalError, self.open().sync)
        self.assertEqual([(schema.VERSION - 2,)],
                         self.ask("PRAGMA user_version"))
        self.assertEqual([], self.ask(
            "SELECT name FROM sqlite_master "
            "WHERE name IN ('extra', 'flavors_note')"))


class ExpandedCase(test_sqlite.SQLiteCase):
    """The former code on a store of this version, and of what may come: each
    table has one more column."""

    def make_opener(self):
        opener = super().make_opener()
        opener().close()
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            tables = [name for name, in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' "
                "AND name NOT LIKE 'sqlite_%'")]
            assert len(tables) > 10
            for name in tables:
                connection.execute(
                    f"ALTER TABLE {name} ADD COLUMN later TEXT DEFAULT 'x'")
            connection.execute("PRAGMA user_version=99")
        return functools.partial(contract_schema.open_former, opener)


class TestFormerDriver(contract_driver.DriverContract, ExpandedCase):
    pass


class TestFormerProviders(contract_providers.ProvidersContract, ExpandedCase):
    pass


class TestFormerInventories(contract_inventories.InventoriesContract,
                            ExpandedCase):
    pass


class TestFormerTraits(contract_traits.TraitsContract, ExpandedCase):
    pass


class TestFormerAllocations(contract_allocations.AllocationsContract,
                            ExpandedCase):
    pass


class TestFormerChanges(contract_changes.ChangesContract, ExpandedCase):
    pass


class TestFormerFlavors(contract_flavors.FlavorsContract, ExpandedCase):
    pass


class TestFormerInstances(contract_instances.InstancesContract, ExpandedCase):
    pass


class TestFormerMessages(contract_messages.MessagesContract, ExpandedCase):
    pass


class TestFormerServices(contract_services.ServicesContract, ExpandedCase):
    pass
