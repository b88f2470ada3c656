"""NUMATopologyFilter: hosts on whose NUMA cells a guest's cells fit.

What a host can't have for certain shows in columns: the cell that has the most
of something has too little. Only those that are left are looked at one by one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base
from tachyon.scheduler.filters.nova import inside
from tachyon.scheduler.nova import demand as demand_module
from tachyon.scheduler.nova import wire
from tachyon.scheduler.nova.numa import guest as guest_module
from tachyon.scheduler.nova.numa import pagesizes
from tachyon.scheduler.nova.numa import topology

NONE = "it reports no NUMA cells"
FEW = "it has fewer NUMA cells"
THREADS = "its cores have one thread each"
SHARED = "no NUMA cell has so many shared CPUs"
FREE = "too few dedicated CPUs are free"
MEMORY = "no NUMA cell has so much memory"
PAGES = "no NUMA cell has so many free pages of that size"
CELLS = "the NUMA cells do not fit on its own"

_Rule = tuple[str, npt.NDArray[np.bool_]]


class NUMATopologyFilter(base.RulesFilter):
    """Compares ``hw:numa_nodes``, pinned CPUs, sizes of pages, the devices
    and the networks of a guest with the cells of a host."""

    def rules(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData) -> Iterator[_Rule]:
        demand = self._demand(data)
        threads = _wants_threads(data.nova)
        if demand.guest is None and not threads:
            return
        cells = hosts.nodes.numbers("numa.summary.cells")
        if threads:
            yield THREADS, ((cells == 0) | (
                hosts.nodes.numbers("numa.summary.threads") > 0))
        if demand.guest is None:
            return
        left = np.ones(len(hosts), np.bool_)
        for words, kept in _bounds(hosts, demand.guest, cells):
            left &= kept
            yield words, kept
        mappings = (None if inside.claims_devices(data)
                    else demand_module.NO_MAPPINGS)
        question = self.name, demand.anonymous, mappings is None
        yield CELLS, inside.each(
            hosts, left, question,
            lambda node: demand.fit(node, mappings) is not None)

    def looks_at_mappings(self, data: scheduler_data.SchedulingData) -> bool:
        return inside.claims_devices(data)

    def admits(self, host: scheduler_data.Host,
               data: scheduler_data.SchedulingData,
               mappings: Mapping[str, tuple[str, ...]]) -> bool:
        demand, node = self._demand(data), host.node
        return (demand.guest is None or node is None
                or not inside.claims_devices(data)
                or demand.fit(node, mappings) is not None)

    def compute_limits(self, host: scheduler_data.Host,
                       data: scheduler_data.SchedulingData
                       ) -> Mapping[str, Any]:
        demand, node = self._demand(data), host.node
        if demand.guest is None or node is None:
            return {}
        limits: dict[str, Any] = {
            "cpu_allocation_ratio": node.cpu_allocation_ratio,
            "ram_allocation_ratio": node.ram_allocation_ratio}
        if demand.networks is not None:
            limits["network_metadata"] = wire.write("NetworkMetadata", "1.0", {
                "physnets": sorted(demand.networks.physical),
                "tunneled": demand.networks.tunneled})
        return {"numa_topology": wire.write("NUMATopologyLimits", "1.1",
                                            limits)}

    def _demand(self, data: scheduler_data.SchedulingData
                ) -> demand_module.Demand:
        return demand_module.Demand.of(
            data.nova, self.conf.nova_hosts
            .packing_host_numa_cells_allocation_strategy)


def _wants_threads(spec: Any) -> bool:
    """Return whether flavor or image want CPUs that are threads of a core."""
    properties = spec.image.properties if spec.image is not None else {}

    def either(name: str, value: str) -> bool:
        return value in (spec.flavor.extra_specs.get(f"hw:{name}"),
                         properties.get(f"hw_{name}"))
    return (either("cpu_policy", guest_module.Cpus.DEDICATED)
            and either("cpu_thread_policy", guest_module.Threads.REQUIRE))


def _bounds(hosts: scheduler_data.HostSet,
            guest: guest_module.GuestTopology,
            cells: npt.NDArray[np.float64]) -> Iterator[_Rule]:
    """Return what the largest cell of the guest needs, and all together."""
    def most(name: str) -> npt.NDArray[np.float64]:
        return hosts.nodes.numbers(f"numa.summary.{name}")

    wanted = guest.cells
    yield NONE, cells > 0
    yield FEW, cells >= len(wanted)
    shared = max((each.shared for each in wanted if each.is_shared),
                 default=0)
    yield SHARED, most("shared") >= shared
    pinned = [each.pinned for each in wanted if each.is_pinned]
    if pinned:
        yield FREE, ((most("free") >= max(pinned))
                     & (most("free_in_all") >= sum(pinned)))
    for cell in wanted:
        words, column = _memory(cell)
        yield words, most(column) >= cell.memory * topology.KIB_IN_MIB


def _memory(cell: guest_module.GuestCell) -> tuple[str, str]:
    """Return the words for too little memory, and the column of it."""
    if cell.pagesize is None:
        return MEMORY, "free_memory" if cell.is_pinned else "memory"
    return PAGES, {pagesizes.SMALL: "small", pagesizes.LARGE: "large"}.get(
        cell.pagesize, "any")
