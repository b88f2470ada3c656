"""A made-up cloud as a source: the same arguments make the same cloud.

Hosts have one of four sizes, five to nine traits (one of them on exactly 1 %
of the hosts) and one of ten zones as aggregate. What a host has is decided by
its number alone, so a cloud of more hosts has all those of a smaller one, and
one that is filled further has all its instances.
"""

import datetime
import random
import uuid as uuid_module
from collections.abc import Container, Iterator, Mapping, Sequence

from tachyon.db import models
from tachyon.transfer import base

EVERYWHERE = "HW_CPU_X86_AVX"
TENTH = "HW_CPU_X86_AVX512F"
RARE = "HW_CPU_X86_SGX"
SHARES = "MISC_SHARES_VIA_AGGREGATE"
PCI = "CUSTOM_PCI_NIC"
GPU = "VGPU"

# What each is, for people.
SHAPES: Mapping[str, str] = {
    "flat": "one provider a host",
    "numa": "processors and memory in two NUMA nodes, and a PCI device under "
            "one of them: four providers a host",
    "gpu": "two GPUs with eight virtual ones each: three providers a host",
    "shared": "one provider a host, and the disk on one for each zone",
}
ZONES = 10

# Provider by role, amount by resource class: see ``_Host``.
_Wants = dict[tuple[str, str], int]

_NAMESPACE = uuid_module.UUID("9c7b6f0e-52a8-4d53-8a0f-3e1d7c64b2a5")
_BIRTH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
# VCPU, MEMORY_MB and DISK_GB of hosts, and of what is on them.
_SIZES = ((32, 131072, 2000), (64, 262144, 4000), (96, 393216, 4000),
          (128, 786432, 8000))
_FLAVORS = ((1, 2048, 20), (2, 4096, 40), (4, 8192, 40), (8, 16384, 80))
# Trait: it is on a host whose number leaves this rest divided by that.
_ALWAYS = (EVERYWHERE, "HW_CPU_X86_SSE42", "HW_CPU_X86_AESNI", "COMPUTE_NODE",
           "COMPUTE_VOLUME_MULTI_ATTACH")
_SOMETIMES = (("HW_CPU_X86_AVX2", 0, 2), ("HW_CPU_X86_FMA3", 0, 2),
              ("HW_CPU_X86_SHA", 0, 3), (TENTH, 3, 10), (RARE, 17, 100))
_NUMA = "HW_NUMA_ROOT"
_GPU_TRAITS = ("HW_GPU_API_VULKAN", "HW_GPU_API_OPENCL_V2_1")
_PROJECTS = 10
_DEVICES = frozenset((PCI, GPU))
# Of so many instances in a row, this many get one, while there are any.
_DEVICE_ROW, _DEVICE_SHARE = 8, 2


def uuid(*parts: object) -> str:
    """Return the uuid of what these words name."""
    return str(uuid_module.uuid5(_NAMESPACE, "/".join(map(str, parts))))


def zone(shape: str, number: int) -> str:
    """Return the uuid of a zone, an aggregate; there are ``ZONES``."""
    return uuid(shape, "zone", number)


def host_name(shape: str, number: int) -> str:
    """Return the name of a host's root provider."""
    return f"{shape}-{number:06d}"


class GeneratedCloud(base.Source):
    """So many hosts of a shape, each filled up to ``fill`` percent."""

    def __init__(self, hosts: int, shape: str = "flat", fill: int = 0):
        """:param fill: 0 to 100: instances are put onto each host until the
            next would take more than that of its processors, memory or
            disk. Devices are handed out while there are any."""
        super().__init__()
        self._hosts = hosts
        self._shape = shape
        self._fill = fill

    def size(self) -> base.Size:
        sharing = ZONES if self._shape == "shared" else 0
        return base.Size(
            providers=sharing + self._hosts * len(
                _Host(self._shape, 0).providers),
            consumers=None if self._fill else 0)

    def resource_classes(self) -> frozenset[str]:
        device = {"numa": PCI, "gpu": GPU}.get(self._shape)
        return frozenset({"VCPU", "MEMORY_MB", "DISK_GB"}
                         | ({device} if device else set()))

    def traits(self) -> frozenset[str]:
        further = {"numa": (_NUMA,), "gpu": _GPU_TRAITS, "shared": (SHARES,)}
        return frozenset((*_ALWAYS, *(name for name, *_ in _SOMETIMES),
                          *further.get(self._shape, ())))

    def providers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Provider]]:
        return base.batches((record for record in self._all_providers()
                             if record.uuid not in known), base.PROVIDERS)

    def consumers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Consumer]]:
        return base.batches((
            record for number in range(self._hosts if self._fill else 0)
            for record in _Host(self._shape, number).consumers(self._fill)
            if record.uuid not in known), base.CONSUMERS)

    def _all_providers(self) -> Iterator[models.Provider]:
        if self._shape == "shared":
            yield from map(_sharing, range(ZONES))
        for number in range(self._hosts):
            yield from _Host(self._shape, number).providers


# ------------------------------------------------------------------ providers
def _sharing(number: int) -> models.Provider:
    name = f"shared-storage-{number}"
    # No cloud that fits into a store fills these.
    return _provider(uuid(name), name, None, None,
                     {"DISK_GB": _inventory(models.MAX_INT)}, (SHARES,),
                     zone("shared", number))


class _Host:
    """A host: ``providers`` is its tree, the root first.

    ``_members`` are they by role: ``root``, ``numa0``, ``numa1``, ``pci``,
    ``gpu0``, ``gpu1``; and ``storage``, which belongs to others too.
    """

    def __init__(self, shape: str, number: int):
        self._shape = shape
        self._number = number
        self._zone = number // 100 % ZONES
        self._name = host_name(shape, number)
        self._members: dict[str, models.Provider] = {}
        self._root = uuid(shape, number)
        getattr(self, f"_make_{shape}")(*_SIZES[number // 7 % len(_SIZES)])
        self.providers = tuple(self._members.values())

    def _make_flat(self, vcpus: int, memory: int, disk: int) -> None:
        self._add_root({"VCPU": _inventory(vcpus, 16.0),
                        "MEMORY_MB": _inventory(memory, 1.5, 4096),
                        "DISK_GB": _inventory(disk, 1.0, 20)})

    def _make_shared(self, vcpus: int, memory: int, _disk: int) -> None:
        self._add_root({"VCPU": _inventory(vcpus, 16.0),
                        "MEMORY_MB": _inventory(memory, 1.5, 4096)})

    def _make_numa(self, vcpus: int, memory: int, disk: int) -> None:
        self._add_root({"DISK_GB": _inventory(disk, 1.0, 20)})
        for cell in range(2):
            self._add(f"numa{cell}", "root", {
                "VCPU": _inventory(vcpus // 2, 16.0),
                "MEMORY_MB": _inventory(memory // 2, 1.5, 2048)}, (_NUMA,))
        self._add("pci", f"numa{self._number % 2}", {PCI: _inventory(4)})

    def _make_gpu(self, vcpus: int, memory: int, disk: int) -> None:
        self._make_flat(vcpus, memory, disk)
        model = _GPU_TRAITS[:1 + self._number % 2]
        for card in range(2):
            self._add(f"gpu{card}", "root", {GPU: _inventory(8)}, model)

    def _add_root(self, inventories: dict[str, models.Inventory]) -> None:
        traits = (*_ALWAYS, *(
            name for name, rest, divisor in _SOMETIMES
            if self._number % divisor == rest))
        self._members["root"] = _provider(
            self._root, self._name, None, None, inventories, traits,
            zone(self._shape, self._zone))

    def _add(self, role: str, parent: str,
             inventories: dict[str, models.Inventory],
             traits: Sequence[str] = ()) -> None:
        self._members[role] = _provider(
            uuid(self._shape, self._number, role), f"{self._name}_{role}",
            self._members[parent].uuid, self._root, inventories, traits)

    # ------------------------------------------------------------- instances
    def consumers(self, fill: int) -> Iterator[models.Consumer]:
        """Return what fills the host up to so many percent."""
        left = {
            (role, name): inventory.capacity * (
                100 if name in _DEVICES else fill) // 100
            for role, member in self._members.items()
            for name, inventory in member.inventories.items()}
        chance = random.Random(f"{self._shape}/{self._number}")
        count = 0
        while True:
            wants = self._wants(count, *chance.choice(_FLAVORS), left)
            if any(amount > left.get(what, amount)
                   for what, amount in wants.items()):
                return
            for what, amount in wants.items():
                if what in left:
                    left[what] -= amount
            yield self._consumer(count, wants)
            count += 1

    def _wants(self, count: int, vcpus: int, memory: int, disk: int,
               left: _Wants) -> _Wants:
        """Return what the next instance is to have, of whom."""
        half = count % 2
        home = f"numa{half}" if self._shape == "numa" else "root"
        wants = {(home, "VCPU"): vcpus, (home, "MEMORY_MB"): memory,
                 ("storage" if self._shape == "shared" else "root",
                  "DISK_GB"): disk}
        device = {"numa": ("pci", PCI), "gpu": (f"gpu{half}", GPU)}.get(
            self._shape)
        if device and count % _DEVICE_ROW < _DEVICE_SHARE and left[device]:
            wants[device] = 1
        return wants

    def _consumer(self, count: int, wants: _Wants) -> models.Consumer:
        resources: dict[str, dict[str, int]] = {}
        for (role, name), amount in wants.items():
            resources.setdefault(self._uuid_of(role), {})[name] = amount
        project = (self._number + count) % _PROJECTS
        return models.Consumer(
            uuid=uuid(self._shape, self._number, "instance", count),
            generation=1, type="INSTANCE", project_id=f"project-{project}",
            user_id=f"user-{project}", created_at=_BIRTH, updated_at=_BIRTH,
            allocations={
                uuid: models.Allocation(provider_uuid=uuid,
                                        provider_generation=0,
                                        resources=amounts)
                for uuid, amounts in resources.items()})

    def _uuid_of(self, role: str) -> str:
        if role == "storage":
            return uuid(f"shared-storage-{self._zone}")
        return self._members[role].uuid


def _inventory(total: int, ratio: float = 1.0,
               reserved: int = 0) -> models.Inventory:
    return models.Inventory(total=total, reserved=reserved, max_unit=total,
                            allocation_ratio=ratio)


def _provider(uuid: str, name: str, parent: str | None, root: str | None,
              inventories: dict[str, models.Inventory],
              traits: Sequence[str] = (),
              aggregate: str | None = None) -> models.Provider:
    """Return a provider as if a client had set all that it has, kind by
    kind: each raised the generation."""
    return models.Provider(
        uuid=uuid, name=name,
        generation=bool(inventories) + bool(traits) + bool(aggregate),
        parent_uuid=parent, root_uuid=root or uuid, created_at=_BIRTH,
        updated_at=_BIRTH, inventories=inventories, traits=frozenset(traits),
        aggregates=frozenset((aggregate,) if aggregate else ()))
