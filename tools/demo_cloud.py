"""The sample cloud of the demo, and what is asked of it: data only.

Three racks of four hosts. Each rack is an aggregate:

* ``rack-a``: plain hosts, of which two have AVX-512;
* ``rack-b``: bigger hosts with local SSDs;
* ``rack-c``: two hosts with GPUs, and two whose processors and memory belong
  to two NUMA cells each.
"""

import dataclasses
import uuid
from collections.abc import Iterator
from typing import Any

NAMESPACE = uuid.UUID("5f1c6d0e-3a52-4f0e-9d57-6b7f0a3a7a11")
CUSTOM_TRAITS = ("CUSTOM_SSD",)
AVX512 = "HW_CPU_X86_AVX512F"


@dataclasses.dataclass(frozen=True)
class Provider:
    name: str
    inventories: dict[str, dict[str, Any]]
    traits: tuple[str, ...] = ()
    aggregates: tuple[str, ...] = ()
    parent: str | None = None

    @property
    def uuid(self) -> str:
        return uid(self.name)


@dataclasses.dataclass(frozen=True)
class Wish:
    """One instance to boot, the state it ends in, and what it is about."""

    name: str
    flavor: str
    about: str
    status: str = "STOPPED"
    resources: dict[str, int] = dataclasses.field(default_factory=dict)
    required_traits: tuple[str, ...] = ()
    preferred_traits: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        return {"name": self.name, "flavor": self.flavor,
                "image": "debian-12", "resources": self.resources,
                "required_traits": list(self.required_traits),
                "preferred_traits": list(self.preferred_traits)}


WISHES = (
    Wish("web-1", "m1.small", "nothing special"),
    Wish("solver-1", "m1.large", f"requires {AVX512}",
         required_traits=(AVX512,)),
    Wish("db-1", "m1.xlarge", "prefers CUSTOM_SSD",
         preferred_traits=("CUSTOM_SSD",)),
)
REFUSED = Wish("trainer-1", "m1.xlarge",
               f"wants a GPU next to {AVX512}", status="ERROR",
               resources={"PGPU": 1}, required_traits=(AVX512,))


def uid(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))


def inventory(**totals: int) -> dict[str, dict[str, Any]]:
    return {name: {"total": total} for name, total in totals.items()}


def host(rack: str, number: int, *traits: str, vcpus: int = 16,
         memory_gb: int = 64, disk_gb: int = 1000) -> Provider:
    return Provider(
        f"{rack}-{number}",
        inventory(VCPU=vcpus, MEMORY_MB=memory_gb * 1024, DISK_GB=disk_gb),
        ("HW_CPU_X86_AVX2", *traits), (uid(rack),))


def numa_host(rack: str, number: int) -> Iterator[Provider]:
    root = Provider(f"{rack}-{number}", inventory(DISK_GB=1000),
                    ("HW_CPU_X86_AVX2",), (uid(rack),))
    yield root
    for cell in range(2):
        yield Provider(f"{root.name}_numa{cell}",
                       inventory(VCPU=12, MEMORY_MB=48 * 1024),
                       ("HW_NUMA_ROOT",), parent=root.uuid)


def providers() -> Iterator[Provider]:
    """Yield all providers, parents first."""
    yield from (host("rack-a", number) for number in (1, 2))
    yield host("rack-a", 3, AVX512)
    yield host("rack-a", 4, AVX512, vcpus=24, memory_gb=96)
    yield from (host("rack-b", number, "CUSTOM_SSD", vcpus=32, memory_gb=128,
                     disk_gb=2000) for number in range(1, 5))
    for number in (1, 2):
        gpu_host = host("rack-c", number)
        yield gpu_host
        yield Provider(f"{gpu_host.name}_gpus", inventory(PGPU=2),
                       parent=gpu_host.uuid)
    for number in (3, 4):
        yield from numa_host("rack-c", number)
