"""nova's own databases, as the host source ``nova`` meets them."""

import datetime
import json
import subprocess
import sys

import sqlalchemy as sa

from tachyon.scheduler.host_sources.nova import api
from tachyon.scheduler.host_sources.nova import tables
from tests.integration.parts import processes
from tests.unit.placement import fakes as placement_fakes

NOON = datetime.datetime(2026, 1, 1, 12)


def at(seconds):
    """Return a time so many seconds after noon."""
    return NOON + datetime.timedelta(seconds=seconds)


def make_schema(*urls):
    """Make nova's tables: of the API database, then of cells."""
    subprocess.run(
        [sys.executable, "-m", "tests.unit.scheduler.nova.nova_schema",
         *urls], check=True, capture_output=True, cwd=processes.ROOT)


class NovaDatabases:
    """Words to fill nova's databases with. ``urls`` are that of the API
    database, ``api``, and those of cells by uuid."""

    def __init__(self, urls):
        self.urls = urls
        self.engines = {name: sa.create_engine(url)
                        for name, url in urls.items()}
        self.cells = {}
        self.insert("api", "cell_mappings", uuid=api.CELL0,
                    database_connection="nodb://", disabled=False)
        self.insert("api", "cell_mappings", uuid="off",
                    database_connection="nodb://", disabled=True)
        for uuid in urls.keys() - {"api"}:
            self.insert("api", "cell_mappings", uuid=uuid,
                        database_connection=urls[uuid], disabled=False)

    def close(self):
        for engine in self.engines.values():
            engine.dispose()

    def execute(self, database, statement):
        with self.engines[database].begin() as connection:
            connection.execute(statement)

    def insert(self, database, table, /, **values):
        self.execute(database, sa.insert(
            tables.make_table(table, *values)).values(**values))

    def add_host(self, host, cell="c1"):
        self.cells[host] = cell
        self.insert(
            cell, "services", host=host, binary="nova-compute",
            disabled=False, last_seen_up=NOON, created_at=NOON,
            forced_down=False, version=74, deleted=0, report_count=1)
        self.insert(
            cell, "compute_nodes", uuid=placement_fakes.uuid(host),
            host=host, hypervisor_hostname=f"node-of-{host}", deleted=0,
            updated_at=NOON, memory_mb=4096, local_gb=100, vcpus=8,
            vcpus_used=1, memory_mb_used=96, local_gb_used=3,
            free_ram_mb=4000, free_disk_gb=97, disk_available_least=50,
            hypervisor_type="QEMU", hypervisor_version=6002000,
            host_ip="10.0.0.1", cpu_info="{}", supported_instances="[]",
            stats=json.dumps({"num_instances": "2", "io_workload": "1",
                              "failed_builds": "x"}),
            metrics="[]", ram_allocation_ratio=1.5,
            disk_allocation_ratio=0.0)

    def add_server(self, uuid, cell, time):
        """Map a server to a cell, or to none yet."""
        self.insert(
            "api", "instance_mappings", instance_uuid=uuid, project_id="p1",
            updated_at=time, cell_id=None if cell is None else
            sa.select(tables.CELLS.c.id).where(
                tables.CELLS.c.uuid == cell).scalar_subquery())

    def update(self, table, host, **values):
        self.execute(self.cells[host], sa.update(table)
                     .where(table.c.host == host).values(**values))

    def add_instance(self, uuid, host, cell="c1", when=0, **values):
        self.insert(cell, "instances", **{
            "uuid": uuid, "host": host, "deleted": 0, "updated_at": at(when),
            **values})

    def set_image(self, uuid, cell="c1", **properties):
        """Give an instance the properties of an image."""
        for name, value in properties.items():
            self.insert(cell, "instance_system_metadata", instance_uuid=uuid,
                        key=f"image_{name}", value=value, deleted=0)

    def change_instance(self, uuid, cell="c1", **values):
        self.execute(cell, sa.update(tables.INSTANCES)
                     .where(tables.INSTANCES.c.uuid == uuid)
                     .values(**values))

    def add_aggregate(self, id, hosts, metadata):
        self.insert("api", "aggregates", id=id, uuid=f"agg{id}",
                    name=f"agg{id}")
        for host in hosts:
            self.insert("api", "aggregate_hosts", aggregate_id=id, host=host)
        for key, value in metadata.items():
            self.insert("api", "aggregate_metadata", aggregate_id=id,
                        key=key, value=value)
