"""A scheduler that answers nova's requests, over a real store and engine.

What nova's own databases would tell of hosts is told by the tests.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import fixtures
import numpy as np

from tachyon.db import models
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler import manager
from tachyon.scheduler.host_sources import base as source_base
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources import table as table_module
from tachyon.scheduler.nova import endpoint
from tachyon.scheduler.nova import wire
from tests.functional.scheduler import base
from tests.unit.scheduler import fakes
from tests.unit.scheduler.nova import messages

SIZES = {"VCPU": 8, "MEMORY_MB": 16384, "DISK_GB": 100}


class ToldSource(source_base.HostSource):
    """Knows what it is told, and notes what comes over the bus."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.told: list[node_module.Node] = []
        self.down: set[str] = set()
        self.aggregates: tuple[node_module.Aggregate, ...] = ()
        self.instances = facts_module.Instances()
        self.heard: list[Any] = []
        self.begun: list[str] = []
        self.consumed: dict[str, str] = {}
        self.shares: dict[str, facts_module.Consumption] = {}
        self.buried: list[str] = []
        self.error: Exception | None = None

    def refresh(self) -> None:
        if self.error is not None:
            raise self.error

    def facts(self, snapshot: snapshot_module.Snapshot,
              token: None) -> facts_module.Facts:
        table = table_module.Table(list(map(self._left, self.told)))
        by_row = np.full(snapshot.n, -1, np.int32)
        for index, node in enumerate(self.told):
            row = snapshot.row_of(node.uuid)
            if row is not None:
                by_row[row] = index
        services = tuple(fakes.service(node.host) for node in self.told)
        up = np.array([node.host not in self.down for node in self.told],
                      np.bool_)
        return facts_module.Facts(
            table, by_row, scheduler_hosts.Serving(
                services, by_row, up, np.ones(len(up), np.bool_)),
            facts_module.memberships(table, self.aggregates),
            self.aggregates, self.instances)

    def _left(self, node: node_module.Node) -> node_module.Node:
        for instance, uuid in self.consumed.items():
            if uuid == node.uuid:
                node = self.shares[instance].of(node)
        return node

    def begin(self, instance_uuid: str) -> None:
        self.begun.append(instance_uuid)

    def consume(self, taken: Sequence[tuple[str, facts_module.Consumption]]
                ) -> None:
        for provider_uuid, share in taken:
            self.consumed[share.instance_uuid] = provider_uuid
            self.shares[share.instance_uuid] = share

    def release(self, provider_uuid: str, instance_uuid: str) -> None:
        self.consumed.pop(instance_uuid, None)

    def find_buried(self, seconds: float) -> list[str]:
        return self.buried

    def update_aggregates(self, aggregates: Any) -> None:
        self.heard.append(("update_aggregates", aggregates))

    def delete_aggregate(self, id: int) -> None:
        self.heard.append(("delete_aggregate", id))

    def update_instance_info(self, host: str, instances: Any) -> None:
        self.heard.append(("update_instance_info", host, instances))

    def delete_instance_info(self, host: str, uuid: str) -> None:
        self.heard.append(("delete_instance_info", host, uuid))

    def sync_instance_info(self, host: str, uuids: Any) -> None:
        self.heard.append(("sync_instance_info", host, uuids))


class NovaCase(base.SchedulerCase):
    """``self.nova`` is what nova-conductor calls, ``self.source`` tells of
    hosts."""

    def setUp(self) -> None:
        self.source = ToldSource(None, None, "told")
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.scheduler.manager._make_source",
            lambda conf, driver: self.source))
        super().setUp()

    def make_scheduler(self, *args: Any,
                       **kwargs: Any) -> manager.SchedulerManager:
        self.config(group="nova", enabled=True)
        made = super().make_scheduler(*args, **kwargs)
        assert made.nova is not None
        self.nova = endpoint.NovaEndpoint(made.nova)
        return made

    # -------------------------------------------------------------- the cloud
    def add_node(self, name: str, cell: str = messages.CELL,
                 sizes: Mapping[str, int] = SIZES, host: str | None = None,
                 **others: Any) -> str:
        """Add a compute node, of a service host of its own if nothing is
        said; return its uuid."""
        uuid = self.add_host(name, **others, **sizes)
        self.source.told.append(node_module.Node(
            uuid=uuid, host=host or f"{name}-service", nodename=name,
            cell_uuid=cell, free_ram_mb=sizes.get("MEMORY_MB", 0)))
        return uuid

    def set_zone(self, name: str, *hosts: str) -> None:
        """Make an aggregate of service hosts that is a zone."""
        self.source.aggregates += (node_module.Aggregate(
            len(self.source.aggregates), "", name, frozenset(hosts),
            {"availability_zone": name}),)

    # ---------------------------------------------------------------- requests
    def select(self, uuids: Iterable[str], spec: Any = None,
               alternates: bool = False,
               **fields: Any) -> list[list[Mapping[str, Any]]]:
        """Ask as a conductor does; return the fields of Selections."""
        answer = self.nova.select_destinations(
            self.context, spec_obj=spec or messages.spec(**fields),
            instance_uuids=list(uuids), return_objects=True,
            return_alternates=alternates)
        return [[wire.read(each, "Selection").plain() for each in one]
                for one in answer]

    def select_nodes(self, uuids: Iterable[str],
                     **kwargs: Any) -> list[list[str]]:
        """Return the names of the nodes alone."""
        return [[each["nodename"] for each in one]
                for one in self.select(uuids, **kwargs)]

    def allocations(self, consumer: str) -> dict[str, dict[str, int]]:
        found = self.driver.allocations.get(consumer)
        return {uuid: dict(each.resources)
                for uuid, each in found.allocations.items()}

    def decisions(self, consumer: str) -> list[models.Decision]:
        return list(self.driver.decisions.list(consumer_uuid=consumer))
