"""What is known of one compute node, besides what Placement knows.

The names are those of nova's ``HostState``, since flavors and hints name
them: ``capabilities:free_ram_mb``, ``["=", "$hypervisor_type", "QEMU"]``.
What is JSON in nova's database stays text here, or knows its text: it is
parsed when somebody asks, and once for all nodes that have the same.
"""

import dataclasses
import datetime
import functools
from collections.abc import Mapping
from typing import Any

import orjson

from tachyon.scheduler.nova.numa import topology
from tachyon.scheduler.nova.pci import pools

# Texts kept parsed: a cloud has a few models of hosts.
PARSED_MAX = 4096
# Monitors that report a part of 1; a weight is in percent.
_PARTS = frozenset(("cpu.user.percent", "cpu.kernel.percent",
                    "cpu.idle.percent", "cpu.iowait.percent", "cpu.percent"))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """A host aggregate of nova. ``hosts`` are names of service hosts."""

    id: int
    uuid: str
    name: str
    hosts: frozenset[str]
    metadata: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One compute node. ``uuid`` is its resource provider's, too.

    Memory and disk are in MiB unless the name says otherwise; what is free
    may be negative.
    """

    uuid: str = ""
    host: str = ""                      # of its service
    nodename: str = ""
    cell_uuid: str = ""
    total_usable_ram_mb: int = 0
    total_usable_disk_gb: int = 0
    disk_mb_used: int = 0
    free_ram_mb: int = 0
    free_disk_mb: int = 0
    vcpus_total: int = 0
    vcpus_used: int = 0
    cpu_allocation_ratio: float = 1.0
    ram_allocation_ratio: float = 1.0
    disk_allocation_ratio: float = 1.0
    num_instances: int = 0
    num_io_ops: int = 0
    failed_builds: int = 0
    host_ip: str | None = None
    hypervisor_type: str | None = None
    hypervisor_version: int | None = None
    hypervisor_hostname: str | None = None
    updated: datetime.datetime | None = None
    # JSON texts, and what they hold.
    cpu_info: str = ""                  # {model, topology, features, ...}
    supported_instances_text: str = ""  # [[arch, hypervisor, mode], ...]
    stats_text: str = ""                # {name: value}
    metrics_text: str = ""              # [{name, value, ...}]
    # What is left of its NUMA cells, and of its PCI devices.
    numa: topology.HostTopology = topology.HostTopology()
    pci: pools.DevicePools = pools.DevicePools()
    # Found out of it by who looks at each node; it goes with the node.
    known: dict[Any, Any] = dataclasses.field(
        init=False, repr=False, default_factory=dict)

    @property
    def vcpus_free(self) -> float:
        """Return what is left of its VCPUs, overcommitted."""
        return self.vcpus_total * self.cpu_allocation_ratio - self.vcpus_used

    def attribute(self, name: str) -> Any:
        """Return what nova's ``HostState`` has by a name, None if nothing
        that is told."""
        column = ATTRIBUTES.get(name)
        return column and attribute_of(name, getattr(self, column))


# Stands for a host of which no node is known.
UNKNOWN = Node()

_UNTOLD = ("updated", "numa", "pci", "known")
# What flavors and hints may name, and the attribute that holds it.
ATTRIBUTES: Mapping[str, str] = {
    **{field.name: field.name for field in dataclasses.fields(Node)
       if not field.name.endswith("_text") and field.name not in _UNTOLD},
    "stats": "stats_text",
    "supported_instances": "supported_instances_text",
}


def attribute_of(name: str, value: Any) -> Any:
    """Return what a name stands for, from the attribute that holds it."""
    return value if ATTRIBUTES[name] == name else parse(value)


def as_dict(text: str) -> Mapping[str, Any]:
    """Return the object that a JSON text holds, empty if it is none."""
    found = parse(text)
    return found if isinstance(found, dict) else {}


@functools.lru_cache(maxsize=PARSED_MAX)
def parse(text: str) -> Any:
    """Return what a JSON text holds, None if it is none. Not to be written
    to: it is shared."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


@functools.lru_cache(maxsize=PARSED_MAX)
def metrics_of(text: str) -> Mapping[str, int | None]:
    """Return the values of a node's monitors by name; None is of one that
    has no single value."""
    found = parse(text)
    values = {each["name"]: each.get("value")
              for each in (found if isinstance(found, list) else ())
              if isinstance(each, dict) and "name" in each}
    return {name: (int(value * 100 if name in _PARTS else value)
                   if isinstance(value, int | float) else None)
            for name, value in values.items()}
