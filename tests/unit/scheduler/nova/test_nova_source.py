"""The host source ``nova``, on nova's own schema."""

import concurrent.futures
import json
import random

import sqlalchemy as sa

from tachyon import exception
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources.nova import api
from tachyon.scheduler.host_sources.nova import cell as cell_module
from tachyon.scheduler.host_sources.nova import tables
from tests.unit.scheduler.nova import databases
from tests.unit.scheduler.nova import insides
from tests.unit.scheduler.nova import source_case

HOSTS = source_case.HOSTS
at = databases.at


class TestNovaSource(source_case.SourceCase):

    # -------------------------------------------------------------- reading
    def test_a_node(self):
        facts = self.facts(self.make())
        self.assertEqual(set(HOSTS), self.known(facts))
        node = self.node(facts, "h3")
        self.assertEqual(
            ("h3", "node-of-h3", "c2", 4000, 51200, 3072, 8, 1, 4.0, 1.5,
             1.0, 2, 1, 0, 6002000),
            (node.host, node.nodename, node.cell_uuid, node.free_ram_mb,
             node.free_disk_mb, node.disk_mb_used, node.vcpus_total,
             node.vcpus_used, node.cpu_allocation_ratio,
             node.ram_allocation_ratio, node.disk_allocation_ratio,
             node.num_instances, node.num_io_ops, node.failed_builds,
             node.hypervisor_version))
        self.assertEqual(74, facts.oldest_version)
        self.assertEqual([node], facts.find(node="node-of-h3"))
        self.assertEqual([], facts.find(host="h1", node="node-of-h3"))

    def test_cells_and_devices_of_a_node(self):
        rng = random.Random(1)
        numa = json.dumps(insides.make_topology(rng, 2))
        self.cloud.update(
            tables.NODES, "h1", numa_topology=numa,
            pci_stats=json.dumps([{"count": 3, "vendor_id": "10de"}]))
        source = self.make()
        before = self.node(self.facts(source), "h1")
        self.assertEqual((2, 3), (len(before.numa.cells), before.pci.free))
        other = self.node(self.facts(source), "h2")
        self.assertEqual(((), ()), (other.numa.cells, other.pci.pools))
        # What is the same is not parsed again.
        self.cloud.update(tables.NODES, "h1", free_ram_mb=5, pci_stats="[]",
                          updated_at=at(10))
        after = self.node(self.facts(source), "h1")
        self.assertEqual((5, 0), (after.free_ram_mb, after.pci.free))
        self.assertIs(before.numa, after.numa)

    def test_services(self):
        self.cloud.update(tables.SERVICES, "h1", disabled=True,
                          disabled_reason="fan")
        self.cloud.update(tables.SERVICES, "h2", forced_down=True)
        source = self.make()

        def states():
            facts = self.facts(source)
            found = {}
            for host in HOSTS:
                index = facts.serving.by_row[self.row(host)]
                service = facts.serving.services[index]
                found[host] = (service.host, bool(facts.serving.up[index]),
                               bool(facts.serving.enabled[index]),
                               service.disabled_reason)
            return found
        self.assertEqual({"h1": ("h1", True, False, "fan"),
                          "h2": ("h2", False, True, None),
                          "h3": ("h3", True, True, None)}, states())
        # Never heard: what counts is when it was made.
        self.cloud.update(tables.SERVICES, "h1", last_seen_up=None,
                          disabled=False, disabled_reason=None)
        self.cloud.update(tables.SERVICES, "h2", forced_down=False,
                          last_seen_up=at(60))
        self.wall += 61
        self.assertEqual({"h1": ("h1", False, True, None),
                          "h2": ("h2", True, True, None),
                          "h3": ("h3", False, True, None)}, states())

    def test_who_has_no_service_is_unknown(self):
        self.cloud.update(tables.SERVICES, "h1", deleted=1)
        self.cloud.update(tables.NODES, "h2", deleted=1)
        self.assertEqual({"h3"}, self.known(self.facts(self.make())))

    def test_decisions_share_a_look(self):
        source = self.make()
        first = self.facts(source)
        self.cloud.update(tables.NODES, "h1", free_ram_mb=1,
                          updated_at=at(1))
        self.assertIs(first.table, self.facts(source, later=0.5).table)
        self.assertEqual(1, self.node(self.facts(source, later=0.5),
                                      "h1").free_ram_mb)

    def test_only_what_changed_is_read_again(self):
        source = self.make()
        before = self.facts(source)
        # What was read first is read once more.
        settled = self.facts(source, cell_module.SETTLED_AFTER)
        self.cloud.update(tables.NODES, "h2", free_ram_mb=7,
                          updated_at=at(10))
        after = self.facts(source)
        self.assertIsNot(self.node(before, "h1"), self.node(settled, "h1"))
        self.assertIs(self.node(settled, "h1"), self.node(after, "h1"))
        self.assertEqual(7, self.node(after, "h2").free_ram_mb)
        # The columns of before are as they were.
        self.assertEqual(4000, self.node(settled, "h2").free_ram_mb)

    def test_a_second_change_in_one_second_is_seen(self):
        source = self.make()
        self.facts(source)
        for free in (6, 5):
            self.cloud.update(tables.NODES, "h1", free_ram_mb=free,
                              updated_at=at(10))
            facts = self.facts(source)
        self.assertEqual(6, self.node(facts, "h1").free_ram_mb)
        facts = self.facts(source, cell_module.SETTLED_AFTER)
        self.assertEqual(5, self.node(facts, "h1").free_ram_mb)

    def test_a_late_change_is_seen_when_all_are_compared(self):
        source = self.make()
        self.facts(source)
        self.facts(source, cell_module.SETTLED_AFTER)
        self.cloud.update(tables.NODES, "h1", free_ram_mb=3,
                          updated_at=at(-2 * cell_module.OVERLAP))
        self.assertEqual(4000, self.node(self.facts(source),
                                         "h1").free_ram_mb)
        self.assertEqual(3, self.node(
            self.facts(source, cell_module.COMPARED_AFTER),
            "h1").free_ram_mb)

    def test_nothing_new_costs_nothing(self):
        source = self.make()
        self.facts(source)
        before = self.facts(source, cell_module.SETTLED_AFTER)
        after = self.facts(source)
        self.assertIs(before.table, after.table)
        self.assertIs(before.serving.services, after.serving.services)
        self.assertIs(before.by_row, after.by_row)
        self.assertIs(before.aggregates, after.aggregates)

    def test_columns_follow(self):
        source = self.make()
        facts = self.facts(source)
        hosts = facts_module.NodeSet(facts, self.snapshot.host_rows)
        self.assertEqual([0, 4000, 4000, 4000],
                         sorted(hosts.numbers("free_ram_mb").tolist()))
        hosts.coded("hypervisor_type")
        self.cloud.update(tables.NODES, "h1", free_ram_mb=1,
                          hypervisor_type="KVM", updated_at=at(10))
        facts = self.facts(source)
        hosts = facts_module.NodeSet(facts, self.snapshot.host_rows)
        self.assertEqual([0, 1, 4000, 4000],
                         sorted(hosts.numbers("free_ram_mb").tolist()))
        self.assertEqual(
            1, hosts.coded("hypervisor_type").each(
                lambda value: value == "KVM").sum())

    def test_new_and_gone_hosts(self):
        source = self.make()
        self.facts(source)
        self.cloud.update(tables.NODES, "h1", deleted=1)
        self.cloud.add_host("alien", "c2")
        self.assertEqual({"h2", "h3", "alien"},
                         self.known(self.facts(source)))

    def test_nothing_answers(self):
        self.config("nova_hosts", api_connection="sqlite:////nowhere/at/all")
        self.assertRaises(exception.HostSourceUnavailable,
                          self.make().refresh)

    def test_urls_that_are_none(self):
        for url in (None, "secret", "nodb://user:secret@host/x"):
            with self.subTest(url):
                self.config("nova_hosts", api_connection=url)
                error = self.assertRaises(
                    exception.HostSourceUnavailable, self.make)
                self.assertNotIn("secret", str(error))

    def test_a_silent_server_is_given_up(self):
        for url, expected in (
                ("mysql+pymysql://u:p@h/nova",
                 {"connect_timeout": "5", "read_timeout": "5",
                  "write_timeout": "5"}),
                ("mysql+pymysql://u:p@h/nova?charset=utf8&read_timeout=9",
                 {"connect_timeout": "5", "read_timeout": "9",
                  "write_timeout": "5", "charset": "utf8"}),
                ("postgresql+psycopg2://u:p@h/nova",
                 {"connect_timeout": "5", "tcp_user_timeout": "5000"}),
                ("sqlite://", {})):
            with self.subTest(url):
                engine = tables.connect(url, 5.0)
                self.addCleanup(engine.dispose)
                self.assertEqual(expected, dict(engine.url.query))

    def test_a_template_of_a_cell(self):
        self.config("nova_hosts",
                    cell_connection=f"sqlite:///{self.path}/c1")
        self.cloud.execute("api", sa.update(tables.CELLS)
                           .where(tables.CELLS.c.uuid == "c1")
                           .values(database_connection="{scheme}:///{path}"))
        self.assertEqual(set(HOSTS), self.known(self.facts(self.make())))

    # ---------------------------------------------------------------- cells
    def test_a_cell_that_is_down(self):
        source = self.make()
        self.facts(source)
        file = self.path / "c1"
        file.rename(self.path / "away")
        file.mkdir()
        for watched in source._cells.values():
            watched.cell.engine.dispose()
        self.assertEqual({"h3"}, self.known(self.facts(source)))
        file.rmdir()
        (self.path / "away").rename(file)
        # Nobody waits for it: the look after the next sees it.
        self.facts(source)
        concurrent.futures.wait([each.under_way for each
                                 in source._cells.values()
                                 if each.under_way is not None])
        self.assertEqual(set(HOSTS), self.known(self.facts(source)))

    def test_cells_come_and_go(self):
        source = self.make()
        self.facts(source)
        for disabled, expected in ((True, {"h1", "h2"}),
                                   (False, set(HOSTS))):
            self.cloud.execute("api", sa.update(tables.CELLS)
                               .where(tables.CELLS.c.uuid == "c2")
                               .values(disabled=disabled))
            self.assertEqual(expected, self.known(self.facts(source)))

    # ----------------------------------------------------------- aggregates
    def test_aggregates(self):
        self.cloud.add_aggregate(1, ("h1", "h2"), {"availability_zone": "a"})
        source = self.make()
        facts = self.facts(source)
        self.assertEqual(([1], [1], []), tuple(
            self.aggregates(facts, host) for host in HOSTS))
        self.assertEqual(["a", "a", None],
                         [facts.zone(self.row(host)) for host in HOSTS])
        self.cloud.add_aggregate(2, ("h2", "h3"), {"ssd": "true"})
        facts = self.facts(source)
        self.assertEqual(([1], [1, 2], [2]), tuple(
            self.aggregates(facts, host) for host in HOSTS))

    def test_aggregates_that_one_is_told(self):
        self.cloud.add_aggregate(1, ("h1",), {})
        source = self.make()
        self.facts(source)
        source.update_aggregates([
            {"id": 1, "uuid": "agg1", "name": "agg1", "hosts": ["h2"],
             "metadata": {"availability_zone": "b"}}])
        facts = self.facts(source, later=0)
        self.assertEqual(([], [1], []), tuple(
            self.aggregates(facts, host) for host in HOSTS))
        self.assertEqual("b", facts.zone(self.row("h2")))
        source.delete_aggregate(1)
        self.assertEqual([], self.aggregates(self.facts(source, later=0),
                                             "h2"))

    # ------------------------------------------------------------ instances
    def test_instances_are_followed(self):
        self.cloud.add_instance("i1", "h1")
        self.cloud.add_instance("i2", None)
        source = self.make()
        self.assertEqual("h1", self.where(source, "i1"))
        self.assertIsNone(self.where(source, "i2"))
        self.cloud.change_instance("i1", host="h2", updated_at=at(5))
        self.assertEqual("h2", self.where(source, "i1"))
        self.cloud.change_instance("i2", host="h1", updated_at=at(4))
        self.assertEqual("h1", self.where(source, "i2"))
        self.cloud.change_instance("i1", deleted=1)
        self.assertIsNone(self.where(source, "i1"))
        # Long after the last change nothing is read, until there is one.
        self.clock.now += 2 * cell_module.OVERLAP
        self.cloud.add_instance("i3", "h2", when=60)
        self.assertEqual("h2", self.where(source, "i3"))

    def test_instances_that_one_is_told(self):
        self.cloud.add_instance("i1", "h1")
        source = self.make()
        self.facts(source)
        source.update_instance_info("h2", [{"uuid": "i1"}, {"uuid": "i5"}])
        for uuid in ("i1", "i5"):
            self.assertEqual("h2", self.where(source, uuid, later=0))
        source.delete_instance_info("h1", "i1")        # it was there before
        source.delete_instance_info("h2", "i5")
        self.assertEqual("h2", self.where(source, "i1", later=0))
        self.assertIsNone(self.where(source, "i5", later=0))

    def test_a_sync_that_differs_is_read(self):
        self.cloud.add_instance("i1", "h1")
        source = self.make()
        self.facts(source)
        source.update_instance_info("h1", [{"uuid": "ghost"}])
        self.cloud.add_instance("i2", "h1", when=-1000)
        source.sync_instance_info("h1", ["i1", "i2"])
        self.assertEqual(
            ["h1", "h1", None],
            [self.where(source, uuid, later=0)
             for uuid in ("i1", "i2", "ghost")])

    # --------------------------------------------------------------- servers
    def test_who_was_buried_of_late(self):
        source = self.make()
        for uuid, cell, time in (("late", api.CELL0, 0), ("c1", "c1", 0),
                                 ("early", api.CELL0, -61), ("new", None, 0)):
            self.cloud.add_server(uuid, cell, at(time))
        self.assertEqual(["late"], list(source.find_buried(60.0)))
        self.cloud.close()
        (self.path / "api").write_bytes(b"no database" * 1000)
        self.assertRaises(exception.HostSourceUnavailable,
                          source.find_buried, 60.0)
