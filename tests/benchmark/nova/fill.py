"""Puts the hosts of a made-up cloud into nova's databases: a program, run by
its path, since nova's options and Tachyon's have names in common.

Its arguments are the URLs of the API database and of the cell's, and how many
hosts there are. They are those of ``tachyon-manage cloud generate``, as
computes of nova's would tell of them: with a processor, and two NUMA cells.
"""

import datetime
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from nova import objects
from nova.objects import numa

from tachyon.db import models
from tachyon.transfer import generated

SHAPE = "flat"
# Of the release before: what the next asks of each host need not be there.
VERSION = 72
_BATCH = 500
_FEATURES = (
    "adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl "
    "bmi1 bmi2 clflush clflushopt clwb cmov cx16 cx8 de erms f16c fma fpu "
    "fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx movbe mpx msr mtrr nx "
    "pae pat pcid pclmuldq pdpe1gb pge pku pni popcnt pse pse36 rdrand rdseed "
    "rdtscp rtm sep smap smep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc vme "
    "x2apic xgetbv1 xsave xsavec xsaveopt xsaves").split()


class _Tables:
    """The tables of a database, and what is put into them by the batch."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)
        self._metadata = sa.MetaData()

    def put(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        table = sa.Table(name, self._metadata, autoload_with=self._engine)
        waiting = [dict(row) for row in rows]
        with self._engine.begin() as connection:
            for first in range(0, len(waiting), _BATCH):
                connection.execute(table.insert(),
                                   waiting[first:first + _BATCH])
        with self._engine.connect() as connection:
            connection.execute(sa.text(f"ANALYZE TABLE {name}"))

    def one(self, query: str) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(sa.text(query)).scalar_one()


def main(api_url: str, cell_url: str, count: str) -> None:
    objects.register_all()
    api, cell = _Tables(api_url), _Tables(cell_url)
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    hosts = [(number, provider) for number, provider in enumerate(
        provider for batch in generated.GeneratedCloud(
            int(count), SHAPE).providers() for provider in batch)]
    zones = range(generated.ZONES)
    api.put("aggregates", ({
        "created_at": now, "id": zone + 1, "name": f"zone{zone}",
        "uuid": generated.zone(SHAPE, zone)} for zone in zones))
    api.put("aggregate_metadata", ({
        "created_at": now, "aggregate_id": zone + 1,
        "key": "availability_zone", "value": f"zone{zone}"}
        for zone in zones))
    id = api.one("SELECT id FROM cell_mappings WHERE name = 'cell1'")
    api.put("host_mappings", ({"created_at": now, "cell_id": id,
                               "host": provider.name}
                              for _, provider in hosts))
    api.put("aggregate_hosts", ({
        "created_at": now, "host": provider.name,
        "aggregate_id": number // 100 % generated.ZONES + 1}
        for number, provider in hosts))
    cell.put("services", ({
        "created_at": now, "updated_at": now, "last_seen_up": now,
        "uuid": generated.uuid("service", number), "host": provider.name,
        "binary": "nova-compute", "topic": "compute", "report_count": 1,
        "disabled": False, "forced_down": False, "version": VERSION,
        "deleted": 0} for number, provider in hosts))
    cell.put("compute_nodes", _nodes(hosts, now))


def _nodes(hosts: Iterable[tuple[int, models.Provider]],
           now: datetime.datetime) -> Iterator[dict[str, Any]]:
    topologies: dict[int, str] = {}
    for number, provider in hosts:
        vcpus, memory, disk = (provider.inventories[name].total for name
                               in ("VCPU", "MEMORY_MB", "DISK_GB"))
        if vcpus not in topologies:
            topologies[vcpus] = _topology(vcpus, memory)
        yield {
            "created_at": now, "updated_at": now, "uuid": provider.uuid,
            "host": provider.name, "hypervisor_hostname": provider.name,
            "vcpus": vcpus, "vcpus_used": 0, "memory_mb": memory,
            "memory_mb_used": 4096, "free_ram_mb": memory - 4096,
            "local_gb": disk, "local_gb_used": 0, "free_disk_gb": disk,
            "disk_available_least": disk, "hypervisor_type": "QEMU",
            "hypervisor_version": 8002000, "current_workload": 0,
            "running_vms": 0, "host_ip":
                f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "cpu_info": json.dumps({
                "arch": "x86_64", "model": "Skylake-Server-IBRS",
                "vendor": "Intel", "features": _FEATURES, "topology": {
                    "cells": 2, "sockets": 1, "cores": vcpus // 4,
                    "threads": 2}}),
            "supported_instances": json.dumps([
                [arch, kind, "hvm"] for arch in ("i686", "x86_64")
                for kind in ("qemu", "kvm")]),
            "metrics": "[]", "stats": json.dumps({"failed_builds": "0"}),
            "numa_topology": topologies[vcpus], "ram_allocation_ratio": 1.5,
            "cpu_allocation_ratio": 16.0, "disk_allocation_ratio": 1.0,
            "mapped": 1, "deleted": 0}


def _topology(vcpus: int, memory: int) -> str:
    """Return two cells, each with half of it and pairs of threads."""
    cells = []
    for id in range(2):
        cpus = range(id * vcpus // 2, (id + 1) * vcpus // 2)
        pages = {4: memory // 2 * 256, 2048: 0, 1048576: 0}
        cells.append(numa.NUMACell(
            id=id, socket=id, cpuset=set(cpus), pcpuset=set(cpus),
            memory=memory // 2, cpu_usage=0, memory_usage=0,
            pinned_cpus=set(), siblings=[{cpu, cpu + 1}
                                         for cpu in cpus[::2]],
            mempages=[numa.NUMAPagesTopology(size_kb=size, total=total,
                                             used=0)
                      for size, total in pages.items()]))
    topology: str = numa.NUMATopology(cells=cells)._to_json()
    return topology


if __name__ == "__main__":
    main(*sys.argv[1:])
