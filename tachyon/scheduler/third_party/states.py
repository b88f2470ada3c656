"""nova's HostState, of what Tachyon knows of a host.

What is dear to make is made when a plug-in asks for it. Nothing of it is
Tachyon's: a plug-in may write to what it is given.

This module imports nova: see ``look``.
"""

import datetime
import functools
from typing import Any

from nova import objects
from nova.pci import stats
from nova.scheduler import host_manager
from nova.scheduler import weights
from oslo_utils import timeutils

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import selection
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.nova.numa import cpus
from tachyon.scheduler.nova.numa import topology

_COPIED = (
    "uuid", "total_usable_ram_mb", "total_usable_disk_gb", "disk_mb_used",
    "free_ram_mb", "free_disk_mb", "vcpus_total", "vcpus_used",
    "num_instances", "num_io_ops", "failed_builds", "host_ip",
    "hypervisor_type", "hypervisor_version", "hypervisor_hostname",
    "cpu_info", "cpu_allocation_ratio", "ram_allocation_ratio",
    "disk_allocation_ratio", "updated")
_MADE_LATE = ("numa_topology", "pci_stats", "supported_instances", "metrics",
              "aggregates", "instances", "allocation_candidates")
# When a service that is down was heard, as nova's ServiceGroup reads it.
_LONG_AGO = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Surroundings:
    """What the hosts of one try have in common."""

    def __init__(self, data: scheduler_data.SchedulingData,
                 context: Any) -> None:
        self.data = data
        self.context = context
        self.now = timeutils.utcnow(with_timezone=True)
        self._aggregates: dict[int, Any] = {}

    def aggregate(self, one: node_module.Aggregate) -> Any:
        """Return nova's Aggregate."""
        if one.id not in self._aggregates:
            self._aggregates[one.id] = objects.Aggregate(
                self.context, id=one.id, uuid=one.uuid or None,
                name=one.name, hosts=sorted(one.hosts),
                metadata=dict(one.metadata))
        return self._aggregates[one.id]


class State(host_manager.HostState):
    """A host that a source knows."""

    def __init__(self, host: scheduler_data.Host,
                 around: Surroundings) -> None:
        node = host.node
        assert node is not None             # others were left out
        super().__init__(node.host, node.nodename, node.cell_uuid)
        self._known, self._node, self._around = host, node, around
        for name in _COPIED:
            setattr(self, name, getattr(node, name))
        self.stats = dict(node_module.as_dict(node.stats_text))
        self.service = host_manager.ReadOnlyDict(self._make_service())
        for name in _MADE_LATE:
            # What nova's class has for a start would hide it.
            self.__dict__.pop(name, None)

    def _make_service(self) -> dict[str, Any]:
        host = self._known
        service, heard = host.service, _LONG_AGO
        if host.up:
            heard = self._around.now
        return {
            "host": self.host, "binary": "nova-compute", "topic": "compute",
            "disabled": service is not None and not service.enabled,
            "disabled_reason": service and service.disabled_reason,
            "forced_down": False, "last_seen_up": heard,
            "created_at": _LONG_AGO}

    @functools.cached_property
    def numa_topology(self) -> Any:
        cells = self._node.numa.cells
        return objects.NUMATopology(
            cells=list(map(_cell, cells))) if cells else None

    @functools.cached_property
    def pci_stats(self) -> Any:
        made = stats.PciDeviceStats(self.numa_topology)
        # They are as nova has them, and in its order.
        made.pools = [{**pool.properties, "count": pool.count}
                      for pool in self._node.pci.pools]
        return made

    @functools.cached_property
    def supported_instances(self) -> list[Any]:
        return [list(each) for each in node_module.parse(
            self._node.supported_instances_text) or ()]

    @functools.cached_property
    def metrics(self) -> Any:
        return objects.MonitorMetricList.from_json(self._node.metrics_text)

    @functools.cached_property
    def aggregates(self) -> list[Any]:
        return [self._around.aggregate(each) for each
                in self._known.hosts.nodes.aggregates[self._known.index]]

    @functools.cached_property
    def instances(self) -> dict[str, Any]:
        """By uuid; like nova's, they have no more than that."""
        facts = self._known.hosts.facts
        assert facts is not None
        return {uuid: objects.Instance(self._around.context, uuid=uuid)
                for uuid in facts.instances.on(self.host)}

    @functools.cached_property
    def allocation_candidates(self) -> list[dict[str, Any]]:
        """What can be claimed, as allocation requests of Placement's."""
        found = self._around.data.found
        if found is None:
            return []
        hosts = self._known.hosts
        uuids = hosts.snapshot.uuids
        return [{
            "allocations": {uuids[row]: {"resources": dict(amounts)}
                            for row, amounts in candidate.allocations},
            "mappings": {suffix: [uuids[row] for row in rows]
                         for suffix, rows in candidate.mappings.items()}}
            for candidate in found.candidates(
                roots=hosts.rows[[self._known.index]],
                limit=selection.CANDIDATES_MAX)]

    @property
    def was_asked_for_candidates(self) -> bool:
        return "allocation_candidates" in self.__dict__

    def wire_limits(self) -> dict[str, Any]:
        """Return what filters left in ``limits``, as it travels."""
        limits = objects.SchedulerLimits.from_dict(
            self.limits).obj_to_primitive()["nova_object.data"]
        return {name: each for name, each in limits.items()
                if each is not None}

    def weighed(self) -> Any:
        """Return what nova's weighers are given of a host."""
        return weights.WeighedHost(self, 0.0)


def _cell(cell: topology.HostCell) -> Any:
    near = cell.networks
    return objects.NUMACell(
        id=cell.id, cpuset=cpus.numbers(cell.shared),
        pcpuset=cpus.numbers(cell.dedicated),
        pinned_cpus=cpus.numbers(cell.pinned),
        siblings=[cpus.numbers(core) for core in cell.cores],
        cpu_usage=cell.shared_used, memory=cell.memory,
        memory_usage=cell.memory_used, socket=cell.socket,
        mempages=[objects.NUMAPagesTopology(
            size_kb=page.size_kb, total=page.total, used=int(page.used),
            reserved=page.reserved) for page in cell.pages],
        network_metadata=objects.NetworkMetadata(
            physnets=set(near.physical if near else ()),
            tunneled=bool(near and near.tunneled)))
