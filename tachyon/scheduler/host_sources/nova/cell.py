"""One cell of nova: its services, compute nodes and instances.

What changed is found without comparing clocks. Of compute nodes, id and time
of change are read of all, and the rest of those whose time is another one.
Times are in whole seconds, so that a row may change twice in one: what was
read is read once more a little later.
"""

import dataclasses
import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources.nova import tables

COMPUTE = "nova-compute"
# What nova takes where a node does not say.
RATIOS = {"cpu": 4.0, "ram": 1.0, "disk": 1.0}
# Rows of an IN list.
BATCH = 500
# Seconds after which the row of a node is read once more.
SETTLED_AFTER = 2.0
# Seconds by which the times of two writers of instances may differ, and for
# which a transaction may last.
OVERLAP = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """A compute service. ``seen`` is when it was heard, in seconds of the
    epoch; one that is forced down never was."""

    disabled: bool
    disabled_reason: str | None
    seen: float
    version: int


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What one look at a cell found: nodes by row id and services by host,
    all of them, and the instances of which the host may be another; None has
    none any more."""

    nodes: Mapping[int, node_module.Node]
    services: Mapping[str, Service]
    instances: Mapping[str, str | None]


class Cell:
    """Looks at one cell's database; one thread at a time."""

    def __init__(self, uuid: str, engine: sa.Engine,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.uuid = uuid
        self._engine = engine
        self._clock = clock
        self._nodes: dict[int, node_module.Node] = {}
        self._times: dict[int, datetime.datetime | None] = {}
        # When to read a row once more.
        self._again: dict[int, float] = {}
        # The last change of an instance, and when it was first seen.
        self._last: datetime.datetime | None = None
        self._last_seen = 0.0
        self._complete = False

    def look(self) -> Look:
        """Read what changed since the last look.

        :raises SQLAlchemyError: it does not answer. The next look makes up
            for it.
        """
        with self._engine.connect() as connection:
            services = self._services(connection)
            # First the instances: who is seen on a host then, is in what its
            # node reports.
            instances = self._changed_instances(connection)
            nodes = self._changed_nodes(connection)
        return Look(nodes, services, instances)

    def close(self) -> None:
        self._engine.dispose()

    # -------------------------------------------------------------- services
    def _services(self, connection: sa.Connection) -> dict[str, Service]:
        table = tables.SERVICES.c
        found = connection.execute(sa.select(
            table.host, table.disabled, table.disabled_reason,
            table.last_seen_up, table.created_at, table.forced_down,
            table.version).where(table.binary == COMPUTE,
                                 table.deleted == 0))
        return {host: Service(
            bool(disabled), reason,
            float("-inf") if forced_down else tables.seconds(seen or made),
            version or 0)
            for host, disabled, reason, seen, made, forced_down, version
            in found}

    # ----------------------------------------------------------------- nodes
    def _changed_nodes(self, connection: sa.Connection
                       ) -> Mapping[int, node_module.Node]:
        now = self._clock()
        table = tables.NODES.c
        times = {id: time for id, time in connection.execute(
            sa.select(table.id, table.updated_at).where(table.deleted == 0))}
        new = [id for id, time in times.items()
               if id not in self._times or time != self._times[id]]
        again = [id for id, due in self._again.items()
                 if now >= due and id in times]
        nodes = {id: node for id, node in self._nodes.items() if id in times}
        for row in _rows(connection, sa.select(tables.NODES), table.id,
                         list({*new, *again})):
            if row.host and row.uuid:
                nodes[row.id] = self._node(row)
        self._again = {id: due for id, due in self._again.items()
                       if now < due and id in times}
        self._again.update(dict.fromkeys(new, now + SETTLED_AFTER))
        self._nodes, self._times = nodes, times
        return nodes

    def _node(self, row: Any) -> node_module.Node:
        free_disk_gb = row.free_disk_gb or 0
        if row.disk_available_least is not None:
            free_disk_gb = min(free_disk_gb, row.disk_available_least)
        stats = row.stats or ""
        counts = node_module.as_dict(stats)
        return node_module.Node(
            uuid=row.uuid, host=row.host, nodename=row.hypervisor_hostname,
            cell_uuid=self.uuid, total_usable_ram_mb=row.memory_mb,
            total_usable_disk_gb=row.local_gb,
            disk_mb_used=row.local_gb_used * 1024,
            free_ram_mb=row.free_ram_mb or 0,
            free_disk_mb=free_disk_gb * 1024, vcpus_total=row.vcpus,
            vcpus_used=row.vcpus_used,
            cpu_allocation_ratio=row.cpu_allocation_ratio or RATIOS["cpu"],
            ram_allocation_ratio=row.ram_allocation_ratio or RATIOS["ram"],
            disk_allocation_ratio=(row.disk_allocation_ratio
                                   or RATIOS["disk"]),
            num_instances=_count(counts, "num_instances"),
            num_io_ops=_count(counts, "io_workload"),
            failed_builds=_count(counts, "failed_builds"),
            host_ip=None if row.host_ip is None else str(row.host_ip),
            hypervisor_type=row.hypervisor_type,
            hypervisor_version=row.hypervisor_version,
            hypervisor_hostname=row.hypervisor_hostname,
            updated=row.updated_at, cpu_info=row.cpu_info or "",
            supported_instances_text=row.supported_instances or "",
            stats_text=stats, metrics_text=row.metrics or "",
            pci_stats_text=row.pci_stats or "")

    # ------------------------------------------------------------- instances
    def _changed_instances(self, connection: sa.Connection
                           ) -> dict[str, str | None]:
        now = self._clock()
        table = tables.INSTANCES.c
        # A host is given to an instance by a change of its row.
        last, = connection.execute(
            sa.select(sa.func.max(table.updated_at))).one()
        query = sa.select(table.uuid, table.host, table.deleted)
        if not self._complete:
            query = query.where(table.deleted == 0, table.host.is_not(None))
        elif last == self._last and now - self._last_seen > OVERLAP:
            return {}
        elif self._last is not None:
            query = query.where(table.updated_at >= self._last
                                - datetime.timedelta(seconds=OVERLAP))
        found = {uuid: None if deleted else host for uuid, host, deleted
                 in connection.execute(query)}
        if last != self._last:
            self._last, self._last_seen = last, now
        self._complete = True
        return found

    def instances_on(self, host: str) -> frozenset[str]:
        """Read all instances of a service host.

        :raises SQLAlchemyError: it does not answer.
        """
        table = tables.INSTANCES.c
        with self._engine.connect() as connection:
            return frozenset(connection.execute(
                sa.select(table.uuid).where(
                    table.host == host, table.deleted == 0)).scalars())


def _rows(connection: sa.Connection, query: sa.Select[Any],
          column: sa.ColumnClause[Any],
          values: Sequence[Any]) -> Iterator[Any]:
    for start in range(0, len(values), BATCH):
        yield from connection.execute(
            query.where(column.in_(values[start:start + BATCH])))


def _count(stats: Mapping[str, Any], name: str) -> int:
    try:
        return int(stats.get(name) or 0)
    except (TypeError, ValueError):
        return 0
