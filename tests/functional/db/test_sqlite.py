"""The contract, held by the sqlite driver."""

import contextlib
import functools
import os
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from oslo_config import cfg

from tachyon import conf as tachyon_conf
from tachyon.db import base as db
from tachyon.db.sqlite import driver as sqlite_driver
from tests.functional.db import base
from tests.functional.db import contract_aggregates
from tests.functional.db import contract_allocations
from tests.functional.db import contract_bulk
from tests.functional.db import contract_capacity
from tests.functional.db import contract_changes
from tests.functional.db import contract_claiming
from tests.functional.db import contract_companions
from tests.functional.db import contract_decisions
from tests.functional.db import contract_driver
from tests.functional.db import contract_exactness
from tests.functional.db import contract_flavors
from tests.functional.db import contract_generations
from tests.functional.db import contract_instances
from tests.functional.db import contract_inventories
from tests.functional.db import contract_messages
from tests.functional.db import contract_providers
from tests.functional.db import contract_reshape
from tests.functional.db import contract_resource_classes
from tests.functional.db import contract_services
from tests.functional.db import contract_traits

TIMES = {                               # columns of microseconds, by table
    "instances": ("created_at", "updated_at", "deleted_at"),
    "messages": ("created_at", "free_at"),
    "decisions": ("created_at",),
    "tombstones": ("gone_at",),
    "services": ("last_seen",),
    "providers": ("created_at", "updated_at"),
}


def open_sqlite(path: str, **options: object) -> db.DataDriverBase:
    """Open a file with ``[database]`` options of its own."""
    conf = cfg.ConfigOpts()
    conf.register_opts(tachyon_conf.base.OPTS)
    # Not its own group: all copies of that one share their overrides.
    conf.register_opts(tachyon_conf.database.OPTS,
                       group=cfg.OptGroup("database"))
    conf([], project="tachyon", default_config_files=[],
         default_config_dirs=[])
    conf.set_override("state_path", os.path.dirname(path))
    for name, value in {"sqlite_path": path, **options}.items():
        conf.set_override(name, value, group="database")
    return sqlite_driver.SQLiteDriver(conf)


class SQLiteCase(base.StoreCase):
    """The store is a file in the test's directory."""

    def make_opener(self) -> base.Opener:
        self.path = os.path.join(self.state_path, "test.sqlite")
        return functools.partial(open_sqlite, self.path, deadline=30.0)

    def age_store(self, seconds: float) -> None:
        with sqlite3.connect(self.path) as connection:
            for table, columns in TIMES.items():
                for column in columns:
                    connection.execute(
                        f"UPDATE {table} SET {column} = {column} - ?",
                        (int(seconds * 1_000_000),))
        connection.close()

    def miscount(self, provider: str, resource_class: str,
                 used: int) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.execute(
                "UPDATE inventories SET used = ? WHERE provider_id = "
                "(SELECT id FROM providers WHERE uuid = ?) AND class_id = "
                "(SELECT id FROM resource_classes WHERE name = ?)",
                (used, provider, resource_class))
        connection.close()

    def garble(self, message_id: str) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE messages SET context = '{' "
                               "WHERE id = ?", (message_id,))
        connection.close()

    @staticmethod
    def hold(driver: db.DataDriverBase,
             pause: Callable[[str], None]) -> None:
        store = driver._store                   # type: ignore[attr-defined]
        write = store.write

        @contextlib.contextmanager
        def held(**options: Any) -> Iterator[Any]:
            with write(**options) as txn:
                yield txn
                pause("before")
            pause("after")

        store.write = held


class TestDriver(contract_driver.DriverContract, SQLiteCase):
    pass


class TestProviders(contract_providers.ProvidersContract, SQLiteCase):
    pass


class TestInventories(contract_inventories.InventoriesContract, SQLiteCase):
    pass


class TestTraits(contract_traits.TraitsContract, SQLiteCase):
    pass


class TestResourceClasses(contract_resource_classes.ResourceClassesContract,
                          SQLiteCase):
    pass


class TestAggregates(contract_aggregates.AggregatesContract, SQLiteCase):
    pass


class TestAllocations(contract_allocations.AllocationsContract, SQLiteCase):
    pass


class TestBulk(contract_bulk.BulkContract, SQLiteCase):
    pass


class TestReshape(contract_reshape.ReshapeContract, SQLiteCase):
    pass


class TestCapacity(contract_capacity.CapacityContract, SQLiteCase):
    pass


class TestChanges(contract_changes.ChangesContract, SQLiteCase):
    pass


class TestClaiming(contract_claiming.ClaimingContract, SQLiteCase):
    pass


class TestCompanions(contract_companions.CompanionsContract, SQLiteCase):
    pass


class TestFlavors(contract_flavors.FlavorsContract, SQLiteCase):
    pass


class TestInstances(contract_instances.InstancesContract, SQLiteCase):
    pass


class TestMessages(contract_messages.MessagesContract, SQLiteCase):
    pass


class TestDecisions(contract_decisions.DecisionsContract, SQLiteCase):
    pass


class TestServices(contract_services.ServicesContract, SQLiteCase):
    pass


class TestExactness(contract_exactness.ExactnessContract, SQLiteCase):
    pass


class TestGenerations(contract_generations.GenerationsContract, SQLiteCase):
    pass
