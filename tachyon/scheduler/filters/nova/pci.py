"""PciPassthroughFilter: hosts with the PCI devices that are asked for."""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base
from tachyon.scheduler.filters.nova import inside
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.nova import demand
from tachyon.scheduler.nova.pci import pools

FEW = "too few PCI devices are left"
OTHERS = "its PCI devices are not those that are asked for"


class PciPassthroughFilter(base.RulesFilter):
    """Compares the devices of aliases and ports with the pools of a host.

    Where Placement knows devices, they must be of the providers that would be
    claimed: which those are is known when a host is to be chosen.
    """

    def rules(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
        wanted = data.nova.pci_requests
        if not wanted:
            return
        enough = hosts.nodes.numbers("pci.free") >= max(
            each.count for each in wanted)
        yield FEW, enough
        whole = demand.Demand(devices=tuple(wanted)).anonymous
        # Of devices that are claimed, each request is asked for alone.
        parts = ([demand.Demand(devices=(each,)) for each in whole.devices]
                 if inside.claims_devices(data) else [whole])
        yield OTHERS, inside.each(hosts, enough, (self.name, *parts), lambda
                                  node: all(_has(node, part)
                                            for part in parts))

    def looks_at_mappings(self, data: scheduler_data.SchedulingData) -> bool:
        return inside.claims_devices(data)

    def admits(self, host: scheduler_data.Host,
               data: scheduler_data.SchedulingData,
               mappings: Mapping[str, tuple[str, ...]]) -> bool:
        node = host.node
        return (not inside.claims_devices(data) or node is None
                or pools.take(node.pci.pools, data.nova.pci_requests,
                              mappings) is not None)


def _has(node: node_module.Node, wanted: demand.Demand) -> bool:
    return pools.take(node.pci.pools, wanted.devices,
                      demand.NO_MAPPINGS) is not None
