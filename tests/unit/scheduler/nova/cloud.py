"""Random hosts and requests, as plain values that survive JSON.

What nova's classes and Tachyon's are asked about is made here, once, so that
both are asked about the same.
"""

import contextlib
import json
import random
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import images
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources import table as table_module
from tachyon.scheduler.nova.numa import topology
from tachyon.scheduler.nova.pci import pools
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes

CELLS = ("cell-a", "cell-b")
TEMPLATES = (
    [["x86_64", "qemu", "hvm"], ["x86_64", "kvm", "hvm"]],
    [["aarch64", "kvm", "hvm"]],
    [["x86_64", "xen", "xen"], ["i686", "xen", "hvm"]],
    [],
)
CPUS = ({"arch": "x86_64", "model": "Nehalem", "features": ["sse", "avx"],
         "topology": {"cores": 4}, "maxphysaddr": {"bits": 46}},
        {"arch": "x86_64", "model": "Haswell", "features": ["sse"],
         "topology": {"cores": 16}},
        {})
METADATA: tuple[dict[str, str], ...] = (
    {"availability_zone": "az1", "ssd": "true"},
    {"ssd": "false,true", "max_io_ops_per_host": "2",
     "max_instances_per_host": "3", "ram_weight_multiplier": "-2.0",
     "cpu_weight_multiplier": "much"},
    {"max_io_ops_per_host": "many", "instance_type": "small, large"},
    {"filter_tenant_id": "p1,p2", "filter_tenant_id2": "p3",
     "max_instances_per_host": "2", "ram_weight_multiplier": "3.0"},
    {"os_distro": "windows,ubuntu", "hw_machine_type": "q35", "cores": "8",
     "build_failure_weight_multiplier": "2.0"},
    {},
)
EXTRA_SPECS: tuple[dict[str, str], ...] = (
    {}, {}, {"ssd": "true"}, {"aggregate_instance_extra_specs:ssd": "true"},
    {"cores": ">= 4"}, {"hw:cpu_policy": "shared"},
    {"capabilities:cpu_info:topology:cores": ">= 8"},
    {"capabilities:cpu_info:features": "<in> avx"},
    {"capabilities:hypervisor_type": "s== QEMU"},
    {"capabilities:hypervisor_type": "<or> QEMU <or> KVM"},
    {"capabilities:free_ram_mb": ">= 1024", "hw:maxphysaddr_bits": "40"},
    {"free_ram_mb": "= 2048"}, {"custom": "s!= blue"}, {"custom": "blue"},
    {"capabilities:stats:custom": "blue"}, {"capabilities:custom": "blue"},
    {"capabilities:nowhere": "1"}, {"capabilities:host_ip": "10.0.0.1"},
    {"vcpus_used": "== 3"}, {"nowhere": "1"},
    {"capabilities:cpu_info:nowhere:deep": "1"},
    {"capabilities:cpu_info:model": "<all-in> Has well"},
)
PROPERTIES: tuple[dict[str, Any], ...] = (
    {}, {}, {"hw_architecture": "x86_64"}, {"hw_architecture": "aarch64"},
    {"img_hv_type": "kvm"}, {"hw_vm_mode": "xen"},
    {"hw_architecture": "x86_64", "img_hv_type": "xen",
     "hw_vm_mode": "hvm"},
    {"hw_architecture": "x86_64", "img_hv_requested_version": ">=6.0"},
    {"hw_architecture": "x86_64",
     "img_hv_requested_version": "<5.0.1,>=1.0"},
    {"os_distro": "windows"}, {"hw_machine_type": "pc"},
    {"os_distro": "ubuntu", "hw_machine_type": "q35"},
    {"hw_boot_menu": True, "hw_cpu_sockets": 2},
)
# What the metadata of instances says of such images.
IMAGES: tuple[dict[str, str], ...] = (
    {}, {"os_distro": "windows"}, {"hw_architecture": "x86_64"},
    {"os_distro": "ubuntu", "hw_machine_type": "q35"},
    {"os_distro": "windows", "hw_architecture": "x86_64",
     "hw_cpu_sockets": "2", "hw_boot_menu": "yes"},
)
QUERIES = (
    None, None, None,
    ["and", [">=", "$free_ram_mb", 1024], ["=", "$num_io_ops", 0, 0]],
    ["or", ["=", "$hypervisor_type", "QEMU"], ["<", "$vcpus_used", 2]],
    ["not", ["in", "$host_ip", "10.0.0.1", "10.0.1.1"]],
    ["not", True, False], ["=", "$stats.custom", "blue"],
    ["<=", "$num_instances", 2, 4], [">", "$free_disk_mb", 0],
    ["=", "$nowhere", 1], ["and"], [],
)


def make_hosts(rng: random.Random, count: int) -> list[dict[str, Any]]:
    return [_make_host(rng, number) for number in range(count)]


def _make_host(rng: random.Random, number: int) -> dict[str, Any]:
    stats = {"num_instances": str(rng.randrange(5))}
    if rng.random() < 0.5:
        stats["custom"] = rng.choice(("blue", "red"))
    metrics = [
        {"name": "cpu.frequency", "value": rng.randrange(5),
         "timestamp": "2026-01-01T00:00:00.000000", "source": "s"},
        {"name": "cpu.percent", "value": rng.randrange(100) / 100,
         "timestamp": "2026-01-01T00:00:00.000000", "source": "s"}]
    return {
        "host": f"h{number}", "node": f"n{number}",
        "uuid": placement_fakes.uuid(f"n{number}"),
        "cell_uuid": rng.choice(CELLS),
        "free_ram_mb": rng.choice((-512, 0, 1023, 1024, 2048, 8192)),
        "free_disk_mb": 1024 * rng.randrange(-1, 4),
        "vcpus_total": rng.choice((2, 8)), "vcpus_used": rng.randrange(5),
        "cpu_allocation_ratio": rng.choice((1.0, 4.0)),
        "num_instances": int(stats["num_instances"]),
        "num_io_ops": rng.randrange(5),
        "failed_builds": rng.choice((0, 0, 1, 3)),
        "host_ip": rng.choice(("10.0.0.1", "10.0.1.1")),
        "hypervisor_type": rng.choice(("QEMU", "KVM")),
        "hypervisor_version": rng.choice((5000000, 6002000, None)),
        "hypervisor_hostname": f"n{number}",
        "cpu_info": json.dumps(rng.choice(CPUS)),
        "supported_instances": rng.choice(TEMPLATES), "stats": stats,
        "metrics": metrics[:rng.randrange(3)],
        "pci": [{"count": rng.randrange(80)}
                for _ in range(rng.randrange(3))],
        "instances": [f"i{number}-{each}" for each
                      in range(int(stats["num_instances"]))],
        "images": {f"i{number}-{each}": rng.choice(IMAGES) for each
                   in range(int(stats["num_instances"]))},
        "disabled": rng.random() < 0.2, "age": rng.choice((0, 30, 90)),
    }


def make_aggregates(rng: random.Random, hosts: Sequence[Mapping[str, Any]]
                    ) -> list[dict[str, Any]]:
    return [{"id": number, "uuid": placement_fakes.uuid(f"a{number}"),
             "name": f"a{number}", "metadata": metadata,
             "hosts": [each["host"] for each in hosts
                       if rng.random() < 0.4]}
            for number, metadata in enumerate(METADATA, start=1)]


def make_request(rng: random.Random, hosts: Sequence[Mapping[str, Any]]
                 ) -> dict[str, Any]:
    instances = [uuid for host in hosts for uuid in host["instances"]]
    hints: dict[str, list[str]] = {}
    for name in ("different_host", "same_host"):
        if rng.random() < 0.3:
            hints[name] = rng.sample(instances, 3)
    if rng.random() < 0.3:
        hints["build_near_host_ip"] = ["10.0.0.9"]
        if rng.random() < 0.5:
            hints["cidr"] = ["/16"]
    query = rng.choice(QUERIES)
    if query is not None:
        hints["query"] = [json.dumps(query)]
    rebuild = rng.random() < 0.1
    if rebuild:
        hints["_nova_check_type"] = ["rebuild"]
    policy = rng.choice((None, "anti-affinity", "affinity", "soft-affinity",
                         "soft-anti-affinity"))
    return {
        "instance_uuid": rng.choice(instances),
        "project_id": rng.choice(("p1", "p3", "p9")),
        "is_rebuild": rebuild, "hints": hints,
        "flavor": {"name": rng.choice(("small", "huge")),
                   "extra_specs": rng.choice(EXTRA_SPECS)},
        "image": rng.choice((None, {"id": rng.choice(("img1", "img2")),
                                    "properties": rng.choice(PROPERTIES)})),
        "group": policy and {
            "policy": policy, "members": rng.sample(instances, 12),
            "hosts": [host["host"] for host in
                      rng.sample(list(hosts), rng.randrange(3))],
            "rules": rng.choice(({}, {"max_server_per_host": 2}))},
        "cell": rng.choice((None, CELLS[0])),
        "cross_cell": rng.random() < 0.7,
    }


# ------------------------------------------------------------ as Tachyon's
def node(host: Mapping[str, Any]) -> node_module.Node:
    same = {name: host[name] for name in (
        "uuid", "host", "cell_uuid", "free_ram_mb", "free_disk_mb",
        "vcpus_total", "vcpus_used", "cpu_allocation_ratio",
        "num_instances", "num_io_ops", "failed_builds", "host_ip",
        "hypervisor_type", "hypervisor_version", "hypervisor_hostname",
        "cpu_info")}
    return node_module.Node(
        nodename=host["node"],
        supported_instances_text=json.dumps(host["supported_instances"]),
        stats_text=json.dumps(host["stats"]),
        metrics_text=json.dumps(host["metrics"]),
        ram_allocation_ratio=host.get("ram_allocation_ratio", 1.0),
        numa=topology.HostTopology(
            json.dumps(host["numa"]) if host.get("numa") else ""),
        pci=pools.DevicePools(json.dumps(host["pci"])), **same)


def aggregate(one: Mapping[str, Any]) -> node_module.Aggregate:
    return node_module.Aggregate(
        one["id"], one["uuid"], one["name"], frozenset(one["hosts"]),
        one["metadata"])


def request(one: Mapping[str, Any]) -> types.SimpleNamespace:
    """Return what filters read of a request."""
    def namespace(fields: Mapping[str, Any] | None) -> Any:
        return fields and types.SimpleNamespace(**fields)

    hints = one["hints"]
    return types.SimpleNamespace(
        **{name: one[name] for name in ("instance_uuid", "project_id",
                                        "is_rebuild", "hints")},
        flavor=namespace(one["flavor"]), image=namespace(one["image"]),
        instance_group=namespace(one["group"]),
        requested_destination=namespace(one["cell"] and {
            "cell_uuid": one["cell"],
            "allow_cross_cell_move": one["cross_cell"]}),
        numa_topology=None, network_metadata=None, pci_requests=(),
        hint=lambda name, default=None: (hints[name][0] if name in hints
                                         else default))


def facts(snapshot: Any, hosts: Sequence[Mapping[str, Any]],
          aggregates: Sequence[Mapping[str, Any]]) -> facts_module.Facts:
    """Return the facts of hosts over a snapshot that has them by node."""
    table = table_module.Table([node(each) for each in hosts])
    by_row = np.full(snapshot.n, -1, np.int32)
    for index, each in enumerate(hosts):
        by_row[snapshot.row_of(each["uuid"])] = index
    services = tuple(fakes.service(each["host"], binary="nova-compute",
                                   enabled=not each["disabled"])
                     for each in hosts)
    made = tuple(aggregate(each) for each in aggregates)
    where = {uuid: each["host"] for each in hosts
             for uuid in each["instances"]}
    return facts_module.Facts(
        table, by_row, scheduler_hosts.Serving(
            services, by_row,
            np.array([each["age"] <= 60 for each in hosts]),
            np.array([not each["disabled"] for each in hosts])),
        facts_module.memberships(table, made), made,
        facts_module.Instances(where), images=images.count(
            {uuid: frozenset(properties.items()) for each in hosts
             for uuid, properties in each["images"].items()}, where))


@contextlib.contextmanager
def looking(conf: Any, hosts: Sequence[Mapping[str, Any]],
            aggregates: Sequence[Mapping[str, Any]] = ()
            ) -> Iterator[scheduler_data.HostSet]:
    """Lend a HostSet of these hosts, in their order."""
    driver = fakes.Driver(placement_fakes.make_forest(**{
        each["node"]: {"inventory": {"VCPU": each.get("room", 1)}}
        for each in hosts}))
    with fakes.looking(conf, driver) as found:
        made = facts(found.snapshot, hosts, aggregates)
        rows = np.array([found.snapshot.row_of(each["uuid"])
                         for each in hosts], np.int32)
        yield scheduler_data.HostSet(found.snapshot, rows, made.serving,
                                     made)


def make_data(one: Mapping[str, Any], **fields: Any
              ) -> scheduler_data.SchedulingData:
    return fakes.make_data(nova=request(one), **fields)
