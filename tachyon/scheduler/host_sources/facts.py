"""Facts: what a host source knows at one moment, laid over a snapshot."""

import dataclasses
import functools
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler.host_sources import images as images_module
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources import table as table_module
from tachyon.scheduler.nova import demand as demand_module

# The metadata that makes an aggregate an availability zone.
ZONE = "availability_zone"


@dataclasses.dataclass(frozen=True, slots=True)
class Consumption:
    """What an instance takes of a node from the moment it is chosen.

    ``mappings`` tell of which providers its devices are; ``limited``, whether
    cells are overcommitted only so far as the node allows.
    """

    instance_uuid: str
    ram_mb: int = 0
    disk_mb: int = 0
    vcpus: int = 0
    demand: demand_module.Demand = demand_module.Demand()
    mappings: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict)
    limited: bool = True

    def of(self, node: node_module.Node) -> node_module.Node:
        """Return what is left of a node."""
        node = self.demand.left(node, self.mappings, self.limited)
        return dataclasses.replace(
            node, free_ram_mb=node.free_ram_mb - self.ram_mb,
            free_disk_mb=node.free_disk_mb - self.disk_mb,
            vcpus_used=node.vcpus_used + self.vcpus,
            num_instances=node.num_instances + 1,
            num_io_ops=node.num_io_ops + 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Instances:
    """On which service host each instance is.

    ``late`` is newer than ``base``, which is large: a change copies only the
    former. None is a host that an instance has no more.
    """

    base: Mapping[str, str] = dataclasses.field(default_factory=dict)
    late: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    # Those of ``base`` by host, for as long as that is the same: made when
    # somebody asks.
    _by_host: dict[str, list[str]] = dataclasses.field(
        default_factory=dict, repr=False, compare=False)

    LATE_MAX = 1000

    def host_of(self, uuid: str) -> str | None:
        """Return the service host of an instance, None if it has none."""
        if uuid in self.late:
            return self.late[uuid]
        return self.base.get(uuid)

    def on(self, host: str) -> list[str]:
        """Return the instances of a service host."""
        if not self._by_host and self.base:
            found: dict[str, list[str]] = {}
            for uuid, each in self.base.items():
                found.setdefault(each, []).append(uuid)
            self._by_host.update(found)
        return [uuid for uuid in self._by_host.get(host, ())
                if uuid not in self.late] + [
            uuid for uuid, each in self.late.items() if each == host]

    def but(self, changed: Mapping[str, str | None]) -> "Instances":
        """Return them with some changed."""
        late = {**self.late, **changed}
        if len(late) <= self.LATE_MAX:
            return Instances(self.base, late, self._by_host)
        merged = {**self.base, **late}
        return Instances({uuid: host for uuid, host in merged.items()
                          if host is not None})


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything filters and weighers may know of hosts.

    ``by_row`` holds for each row of the snapshot an index into the table, -1
    where the source does not know the provider. ``aggregates`` tells of each
    entry of the table the aggregates of its host, a tuple by id.
    ``oldest_version`` is the least of the services' that are not forced
    down, 0 if that is not known. ``images`` are known if somebody weighs them.
    """

    table: table_module.Table
    by_row: npt.NDArray[np.int32]
    serving: scheduler_hosts.Serving
    aggregates: table_module.Coded
    all_aggregates: tuple[node_module.Aggregate, ...] = ()
    instances: Instances = dataclasses.field(default_factory=Instances)
    oldest_version: int = 0
    images: images_module.Images = images_module.Images()

    def find(self, host: str | None = None,
             node: str | None = None) -> list[node_module.Node]:
        """Return the nodes of a service host, with a name, or both. A host
        may be written in other capitals, if there is none in those."""
        nodes = self.table.nodes[:-1]
        found: Iterable[node_module.Node] = nodes
        if host is not None:
            found = ([nodes[index] for index in self.table.at_host(host)]
                     or [each for each in nodes
                         if each.host.lower() == host.lower()])
        return [each for each in found
                if node is None or each.nodename == node]

    def less(self, row: int, share: Consumption) -> "Facts":
        """Return these facts after an instance was given the host in a row
        of the snapshot."""
        index = int(self.by_row[row])
        if index < 0:
            return self
        node = self.table.nodes[index]
        came = self.instances.host_of(share.instance_uuid) is None
        return dataclasses.replace(
            self, table=self.table.replace({index: share.of(node)}),
            instances=(self.instances.but({share.instance_uuid: node.host})
                       if came else self.instances))

    def zone(self, row: int) -> str | None:
        """Return the availability zone of a row's host, None for the
        default one."""
        for aggregate in self.aggregates[int(self.by_row[row])]:
            if ZONE in aggregate.metadata:
                found: str = aggregate.metadata[ZONE]
                return found
        return None


class NodeSet:
    """The columns of a source for the hosts of a HostSet, aligned to it."""

    def __init__(self, facts: Facts, rows: npt.NDArray[np.int32]) -> None:
        self.facts = facts
        self.indices = facts.by_row[rows]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Return which hosts the source knows."""
        return self.indices >= 0

    def node(self, index: int) -> node_module.Node | None:
        """Return what is known of the host at an index."""
        at = int(self.indices[index])
        return self.facts.table.nodes[at] if at >= 0 else None

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Return a number of ``Node`` for each host, float64[n]."""
        return np.asarray(self.facts.table.numbers(name)[self.indices])

    def coded(self, name: str, read: table_module.Read | None = None
              ) -> table_module.Coded:
        """Return what ``read`` says of each host: see ``Table.coded``."""
        return self.facts.table.coded(name, read).at(self.indices)

    @functools.cached_property
    def aggregates(self) -> table_module.Coded:
        """Return the aggregates of each host, tuples by id."""
        return self.facts.aggregates.at(self.indices)

    @functools.cached_property
    def metadata_keys(self) -> frozenset[str]:
        """Return the keys of metadata that any of their aggregates has."""
        return frozenset(
            key for code in self.aggregates.present()
            for each in self.aggregates.values[code] for key in each.metadata)

    def at_hosts(self, names: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Return which nodes belong to one of some service hosts."""
        found = np.zeros(len(self.facts.table) + 1, np.bool_)
        for name in names:
            found[list(self.facts.table.at_host(name))] = True
        return np.asarray(found[self.indices])

    def instances(self, uuids: Collection[str],
                  placed: Mapping[str, int] | None = None
                  ) -> npt.NDArray[np.int64]:
        """Return how many of some instances are on each host, int64[n].

        ``placed`` tells of some of them in which row of the snapshot they
        have an allocation, which may be news to the source. Who is on two
        hosts, since it moves, counts on both.
        """
        found: set[tuple[int, str]] = set()
        for uuid in uuids:
            host = self.facts.instances.host_of(uuid)
            if host is not None:
                found |= {(index, uuid)
                          for index in self.facts.table.at_host(host)}
            if placed is not None and uuid in placed:
                found.add((int(self.facts.by_row[placed[uuid]]), uuid))
        counts = np.zeros(len(self.facts.table) + 1, np.int64)
        for index, _ in found:
            counts[index] += 1
        # A placed one may be where no node is known.
        counts[-1] = 0
        return np.asarray(counts[self.indices])


def memberships(table: table_module.Table,
                aggregates: Iterable[node_module.Aggregate]
                ) -> table_module.Coded:
    """Return for each entry of a table the aggregates of its host."""
    sets: dict[str, list[node_module.Aggregate]] = {}
    for aggregate in sorted(aggregates, key=lambda each: each.id):
        for host in aggregate.hosts:
            sets.setdefault(host, []).append(aggregate)
    ids: dict[tuple[Any, ...], int] = {(): 0}
    codes = np.zeros(len(table) + 1, np.int32)
    for host, found in sets.items():
        code = ids.setdefault(tuple(found), len(ids))
        codes[list(table.at_host(host))] = code
    return table_module.Coded(tuple(ids), codes)
