"""What is known of nova's hosts, put together from all that tells of them.

``moment`` is what decisions are made on: it never changes. What comes in makes
the next one out of it, at the price of what is new.
"""

import dataclasses
import datetime
import threading
import time
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)

import numpy as np
import numpy.typing as npt

from tachyon.db import models
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import images as images_module
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources import table as table_module
from tachyon.scheduler.host_sources.nova import cell as cell_module
from tachyon.scheduler.host_sources.nova import pending as pending_module

_Source = tuple[Mapping[int, node_module.Node], tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class Moment:
    """What is known at one moment.

    ``services``, ``seen`` (seconds of the epoch) and ``enabled`` are by
    service; ``service_of`` tells the index of it for each entry of the
    table, -1 for the last.
    """

    table: table_module.Table
    services: tuple[models.Service, ...]
    seen: npt.NDArray[np.float64]
    enabled: npt.NDArray[np.bool_]
    service_of: npt.NDArray[np.int32]
    aggregates: tuple[node_module.Aggregate, ...]
    memberships: table_module.Coded
    instances: facts_module.Instances
    oldest_version: int
    images: images_module.Images = images_module.Images()


class Known:
    """One a source; all its threads share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self.moment: Moment | None = None
        self._raw: Mapping[str, node_module.Node] = {}
        # What it was made of: nodes and hosts with a service, by cell.
        self._sources: list[_Source] = []
        self._states: object = None
        self._index: dict[str, int] = {}
        self._by_host: dict[str, set[str]] = {}
        self._aggregates: dict[int, node_module.Aggregate] = {}
        self._properties: dict[str, images_module.Properties] = {}
        self._pending = pending_module.Pending(clock)
        self._mapped: tuple[object, int, object] | None = None
        self._by_row: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    # ------------------------------------------------------ what was read
    def take(self, looks: Mapping[str, cell_module.Look],
             aggregates: Sequence[node_module.Aggregate] | None) -> None:
        """Take over what was found in the cells that answer, and the
        aggregates if there are others."""
        with self._lock:
            if aggregates is not None:
                self._aggregates = {each.id: each for each in aggregates}
            former, sources = self._raw, [
                (look.nodes, look.services.hosts) for look in looks.values()]
            if not _same(sources, self._sources):
                self._raw = {
                    node.uuid: node for nodes, hosts in sources
                    for node in _served(nodes, frozenset(hosts))}
                self._sources = sources
            instances = (facts_module.Instances() if self.moment is None
                         else self.moment.instances)
            # Who is on its way has no host in nova's database yet.
            coming = self._pending.instances
            instances = self._moved(instances, {
                uuid: host for look in looks.values()
                for uuid, host in look.instances.items()
                if host is not None or uuid not in coming})
            stale, lost = self._pending.settle(
                self._raw, self._by_host, instances,
                {uuid: look.began for look in looks.values()
                 for uuid in look.at_rest})
            if lost:
                instances = instances.but(dict.fromkeys(lost))
            table = self._tabulate(former, stale)
            moment = self._make(
                table, [look.services for look in looks.values()], instances)
            self.moment = dataclasses.replace(
                moment, images=self._count_images(looks.values(), moment))

    def _count_images(self, looks: Iterable[cell_module.Look],
                      moment: Moment) -> images_module.Images:
        """Return the images of the instances on each host. Who is on its way
        counts once it is there, as in nova."""
        for look in looks:
            self._properties.update(look.images)
        if not self._properties:
            return moment.images
        hosts = {uuid: host for uuid in self._properties
                 if (host := moment.instances.host_of(uuid)) is not None}
        self._properties = {uuid: each for uuid, each
                            in self._properties.items() if uuid in hosts}
        return images_module.count(self._properties, hosts)

    def _tabulate(self, former: Mapping[str, node_module.Node],
                  stale: Collection[str]) -> table_module.Table:
        """Return the table of the nodes of now. ``stale`` are those of which
        something else than before is taken."""
        moment, raw = self.moment, self._raw
        if moment is not None and raw is former and not stale:
            return moment.table
        if (moment is not None and raw.keys() == former.keys()
                and all(node.host == former[uuid].host
                        for uuid, node in raw.items())):
            changed = {uuid for uuid, node in raw.items()
                       if node is not former[uuid]}
            return moment.table.replace({
                self._index[uuid]: self._pending.left(raw[uuid])
                for uuid in changed.union(stale) if uuid in raw})
        self._index = {uuid: index for index, uuid in enumerate(raw)}
        return table_module.Table([self._pending.left(node)
                                   for node in raw.values()])

    def _make(self, table: table_module.Table,
              services: Sequence[cell_module.Services],
              instances: facts_module.Instances) -> Moment:
        former = self.moment
        hosts = [host for each in services for host in each.hosts]
        states = [state for each in services for state in each.states]
        seen = np.concatenate([each.seen for each in services]
                              or [np.zeros(0)])
        aggregates = tuple(self._aggregates.values())
        memberships = self._memberships(table, aggregates)
        oldest = min((each.oldest_version for each in services), default=0)
        if (former is not None and (hosts, states) == self._states
                and former.table.topology is table.topology):
            return dataclasses.replace(
                former, table=table, seen=seen, aggregates=aggregates,
                memberships=memberships, instances=instances,
                oldest_version=oldest)
        self._states = hosts, states
        old = ({each.host: each for each in former.services}
               if former is not None else {})
        number = {host: index for index, host in enumerate(hosts)}
        return Moment(
            table,
            tuple(_record(host, *state, old.get(host))
                  for host, state in zip(hosts, states, strict=True)),
            seen, np.array([not disabled for disabled, _ in states],
                           np.bool_),
            np.array([number[node.host] for node in table.nodes[:-1]] + [-1],
                     np.int32),
            aggregates, memberships, instances, oldest)

    def _memberships(self, table: table_module.Table,
                     aggregates: tuple[node_module.Aggregate, ...]
                     ) -> table_module.Coded:
        former = self.moment
        if (former is not None and former.aggregates == aggregates
                and former.table.topology is table.topology):
            return former.memberships
        return facts_module.memberships(table, aggregates)

    # ------------------------------------------------------ what was told
    def take_aggregates(self, changed: Iterable[node_module.Aggregate],
                        gone: Iterable[int] = ()) -> None:
        """Take over some aggregates, and forget others."""
        with self._lock:
            self._aggregates = {**self._aggregates,
                                **{each.id: each for each in changed}}
            for id in gone:
                self._aggregates.pop(id, None)
            if self.moment is not None:
                aggregates = tuple(self._aggregates.values())
                self.moment = dataclasses.replace(
                    self.moment, aggregates=aggregates,
                    memberships=self._memberships(self.moment.table,
                                                  aggregates))

    def move(self, changed: Mapping[str, str | None]) -> None:
        """Take over on which hosts instances are; None is nowhere."""
        with self._lock:
            if self.moment is not None:
                self.moment = dataclasses.replace(
                    self.moment,
                    instances=self._moved(self.moment.instances, changed))

    def _moved(self, instances: facts_module.Instances,
               changed: Mapping[str, str | None]) -> facts_module.Instances:
        """Return instances with some moved. Lock held."""
        news = {}
        for uuid, host in changed.items():
            former = instances.host_of(uuid)
            if former is not None and former != host:
                self._by_host.get(former, set()).discard(uuid)
            if host is not None:
                self._by_host.setdefault(host, set()).add(uuid)
            if former != host:
                news[uuid] = host
        return instances.but(news) if news else instances

    def instances_on(self, host: str) -> frozenset[str]:
        """Return the instances that a service host is known to have; those
        that are on their way to it are not."""
        with self._lock:
            return frozenset(self._by_host.get(host, ()))

    def host_of(self, uuid: str) -> str | None:
        """Return on which service host an instance is."""
        moment = self.moment
        return moment.instances.host_of(uuid) if moment is not None else None

    def cell_of(self, host: str) -> str | None:
        """Return the cell of a service host."""
        moment = self.moment
        if moment is None:
            return None
        return next((moment.table.nodes[index].cell_uuid
                     for index in moment.table.at_host(host)), None)

    # --------------------------------------------------- what was decided
    def consume(self, taken: Sequence[tuple[str, facts_module.Consumption]]
                ) -> None:
        """Take instances' shares of nodes, until their computes do."""
        with self._lock:
            moment, coming = self.moment, {}
            if moment is None:
                return
            for uuid, share in taken:
                node = self._raw.get(uuid)
                if node is None:
                    continue
                came = moment.instances.host_of(share.instance_uuid) is None
                self._pending.take(node, share, came)
                # Who moves is on its former host, too, until it has moved.
                if came:
                    coming[share.instance_uuid] = node.host
            self._replace({uuid for uuid, _ in taken}, coming)

    def release(self, uuid: str, instance_uuid: str) -> None:
        """Give back what ``consume`` took."""
        with self._lock:
            came = self._pending.give_back(uuid, instance_uuid)
            if came is not None:
                self._replace([uuid], {instance_uuid: None} if came else {})

    def begin(self, instance_uuid: str) -> None:
        """Note that an instance has come to where it was to be by now, or
        does not."""
        with self._lock:
            self._pending.end(instance_uuid)

    def _replace(self, uuids: Collection[str],
                 moved: Mapping[str, str | None]) -> None:
        """Make a moment in which other things are taken of nodes, and other
        instances are on their way. Lock held."""
        moment = self.moment
        nodes = {self._index[uuid]: self._pending.left(self._raw[uuid])
                 for uuid in uuids if uuid in self._raw}
        if moment is not None and nodes:
            self.moment = dataclasses.replace(
                moment, table=moment.table.replace(nodes),
                instances=moment.instances.but(moved) if moved
                else moment.instances)

    # --------------------------------------------------------------- facts
    def facts(self, snapshot: snapshot_module.Snapshot, moment: Moment,
              up: npt.NDArray[np.bool_]) -> facts_module.Facts:
        """Return a moment laid over a snapshot. ``up`` is by service."""
        with self._lock:
            by_row = self._map(snapshot, moment.table)
        serving = scheduler_hosts.Serving(
            moment.services, moment.service_of[by_row], up, moment.enabled)
        return facts_module.Facts(
            moment.table, by_row, serving, moment.memberships,
            moment.aggregates, moment.instances, moment.oldest_version,
            moment.images)

    def _map(self, snapshot: snapshot_module.Snapshot,
             table: table_module.Table) -> npt.NDArray[np.int32]:
        """Return the index of each row's node. Lock held."""
        mapped = snapshot.life, snapshot.topology, table.topology
        if self._mapped != mapped:
            by_row = np.full(snapshot.n, -1, np.int32)
            for index, node in enumerate(table.nodes[:-1]):
                row = snapshot.row_of(node.uuid)
                if row is not None:
                    by_row[row] = index
            self._by_row, self._mapped = by_row, mapped
        return self._by_row


def _same(one: Sequence[_Source], other: Sequence[_Source]) -> bool:
    """Return whether these are the very same objects."""
    return len(one) == len(other) and all(
        each is its for pair, its_pair in zip(one, other, strict=True)
        for each, its in zip(pair, its_pair, strict=True))


def _served(nodes: Mapping[int, node_module.Node],
            hosts: Collection[str]) -> Iterator[node_module.Node]:
    """Return the nodes that have a service."""
    return (node for node in nodes.values() if node.host in hosts)


def _record(host: str, disabled: bool, reason: str | None,
            former: models.Service | None) -> models.Service:
    """Return a service as the record that filters know; the same one as long
    as it says the same."""
    if (former is not None and former.enabled is not disabled
            and former.disabled_reason == reason):
        return former
    return models.Service(
        id=host, host=host, binary=cell_module.COMPUTE, serves=(host,),
        enabled=not disabled, disabled_reason=reason,
        last_seen=datetime.datetime.now(datetime.UTC), age=0.0)
