"""Random NUMA cells and PCI devices of hosts, and guests that want some, in
the words of nova's objects.

Hosts are small and half full, and of many kinds, so that about as much fits
as does not.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler.nova import messages

MIB = 1024
SIZES = (4, 2048, 1048576)
PHYSNETS = ("blue", "red")
GROUPS = 3                              # providers of devices of a host


def provider(host: str, number: int) -> str:
    return placement_fakes.uuid(f"{host}-device{number}")


def make_host(rng: random.Random, number: int) -> dict[str, Any]:
    name = f"n{number}"
    cells = rng.choice((0, 1, 2, 2, 2, 3, 4))
    return {
        "uuid": placement_fakes.uuid(name), "host": f"h{number}",
        "node": name, "cell_uuid": messages.CELL,
        "cpu_allocation_ratio": rng.choice((1.0, 4.0)),
        "ram_allocation_ratio": rng.choice((1.0, 1.5)),
        "numa": make_topology(rng, cells) if cells else None,
        "pci": make_pools(rng, name, cells)}


def make_topology(rng: random.Random, count: int) -> dict[str, Any]:
    threads = rng.choice((1, 2, 2))
    cores = rng.choice((2, 4))
    kind = rng.choice(("old", "dedicated", "both", "both"))
    pages, sockets = rng.random() < 0.8, rng.random() < 0.8
    networks = rng.random() < 0.4
    return messages.envelope("NUMATopology", "1.2", cells=[
        _make_cell(rng, id, range(id * cores * threads,
                                  (id + 1) * cores * threads), threads, kind,
                   pages, sockets, networks) for id in range(count)])


def _make_cell(rng: random.Random, id: int, cpus: range, threads: int,
               kind: str, pages: bool, sockets: bool, networks: bool
               ) -> dict[str, Any]:
    half = len(cpus) // 2
    shared, dedicated = {
        "old": (cpus, cpus), "dedicated": ((), cpus),
        "both": (cpus[:half], cpus[half:])}[kind]
    memory = rng.choice((1024, 4096))
    data: dict[str, Any] = {
        "id": id, "cpuset": list(shared), "pcpuset": list(dedicated),
        "memory": memory, "cpu_usage": rng.randrange(len(cpus)),
        "memory_usage": rng.choice((0, 0, 512, 1024)),
        "pinned_cpus": [cpu for cpu in dedicated if rng.random() < 0.25],
        "siblings": [list(cpus[start:start + threads])
                     for start in range(0, len(cpus), threads)],
        "mempages": [_make_pages(rng, size, memory) for size in SIZES[
            :rng.choice((1, 2, 3))]] if pages else [],
        "socket": id // 2 if sockets else None}
    if networks:
        data["network_metadata"] = messages.envelope(
            "NetworkMetadata", "1.0",
            physnets=[net for net in PHYSNETS if rng.random() < 0.4],
            tunneled=rng.random() < 0.4)
    return messages.envelope("NUMACell", "1.5", **data)


def _make_pages(rng: random.Random, size: int,
                memory: int) -> dict[str, Any]:
    total = memory * MIB // size
    return messages.envelope(
        "NUMAPagesTopology", "1.1", size_kb=size, total=total,
        used=rng.choice((0, 0, total // 4, total // 2)),
        reserved=rng.choice((0, 0, total // 8)))


def make_pools(rng: random.Random, host: str, cells: int) -> dict[str, Any]:
    claimed = rng.random() < 0.7
    return messages.envelope("PciDevicePoolList", "1.1", objects=[
        _make_pool(rng, host, number, cells, claimed)
        for number in range(rng.randrange(GROUPS + 1))])


def _make_pool(rng: random.Random, host: str, number: int, cells: int,
               claimed: bool) -> dict[str, Any]:
    tags = {"dev_type": rng.choice(("type-PCI", "type-VF", "type-VF",
                                    "type-PF", "vdpa")),
            "address": f"0000:8{number}:00.0"}
    if claimed:
        tags["rp_uuid"] = provider(host, number if rng.random() < 0.95 else 0)
    for name, values in (("remote_managed", ("true", "false")),
                         ("live_migratable", ("true", "false")),
                         ("physical_network", PHYSNETS)):
        if rng.random() < 0.3:
            tags[name] = rng.choice(values)
    return messages.envelope(
        "PciDevicePool", "1.1", vendor_id="8086",
        product_id=rng.choice(("154d", "10ED")), count=rng.choice((1, 2, 4)),
        numa_node=rng.choice((None, *range(max(cells, 1)))), tags=tags)


def make_request(rng: random.Random, number: int) -> dict[str, Any]:
    """Return what is asked: of NUMA cells, of devices, or both."""
    devices = [_make_device(rng, f"{number}-{each}") for each
               in range(rng.choice((0, 0, 1, 1, 2)))]
    topology = rng.random() < 0.8
    policy = rng.choice((None, "shared", "dedicated", "dedicated", "mixed"))
    threads = (rng.choice((None, "prefer", "isolate", "require"))
               if policy in ("dedicated", "mixed") else None)
    extra_specs = {}
    if policy:
        extra_specs["hw:cpu_policy"] = policy
    if threads:
        extra_specs["hw:cpu_thread_policy"] = threads
    return {
        "extra_specs": extra_specs, "properties": {},
        "numa_topology": (_make_guest(rng, policy, threads) if topology
                          else None),
        "network_metadata": messages.envelope(
            "NetworkMetadata", "1.0",
            physnets=[net for net in PHYSNETS if rng.random() < 0.4],
            tunneled=rng.random() < 0.3) if rng.random() < 0.4 else None,
        "pci_requests": devices, "claimed": rng.random() < 0.5}


def _make_guest(rng: random.Random, policy: str | None,
                threads: str | None) -> dict[str, Any]:
    count = rng.choice((1, 1, 2, 2, 3))
    size = rng.choice((None, None, 4, 2048, 1048576, 64, -1, -2, -3))
    cells, cpu = [], 0
    for id in range(count):
        cpus = list(range(cpu, cpu + rng.choice((1, 1, 2, 3))))
        cpu += len(cpus)
        pinned = {"dedicated": cpus, "mixed": cpus[1:]}.get(policy or "", [])
        cells.append(messages.envelope(
            "InstanceNUMACell", "1.6", id=id, pcpuset=pinned,
            cpuset=[each for each in cpus if each not in pinned],
            cpuset_reserved=None, memory=rng.choice((256, 512, 513, 1024)),
            pagesize=size, cpu_pinning_raw=None, cpu_policy=policy,
            cpu_thread_policy=threads))
    isolated = policy == "dedicated" and rng.random() < 0.3
    return messages.envelope(
        "InstanceNUMATopology", "1.3", cells=cells,
        emulator_threads_policy="isolate" if isolated else None)


def _make_device(rng: random.Random, name: str) -> dict[str, Any]:
    spec = {"vendor_id": "8086"}
    for key, chance, values in (
            ("product_id", 0.5, ("154D", "10ed")),
            ("dev_type", 0.5, ("type-PCI", "type-VF", "type-PF", "vdpa")),
            ("remote_managed", 0.2, ("True", "False")),
            ("live_migratable", 0.2, ("true", "false")),
            ("resource_class", 0.2, ("CUSTOM_GPU",)),
            ("physical_network", 0.1, PHYSNETS)):
        if rng.random() < chance:
            spec[key] = rng.choice(values)
    return messages.envelope(
        "InstancePCIRequest", "1.4", count=rng.choice((1, 1, 2)),
        spec=[spec, {"vendor_id": "10de"}][:rng.choice((1, 1, 2))],
        alias_name=rng.choice(("gpu", "gpu", None)),
        request_id=placement_fakes.uuid(name),
        requester_id=None,
        numa_policy=rng.choice((None, "legacy", "preferred", "required",
                                "socket")))


def groups(request: Mapping[str, Any]) -> list[str]:
    """Return the groups that Placement is asked for its devices with."""
    if not request["claimed"]:
        return []
    return [f"{data['request_id']}-{number}"
            for data in map(_data, request["pci_requests"])
            if data["alias_name"] for number in range(data["count"])]


def make_candidates(rng: random.Random, host: Mapping[str, Any],
                    request: Mapping[str, Any]
                    ) -> Sequence[Mapping[str, list[str]]]:
    """Return the mappings of some candidates of a host."""
    suffixes = groups(request)
    return [{"": [host["uuid"]], **{
        suffix: [provider(host["node"], rng.randrange(GROUPS))]
        for suffix in suffixes}}
        for _ in range(3 if suffixes else 1)]


def _data(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    data: Mapping[str, Any] = envelope["nova_object.data"]
    return data
