"""The host source ``nova`` on the databases that clouds have.

All its cases are unit tests, on SQLite. Here is what servers may see
differently: types, times, and what is true.
"""

import sqlalchemy as sa

from tachyon.placement import view as view_module
from tachyon.scheduler.host_sources.nova import api
from tachyon.scheduler.host_sources.nova import source as source_module
from tachyon.scheduler.host_sources.nova import tables
from tests import base
from tests.integration.parts import mariadb
from tests.integration.parts import postgresql
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes
from tests.unit.scheduler.nova import databases

HOSTS = ("up", "down", "disabled", "forced")


class TestNovaHosts(base.TestCase):

    def check(self, url):
        databases.make_schema(url, url)
        cloud = databases.NovaDatabases({"api": url, "c1": url})
        self.addCleanup(cloud.close)
        for host in HOSTS:
            cloud.add_host(host)
        cloud.update(tables.SERVICES, "down",
                     last_seen_up=databases.at(-61))
        cloud.update(tables.SERVICES, "disabled", disabled=True,
                     disabled_reason="fan")
        cloud.update(tables.SERVICES, "forced", forced_down=True, version=1)
        cloud.add_aggregate(1, ("up",), {"availability_zone": "az1"})
        cloud.add_instance("i1", "up")
        self.config("nova_hosts", api_connection=url, max_age=0.0)
        source = source_module.NovaSource(
            self.conf, None, "nova", wall=lambda: tables.seconds(
                databases.NOON))
        self.addCleanup(source.close)
        view = view_module.View(fakes.Driver(placement_fakes.make_forest(**{
            host: {"inventory": {"VCPU": 1}} for host in HOSTS})))
        with view.read() as snapshot:
            def row(host):
                return snapshot.row_of(placement_fakes.uuid(host))

            facts = source.facts(snapshot, source.refresh())
            serving = facts.serving
            self.assertEqual(
                {"up": (True, True), "down": (False, True),
                 "disabled": (True, False), "forced": (False, True)},
                {host: (bool(serving.up[serving.by_row[row(host)]]),
                        bool(serving.enabled[serving.by_row[row(host)]]))
                 for host in HOSTS})
            self.assertEqual(74, facts.oldest_version)
            self.assertEqual("az1", facts.zone(row("up")))
            self.assertEqual("up", facts.instances.host_of("i1"))
            node, = facts.find(host="up")
            self.assertEqual(("10.0.0.1", 51200, 1.5),
                             (node.host_ip, node.free_disk_mb,
                              node.ram_allocation_ratio))
            cloud.add_server("buried", api.CELL0, databases.NOON)
            self.assertEqual(["buried"], list(source.find_buried(60.0)))
            self.assertEqual(sorted(HOSTS), sorted(source.discover_hosts()))
            self.assertEqual([], source.discover_hosts())
            # All of it once more, changed.
            cloud.update(tables.SERVICES, "up", forced_down=True)
            cloud.update(tables.NODES, "up", free_ram_mb=5,
                         updated_at=databases.at(1))
            cloud.change_instance("i1", deleted=1)
            cloud.execute("api", sa.update(tables.AGGREGATE_METADATA).values(
                value="az2", updated_at=databases.at(1)))
            facts = source.facts(snapshot, source.refresh())
            node, = facts.find(host="up")
            self.assertEqual(
                (False, 5, "az2", None),
                (bool(facts.serving.up[facts.serving.by_row[row("up")]]),
                 node.free_ram_mb, facts.zone(row("up")),
                 facts.instances.host_of("i1")))

    def test_mariadb(self):
        self.check(self.useFixture(mariadb.MariaDB()).url)

    def test_postgresql(self):
        self.check(self.useFixture(postgresql.PostgreSQL()).url)
