"""One cell of nova: its services, compute nodes and instances.

A look costs what is new, not what there is. The database itself is asked which
services are not simply up; which rows are there, by their number and the last
id; and which changed since a while before the last change that was seen, for
whoever wrote them may have another time, or be late to commit. In whole
seconds, which times are in, a row may change twice: what was read is read once
more a little later. Now and then all times are compared.
"""

import dataclasses
import datetime
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from tachyon.scheduler.host_sources import images as images_module
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources.nova import tables
from tachyon.scheduler.nova.numa import topology
from tachyon.scheduler.nova.pci import pools

_Reported = TypeVar("_Reported", topology.HostTopology, pools.DevicePools)

COMPUTE = "nova-compute"
_BUILDING = "building"          # a vm_state
# What properties of its image are called among an instance's metadata.
_IMAGE = "image_"
# What nova takes where a node does not say.
RATIOS = {"cpu": 4.0, "ram": 1.0, "disk": 1.0}
# Rows of an IN list.
BATCH = 500
# Seconds after which the row of a node is read once more.
SETTLED_AFTER = 2.0
# Seconds by which the times of two writers may differ, and for which a
# transaction may last.
OVERLAP = 60.0
# Seconds between two looks that compare the times of all nodes.
COMPARED_AFTER = 60.0


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Services:
    """The compute services of a cell, in columns.

    ``states`` are whether each is disabled, and why. ``seen`` is when it was
    heard, in seconds of the epoch: of one that is up, not later than it was;
    one that is forced down never was.
    """

    hosts: tuple[str, ...]
    states: tuple[tuple[bool, str | None], ...]
    seen: npt.NDArray[np.float64]
    oldest_version: int


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one look at a cell found: nodes by row id, the same mapping as
    long as nothing changed; services; the instances of which the host may be
    another, None for none any more; those of them that nothing is under way
    with; and the properties of their images, if they were asked for.

    ``began`` is by the clock: what happened later may be missing.
    """

    nodes: Mapping[int, node_module.Node]
    services: Services
    instances: Mapping[str, str | None]
    at_rest: frozenset[str]
    began: float
    images: Mapping[str, images_module.Properties]


class Cell:
    """Looks at one cell's database; one thread at a time.

    ``patience`` is the number of seconds for which a service that is not
    heard may count as up for certain.
    """

    def __init__(self, uuid: str, engine: sa.Engine, patience: float,
                 clock: Callable[[], float] = time.monotonic,
                 wall: Callable[[], float] = time.time) -> None:
        self.uuid = uuid
        self.engine = engine
        self._patience = patience
        self._clock, self._wall = clock, wall
        self._service_mark: Any = None
        self._service_hosts: tuple[str, ...] = ()
        self._nodes: Mapping[int, node_module.Node] = {}
        self._times: dict[int, datetime.datetime | None] = {}
        self._node_mark: Any = None
        self._compared_at = float("-inf")
        # When to read a row once more.
        self._again: dict[int, float] = {}
        self._node_changes = _Progress()
        self._instance_changes = _Progress()
        self._imaged = False

    def look(self, images: bool = False) -> Look:
        """Read what changed since the last look, with images if wanted: of
        all instances, if they were not wanted then.

        :raises SQLAlchemyError: it does not answer. The next look makes up
            for it.
        """
        began = self._clock()
        with self.engine.connect() as connection:
            services = self._services(connection)
            # First the instances: who is seen on a host then, is in what its
            # node reports.
            instances, at_rest = self._changed_instances(connection)
            properties = (self._images(connection, instances) if images
                          else {})
            nodes = self._changed_nodes(connection)
        self._imaged = images
        return Look(nodes, services, instances, at_rest, began, properties)

    def close(self) -> None:
        self.engine.dispose()

    # -------------------------------------------------------------- services
    def _services(self, connection: sa.Connection) -> Services:
        table = tables.SERVICES.c
        computes = sa.and_(table.binary == COMPUTE, table.deleted == 0)
        count, last, oldest = connection.execute(sa.select(
            sa.func.count(), sa.func.max(table.id),
            sa.func.min(sa.case((table.forced_down == sa.true(), None),
                                else_=table.version)))
            .where(computes)).one()
        if (count, last) != self._service_mark:
            self._service_hosts = tuple(connection.execute(
                sa.select(table.host).where(computes)
                .order_by(table.host)).scalars())
            self._service_mark = count, last
        heard = sa.func.coalesce(table.last_seen_up, table.created_at)
        certain = self._wall() - self._patience
        seen = np.full(len(self._service_hosts), certain)
        states: list[tuple[bool, str | None]] = (
            [(False, None)] * len(self._service_hosts))
        # All others are enabled, and heard of late.
        others = connection.execute(sa.select(
            table.host, table.disabled, table.disabled_reason, heard,
            table.forced_down).where(computes, sa.or_(
                table.disabled == sa.true(), table.forced_down == sa.true(),
                heard.is_(None), heard < tables.time(certain),
                heard > tables.time(certain + 2 * self._patience))))
        number = {host: index for index, host
                  in enumerate(self._service_hosts)}
        for host, disabled, reason, at, forced_down in others:
            index = number.get(host)
            if index is not None:
                states[index] = bool(disabled), reason
                seen[index] = (float("-inf") if forced_down
                               else tables.seconds(at))
        return Services(self._service_hosts, tuple(states), seen,
                        oldest or 0)

    # ----------------------------------------------------------------- nodes
    def _changed_nodes(self, connection: sa.Connection
                       ) -> Mapping[int, node_module.Node]:
        now = self._clock()
        table = tables.NODES.c
        mark = tuple(connection.execute(sa.select(
            sa.func.count(), sa.func.max(table.id))
            .where(table.deleted == 0)).one())
        query = sa.select(table.id, table.updated_at).where(
            table.deleted == 0)
        compared = (mark != self._node_mark
                    or now - self._compared_at >= COMPARED_AFTER)
        if not compared:
            query = query.where(sa.or_(
                table.updated_at.is_(None),
                table.updated_at > self._node_changes.since(now)))
        times: dict[int, datetime.datetime | None] = {
            id: at for id, at in connection.execute(query).all()}
        new = [id for id, at in times.items()
               if id not in self._times or at != self._times[id]]
        again = [id for id, due in self._again.items() if now >= due]
        gone = self._times.keys() - times.keys() if compared else set[int]()
        if new or again or gone:
            nodes = {id: node for id, node in self._nodes.items()
                     if id not in gone}
            for row in _rows(connection, sa.select(tables.NODES), table.id,
                             list({*new, *again} - gone)):
                if row.host and row.uuid:
                    nodes[row.id] = self._node(row)
            self._nodes = nodes
        self._times = times if compared else {**self._times, **times}
        self._again = {id: due for id, due in self._again.items()
                       if now < due and id not in gone}
        self._again.update(dict.fromkeys(new, now + SETTLED_AFTER))
        self._node_changes.note(times.values(), now)
        if compared:
            self._compared_at, self._node_mark = now, mark
        return self._nodes

    def _node(self, row: Any) -> node_module.Node:
        former = self._nodes.get(row.id, node_module.UNKNOWN)
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
            numa=_same(former.numa, row.numa_topology),
            pci=_same(former.pci, row.pci_stats))

    # ------------------------------------------------------------- instances
    def _changed_instances(self, connection: sa.Connection
                           ) -> tuple[Mapping[str, str | None],
                                      frozenset[str]]:
        """Return on which hosts they are, and which are at rest."""
        now = self._clock()
        table = tables.INSTANCES.c
        query = sa.select(table.uuid, table.host, table.deleted,
                          table.vm_state, table.task_state, table.updated_at)
        if self._instance_changes.begun:
            # A host is given to an instance by a change of its row.
            query = query.where(
                table.updated_at > self._instance_changes.since(now))
        else:
            query = query.where(table.deleted == 0, table.host.is_not(None))
        rows = connection.execute(query).all()
        self._instance_changes.note((row[-1] for row in rows), now)
        # Who is being built has no task until the host has taken it.
        return {row.uuid: None if row.deleted else row.host
                for row in rows}, frozenset(
            row.uuid for row in rows if row.deleted or row.task_state is None
            and row.vm_state not in (None, _BUILDING))

    def _images(self, connection: sa.Connection,
                changed: Mapping[str, str | None]
                ) -> Mapping[str, images_module.Properties]:
        """Return the properties of images, by instance."""
        table, metadata = tables.INSTANCES.c, tables.SYSTEM_METADATA.c
        uuids = [uuid for uuid, host in changed.items() if host is not None]
        if not self._imaged:
            uuids = list(connection.execute(sa.select(table.uuid).where(
                table.deleted == 0, table.host.is_not(None))).scalars())
        found: dict[str, set[tuple[str, str]]] = {uuid: set()
                                                  for uuid in uuids}
        for uuid, key, value in _rows(connection, sa.select(
                metadata.instance_uuid, metadata.key, metadata.value).where(
                    metadata.deleted == 0, metadata.key.startswith(_IMAGE)),
                metadata.instance_uuid, uuids):
            if value is not None:
                found[uuid].add((key.removeprefix(_IMAGE), value))
        return {uuid: frozenset(each) for uuid, each in found.items()}

    def instances_on(self, host: str) -> frozenset[str]:
        """Read all instances of a service host.

        :raises SQLAlchemyError: it does not answer.
        """
        table = tables.INSTANCES.c
        with self.engine.connect() as connection:
            return frozenset(connection.execute(
                sa.select(table.uuid).where(
                    table.host == host, table.deleted == 0)).scalars())


class _Progress:
    """How far the changes of a table were read."""

    def __init__(self) -> None:
        self.begun = False
        self._last = datetime.datetime.min
        self._seen_at = 0.0

    def note(self, times: Iterable[datetime.datetime | None],
             now: float) -> None:
        """Note the times of changes that were read."""
        last = max((each for each in times if each is not None),
                   default=self._last)
        if last > self._last:
            self._last, self._seen_at = last, now
        self.begun = True

    def since(self, now: float) -> datetime.datetime:
        """Return after which time there may be changes to be read: for a
        while after the last one, some from before it may come late."""
        if (now - self._seen_at > OVERLAP
                or self._last == datetime.datetime.min):
            return self._last
        return self._last - datetime.timedelta(seconds=OVERLAP)


def _rows(connection: sa.Connection, query: sa.Select[Any],
          column: sa.ColumnClause[Any],
          values: Sequence[Any]) -> Iterator[Any]:
    for start in range(0, len(values), BATCH):
        yield from connection.execute(
            query.where(column.in_(values[start:start + BATCH])))


def _same(former: _Reported, text: str | None) -> _Reported:
    """Return what a text says: what it said before, if it is the same."""
    text = text or ""
    return former if former.says(text) else type(former)(text)


def _count(stats: Mapping[str, Any], name: str) -> int:
    try:
        return int(stats.get(name) or 0)
    except (TypeError, ValueError):
        return 0
