"""Host sources: columns of nodes, facts, and Tachyon's own computes."""

import dataclasses

import numpy as np

from tachyon import plugins
from tachyon.placement import view as view_module
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import metadata
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources import table as table_module
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes


def make_nodes(count):
    return [node_module.Node(
        uuid=f"u{number}", host=f"h{number // 2}", nodename=f"n{number}",
        free_ram_mb=number, hypervisor_type="QEMU" if number % 2 else None)
        for number in range(count)]


class TestTable(base.TestCase):

    def setUp(self):
        super().setUp()
        self.table = table_module.Table(make_nodes(4))

    def values(self, coded):
        return [coded[index] for index in range(len(coded.codes))]

    def test_the_last_entry_is_unknown(self):
        self.assertEqual(4, len(self.table))
        self.assertEqual([0, 1, 2, 3, 0],
                         self.table.numbers("free_ram_mb").tolist())
        self.assertEqual([None, "QEMU", None, "QEMU", None],
                         self.values(self.table.coded("hypervisor_type")))

    def test_nodes_of_a_host(self):
        self.assertEqual([2, 3], list(self.table.at_host("h1")))
        self.assertEqual([], list(self.table.at_host("H1")))

    def test_what_is_replaced_shows_in_the_next_table_only(self):
        read = dataclasses.replace(self.table.nodes[1], free_ram_mb=9,
                                   hypervisor_type="KVM")
        for warm in (False, True):
            with self.subTest(warm=warm):
                if warm:
                    self.table.numbers("free_ram_mb")
                    self.table.coded("hypervisor_type")
                    self.table.coded("host")
                after = self.table.replace({1: read})
                self.assertEqual([0, 9, 2, 3, 0],
                                 after.numbers("free_ram_mb").tolist())
                self.assertEqual(
                    [None, "KVM", None, "QEMU", None],
                    self.values(after.coded("hypervisor_type")))
                self.assertEqual(
                    [0, 1, 2, 3, 0],
                    self.table.numbers("free_ram_mb").tolist())
                self.assertEqual(
                    [None, "QEMU", None, "QEMU", None],
                    self.values(self.table.coded("hypervisor_type")))
                self.assertIs(self.table.topology, after.topology)
        # A column that stays as it is costs nothing.
        self.assertIs(self.table.coded("host"), after.coded("host"))

    def test_old_values_do_not_pile_up(self):
        table = self.table
        table.coded("free_ram_mb")
        for number in range(100, 200):
            table = table.replace({0: dataclasses.replace(
                table.nodes[0], free_ram_mb=number)})
            coded = table.coded("free_ram_mb")
            self.assertEqual(number, coded[0])
            self.assertLessEqual(
                len(coded.values),
                table_module.VALUES_PER_NODE * len(coded.codes))

    def test_a_value_is_asked_about_once(self):
        asked = []
        coded = self.table.coded("hypervisor_type").at(np.array([0, 2]))

        def ask(value):
            asked.append(value)
            return value is None
        self.assertEqual([True, True], coded.each(ask).tolist())
        self.assertEqual([None], asked)


class TestMetadata(base.TestCase):

    def numbers(self, *values, default=5.0):
        aggregates = [node_module.Aggregate(
            number, f"a{number}", "a", frozenset(("h0",)), {"most": value})
            for number, value in enumerate(values)]
        table = table_module.Table(make_nodes(3))
        coded = facts_module.memberships(table, aggregates)
        found = metadata.numbers(coded, "most", default, int)
        return found if isinstance(found, float) else found.tolist()

    def test_numbers(self):
        for name, values, expected in (
                ("none", (), 5.0), ("one", ("3",), [3, 3, 5, 5]),
                ("the least", ("9", "7"), [7, 7, 5, 5]),
                ("no number", ("3", "many"), [5, 5, 5, 5])):
            with self.subTest(name):
                self.assertEqual(expected, self.numbers(*values))


class TestInstances(base.TestCase):

    def test_changes_pile_up_on_a_base(self):
        instances = facts_module.Instances({"i0": "h0", "i1": "h1"})
        first = instances.but({"i0": "h9", "i1": None})
        self.assertEqual(["h9", None, None],
                         [first.host_of(each) for each in ("i0", "i1", "x")])
        self.assertEqual("h0", instances.host_of("i0"))
        many = {f"n{number}": "h2"
                for number in range(facts_module.Instances.LATE_MAX)}
        merged = first.but(many)
        self.assertEqual({}, merged.late)
        self.assertEqual({"i0": "h9", **many}, merged.base)


class TestTachyonSource(base.TestCase):

    def test_its_own_computes(self):
        store = placement_fakes.make_forest(
            a={"inventory": {"VCPU": 8, "DISK_GB": 2}},
            b={"children": {"b-numa": {"inventory": {"MEMORY_MB": 512}}}})
        store.use("a", VCPU=3)
        driver = fakes.Driver(store, [
            fakes.service("c1", "a"),
            fakes.service("c2", "b", age=61.0)])
        cls = plugins.load(plugins.HOST_SOURCES, "tachyon")
        source = cls(self.conf, driver, "tachyon")
        with view_module.View(driver).read() as snapshot:
            token = source.refresh()
            facts = source.facts(snapshot, token)
            rows = np.array([snapshot.row_named(name)
                             for name in ("a", "b", "b-numa")], np.int32)
            nodes = facts_module.NodeSet(facts, rows)
            self.assertEqual([True, True, False], nodes.known.tolist())
            self.assertEqual(
                ["a", "b", None],
                [node and node.host for node in map(nodes.node, range(3))])
            for name, expected in (("vcpus_free", [5, 0, 0]),
                                   ("free_ram_mb", [0, 512, 0]),
                                   ("free_disk_mb", [2048, 0, 0]),
                                   ("num_instances", [0, 0, 0])):
                self.assertEqual(expected, nodes.numbers(name).tolist())
            self.assertEqual(
                [("c1", True), ("c2", False)],
                [(facts.serving.services[index].host,
                  bool(facts.serving.up[index]))
                 for index in facts.serving.by_row[rows[:2]]])
            self.assertIsNone(facts.zone(int(rows[0])))
            # Nothing is made anew as long as the hosts are the same.
            self.assertIs(facts.by_row, source.facts(snapshot, token).by_row)

    def test_capitals(self):
        table = table_module.Table(make_nodes(4))
        driver = fakes.Driver(placement_fakes.make_forest(
            a={"inventory": {"VCPU": 1}}))
        with fakes.looking(self.conf, driver) as hosts:
            facts = facts_module.Facts(
                table, np.zeros(1, np.int32), hosts.serving,
                facts_module.memberships(table, ()))
        for host, node, expected in (
                ("h1", None, ["n2", "n3"]), ("H1", None, ["n2", "n3"]),
                ("H1", "n3", ["n3"]), (None, "n0", ["n0"]),
                ("h1", "n0", []), (None, "N0", [])):
            with self.subTest(host=host, node=node):
                self.assertEqual(expected, [
                    each.nodename for each in facts.find(host, node)])
