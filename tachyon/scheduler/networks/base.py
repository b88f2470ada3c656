"""What is asked about networks, of whoever knows."""

import abc
import dataclasses
from collections.abc import Iterable
from typing import Any

# What a request has in place of a network's id, if it has not chosen one.
_NO_IDS = ("auto", "none")


@dataclasses.dataclass(frozen=True, slots=True)
class Port:
    """``subnet_id`` is None as long as the port has no address."""

    network_id: str
    subnet_id: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Reach:
    """Segments, one of which a host has to be on. ``of`` says in words whose
    they are."""

    of: str
    segments: tuple[str, ...]


class Networks(abc.ABC):
    """Made once a process; many threads ask it, none of which holds a
    snapshot meanwhile.

    All methods raise ``HostSourceUnavailable`` if nobody answers in time, and
    ``NotFound``.
    """

    @abc.abstractmethod
    def port(self, id: str) -> Port:
        """Return where a port is."""

    @abc.abstractmethod
    def segments_of_network(self, id: str) -> tuple[str, ...]:
        """Return the segments of a network's subnets, none if it is not a
        routed one."""

    @abc.abstractmethod
    def segment_of_subnet(self, id: str) -> str | None:
        """Return the segment of a subnet, None if it is of no routed
        network."""


def find_reaches(networks: Networks,
                 requested: Iterable[Any]) -> tuple[Reach, ...]:
    """Return what hosts have to reach for these networks and ports, each a
    ``RequestedNetwork``. A port that has an address stays on its subnet.

    :raises HostSourceUnavailable:
    :raises NotFound:
    """
    found = []
    for each in requested:
        network_id = each.network_id
        if each.port_id:
            port = networks.port(each.port_id)
            if port.subnet_id is not None:
                segment = networks.segment_of_subnet(port.subnet_id)
                found.append(Reach(f"the subnet {port.subnet_id}",
                                   (segment,) if segment else ()))
                continue
            network_id = port.network_id
        if network_id and network_id not in _NO_IDS:
            found.append(Reach(f"the network {network_id}",
                               networks.segments_of_network(network_id)))
    return tuple(dict.fromkeys(each for each in found if each.segments))
