"""The contract, held by the neo4j driver, against a real server."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

from tachyon.db import base as db
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
from tests.functional.db import neo4j_store
from tests.functional.db import profiler

TIMES = {                               # properties of microseconds, by label
    "Instance": ("created_at", "updated_at", "deleted_at"),
    "Message": ("created_at", "free_at"),
    "Decision": ("created_at",),
    "Tombstone": ("gone_at",),
    "Service": ("last_seen",),
    "ResourceProvider": ("created_at", "updated_at"),
}


class Neo4jCase(base.StoreCase):
    """The store is the database of this process's server, emptied."""

    def make_opener(self) -> base.Opener:
        self.server = neo4j_store.empty()
        return functools.partial(neo4j_store.open_neo4j, self.server.uri,
                                 self.server.password)

    def age_store(self, seconds: float) -> None:
        for label, properties in TIMES.items():
            for name in properties:
                self.server.run(
                    f"MATCH (n:{label}) SET n.{name} = n.{name} - $age",
                    age=int(seconds * 1_000_000))

    def miscount(self, provider: str, resource_class: str,
                 used: int) -> None:
        self.server.run(
            "MATCH (i:Inventory {provider_uuid: $provider, "
            "resource_class: $resource_class}) SET i.used = $used",
            provider=provider, resource_class=resource_class, used=used)

    def garble(self, message_id: str) -> None:
        self.server.run("MATCH (m:Message {id: $id}) SET m.context = '{'",
                        id=message_id)

    @staticmethod
    def hold(driver: db.DataDriverBase,
             pause: Callable[[str], None]) -> None:
        store = driver._store                   # type: ignore[attr-defined]
        execute, at_once = store._execute, store._write_at_once
        refused = itertools.cycle((True, False))

        def held(work: Callable[[Any], Any], end: float) -> Any:
            def paused(txn: Any) -> Any:
                result = work(txn)
                pause("before")
                return result

            result = execute(paused, end)
            pause("after")
            return result

        def held_at_once(*args: Any) -> Any:
            # Nothing holds it up between its locks and its commit. So what
            # would be done at once is done at length every other time.
            if next(refused):
                return []
            pause("before")
            result = at_once(*args)
            pause("after")
            return result

        store._execute, store._write_at_once = held, held_at_once


class ContractCase(Neo4jCase):
    """Looks at the plan of each statement that the contract makes the driver
    send, the first time that this process meets it."""

    _profiled: set[str] = set()

    def setUp(self) -> None:
        super().setUp()
        self.profiler = self.useFixture(profiler.Profiler(self._is_new))
        self.addCleanup(self._check_plans)

    def _is_new(self, text: str) -> bool:
        is_new = text not in self._profiled
        self._profiled.add(text)
        return is_new

    def _check_plans(self) -> None:
        self.assertEqual([], [fault for each in self.profiler.profiles
                              for fault in each.faults()])


# A copy is read, and put back, as a whole.
class TestDriver(contract_driver.DriverContract, Neo4jCase):
    pass


class TestProviders(contract_providers.ProvidersContract, ContractCase):
    pass


class TestInventories(contract_inventories.InventoriesContract, ContractCase):
    pass


class TestTraits(contract_traits.TraitsContract, ContractCase):
    pass


class TestResourceClasses(contract_resource_classes.ResourceClassesContract,
                          ContractCase):
    pass


class TestAggregates(contract_aggregates.AggregatesContract, ContractCase):
    pass


class TestAllocations(contract_allocations.AllocationsContract, ContractCase):
    pass


class TestBulk(contract_bulk.BulkContract, ContractCase):
    pass


class TestReshape(contract_reshape.ReshapeContract, ContractCase):
    pass


class TestCapacity(contract_capacity.CapacityContract, ContractCase):
    pass


class TestChanges(contract_changes.ChangesContract, ContractCase):
    pass


class TestClaiming(contract_claiming.ClaimingContract, ContractCase):
    pass


class TestCompanions(contract_companions.CompanionsContract, ContractCase):
    pass


class TestFlavors(contract_flavors.FlavorsContract, ContractCase):
    pass


class TestInstances(contract_instances.InstancesContract, ContractCase):
    pass


class TestMessages(contract_messages.MessagesContract, ContractCase):
    pass


class TestDecisions(contract_decisions.DecisionsContract, ContractCase):
    pass


class TestServices(contract_services.ServicesContract, ContractCase):
    pass


class TestExactness(contract_exactness.ExactnessContract, Neo4jCase):
    pass


class TestGenerations(contract_generations.GenerationsContract, ContractCase):
    pass
