"""What a guest wants of the insides of a host: NUMA cells, PCI devices.

Placement knows how much there is, and nothing of what lies beside what.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.nova.numa import fit
from tachyon.scheduler.nova.numa import guest as guest_module
from tachyon.scheduler.nova.numa import networks as networks_module
from tachyon.scheduler.nova.numa import topology
from tachyon.scheduler.nova.pci import pools
from tachyon.scheduler.nova.pci import requests

NO_MAPPINGS: requests.Mappings = {}


@dataclasses.dataclass(frozen=True, slots=True)
class Demand:
    """``pack``: cells that others use already are taken first."""

    guest: guest_module.GuestTopology | None = None
    networks: networks_module.Networks | None = None
    devices: tuple[requests.DeviceRequest, ...] = ()
    pack: bool = False

    @classmethod
    def of(cls, spec: Any, pack: bool) -> "Demand":
        """Return what a RequestSpec demands."""
        guest = spec.numa_topology
        return cls(guest if guest is not None and guest.cells else None,
                   spec.network_metadata, tuple(spec.pci_requests), pack)

    @property
    def anonymous(self) -> "Demand":
        """Return the same of anybody, whose devices have no ids."""
        return dataclasses.replace(self, devices=tuple(
            each.anonymous for each in self.devices))

    def fit(self, node: node_module.Node, mappings: requests.Mappings | None,
            limited: bool = True) -> tuple[fit.Share, ...] | None:
        """Return what a guest with NUMA cells takes of a node's; None if it
        does not fit.

        :param mappings: of its devices; None: don't look at devices.
        :param limited: by how much the node overcommits.
        """
        assert self.guest is not None
        can_be_had = (functools.partial(self._can_be_had, node, mappings)
                      if self.devices and mappings is not None
                      else fit.NO_DEVICES.can_be_had)
        return fit.fit(
            node.numa.cells, self.guest,
            fit.Limits(node.cpu_allocation_ratio, node.ram_allocation_ratio,
                       self.networks) if limited else None,
            fit.Devices(node.pci.by_cell, bool(self.devices), can_be_had),
            self.pack)

    def _can_be_had(self, node: node_module.Node,
                    mappings: requests.Mappings,
                    cells: Sequence[int]) -> bool:
        return pools.take(node.pci.pools, self.devices, mappings,
                          _near(node, cells)) is not None

    def left(self, node: node_module.Node, mappings: requests.Mappings,
             limited: bool = True) -> node_module.Node:
        """Return what is left of a node once the guest is there. What does
        not fit takes nothing: its compute will say so."""
        cells, near = node.numa, None
        if self.guest is not None and node.numa.cells:
            shares = self.fit(node, mappings, limited)
            if shares is None:
                return node
            cells = topology.HostTopology(
                cells=fit.take(node.numa.cells, shares))
            near = _near(node, [share.cell for share in shares])
        devices = node.pci
        if self.devices:
            rest = pools.take(devices.pools, self.devices, mappings, near)
            if rest is not None:
                devices = pools.DevicePools(pools=rest)
        return dataclasses.replace(node, numa=cells, pci=devices)


def _near(node: node_module.Node, cells: Sequence[int]) -> pools.Near:
    sockets: Mapping[int, int | None] = {
        cell.id: cell.socket for cell in node.numa.cells}
    return pools.Near(tuple(cells), sockets)
