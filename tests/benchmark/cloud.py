"""Clouds of any size to measure with: always the same for the same size.

Hosts have one of four sizes, 5 to 8 traits (one of them on exactly 1 % of
the hosts) and one of ten zones as aggregate. ``numa`` hosts have processors
and memory in two NUMA nodes, and a PCI device under one of those: four
providers each. With ``shared`` the disk is on one sharing provider a zone.
"""

import datetime
import uuid as uuid_module
from collections.abc import Iterator

from tachyon.db import base
from tachyon.db import models

EVERYWHERE = "HW_CPU_X86_AVX"
RARE = "HW_CPU_X86_SGX"
SHARES = "MISC_SHARES_VIA_AGGREGATE"
PCI = "CUSTOM_PCI_NIC"
SHAPES = ("flat", "numa", "shared")

_ZONES = 10
_SIZES = ((32, 131072, 2000), (64, 262144, 4000), (96, 393216, 4000),
          (128, 786432, 8000))
_BIRTH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def uuid(name: str) -> str:
    return str(uuid_module.uuid5(uuid_module.NAMESPACE_OID, name))


def providers(hosts: int, shape: str = "flat") -> Iterator[models.Provider]:
    """Yield all providers of a cloud, parents before their children."""
    if shape == "shared":
        for zone in range(_ZONES):
            yield _provider(f"shared-{zone}", None,
                            {"DISK_GB": _inventory(50_000_000)},
                            (SHARES,), zone)
    for number in range(hosts):
        yield from _host(number, shape)


def claimable(shape: str) -> str:
    """Return the name of a provider to claim processors of."""
    return "cn-000000_NUMA0" if shape == "numa" else "cn-000000"


def _host(number: int, shape: str) -> Iterator[models.Provider]:
    vcpus, memory, disk = _SIZES[number // 7 % 4]
    name = f"cn-{number:06d}"
    compute = {"VCPU": _inventory(vcpus, 16.0),
               "MEMORY_MB": _inventory(memory, 1.5, 4096)}
    storage = {"DISK_GB": _inventory(disk, 1.0, 20)}
    if shape == "shared":
        storage = {}
    zone = number // 100 % _ZONES
    if shape != "numa":
        yield _provider(name, None, compute | storage, _traits(number), zone)
        return
    yield _provider(name, None, storage, _traits(number), zone)
    for cell in range(2):
        yield _provider(f"{name}_NUMA{cell}", name, {
            "VCPU": _inventory(vcpus // 2, 16.0),
            "MEMORY_MB": _inventory(memory // 2, 1.5, 2048),
        }, ("HW_NUMA_ROOT",), None, name)
    yield _provider(f"{name}_PCI", f"{name}_NUMA{number % 2}",
                    {PCI: _inventory(4)}, (), None, name)


def _traits(number: int) -> tuple[str, ...]:
    traits = [EVERYWHERE, "HW_CPU_X86_SSE42", "HW_CPU_X86_AESNI",
              "COMPUTE_NODE", "COMPUTE_VOLUME_MULTI_ATTACH"]
    for trait, every, at in (("HW_CPU_X86_AVX2", 2, 0),
                             ("HW_CPU_X86_FMA3", 2, 0),
                             ("HW_CPU_X86_AVX512F", 10, 3),
                             ("HW_CPU_X86_SHA", 3, 0), (RARE, 100, 17)):
        if number % every == at:
            traits.append(trait)
    return tuple(traits)


def _inventory(total: int, ratio: float = 1.0,
               reserved: int = 0) -> models.Inventory:
    return models.Inventory(total=total, reserved=reserved, max_unit=total,
                            allocation_ratio=ratio)


def _provider(name: str, parent: str | None,
              inventories: dict[str, models.Inventory],
              traits: tuple[str, ...], zone: int | None,
              root: str | None = None) -> models.Provider:
    return models.Provider(
        uuid=uuid(name), name=name, generation=0,
        parent_uuid=uuid(parent) if parent else None,
        root_uuid=uuid(root or name), created_at=_BIRTH, updated_at=_BIRTH,
        inventories=inventories, traits=frozenset(traits),
        aggregates=frozenset() if zone is None else frozenset(
            (uuid(f"zone-{zone}"),)))


def load(driver: base.DataDriverBase, hosts: int, shape: str) -> None:
    """Write a cloud into a store, as its clients would."""
    driver.resource_classes.create(PCI)
    for provider in providers(hosts, shape):
        driver.resource_providers.create(provider.uuid, provider.name,
                                         provider.parent_uuid)
        generation = 0
        if provider.inventories:
            generation = driver.inventories.replace(
                provider.uuid, generation, provider.inventories).generation
        if provider.traits:
            generation = driver.traits.replace(
                provider.uuid, generation, provider.traits).generation
        if provider.aggregates:
            driver.aggregates.replace(provider.uuid, generation,
                                      provider.aggregates)
