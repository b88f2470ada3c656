"""That trees which look alike are packed once, and no others are."""

from unittest import mock

from tachyon.placement import packing
from tachyon.placement import search
from tachyon.placement import view as view_module
from tests.unit.placement import fakes
from tests.unit.placement import test_search
from tests.unit.placement.test_search import group
from tests.unit.placement.test_search import query

SHARED = ("agg",)


class TestShapes(test_search.SearchTestCase):
    """Hosts of two cells, 4 VCPU each, with a card below the first one."""

    asked = query(group("_A", {"VCPU": 3}), group("_B", {"GPU": 1}),
                  group("_C", {"VCPU": 1}), group_policy="none",
                  same_subtree=[("_A", "_B")])

    def setUp(self):
        super().setUp()
        self.store = fakes.FakeStore()
        for name in "abc":
            self.store.add(name)
            for cell in range(2):
                self.store.add(f"{name}.{cell}", name, {"VCPU": 4})
            self.store.add(f"{name}.card", f"{name}.0", {"GPU": 1})

    def packed(self, asked=asked):
        """Return the candidates, sorted, and how many trees were packed."""
        with mock.patch.object(packing, "Packing",
                               wraps=packing.Packing) as made:
            found = self.found(self.store, asked)
        return sorted(found), made.call_count

    @staticmethod
    def usual(name):
        return [f"{name}.0:VCPU=3 {name}.1:VCPU=1 {name}.card:GPU=1",
                f"{name}.0:VCPU=4 {name}.card:GPU=1"]

    def test_alike(self):
        self.assertEqual(
            ([*self.usual("a"), *self.usual("b"), *self.usual("c")], 1),
            self.packed())

    def test_another_parent(self):
        self.store.move("b.card", "b.1")
        self.assertEqual(
            ([*self.usual("a"), "b.0:VCPU=1 b.1:VCPU=3 b.card:GPU=1",
              "b.1:VCPU=4 b.card:GPU=1", *self.usual("c")], 2),
            self.packed())

    def test_another_parent_where_that_does_not_matter(self):
        self.store.move("b.card", "b.1")
        found, count = self.packed(query(
            group("_A", {"VCPU": 4}), group("_B", {"GPU": 1}),
            group_policy="isolate"))
        self.assertEqual((6, 1), (len(found), count))

    def test_less_room(self):
        self.store.use("b.0", VCPU=1)
        self.assertEqual(
            ([*self.usual("a"), self.usual("b")[0], *self.usual("c")], 2),
            self.packed())

    def test_less_room_than_can_be_asked_for_at_once(self):
        self.store.change("b.0", inventories={"VCPU": fakes.models.Inventory(
            total=4, max_unit=3)})
        self.assertEqual(
            ([*self.usual("a"), self.usual("b")[0], *self.usual("c")], 2),
            self.packed())

    def test_more_room_than_is_asked_for(self):
        self.store.change("b.0", inventories={"VCPU": 400})
        found, count = self.packed()
        self.assertEqual((6, 1), (len(found), count))

    def test_another_trait(self):
        self.store.change("a.0", traits=frozenset("T"))
        self.store.change("b.1", traits=frozenset("T"))
        self.assertEqual(
            (["a.0:VCPU=1 a.card:GPU=1", "b.1:VCPU=1 b.card:GPU=1"], 2),
            self.packed(query(
                group("", {"VCPU": 1, "GPU": 1}, required="T"))))

    def test_guests(self):
        """Who shares may be before or behind the tree that it serves."""
        self.store.add("disks", None, {"DISK_GB": 5},
                       [test_search.SHARES], SHARED)
        for name in "ac":
            self.store.change(f"{name}.1", aggregates=frozenset(
                map(fakes.uuid, SHARED)))
        asked = query(group("", {"DISK_GB": 5, "GPU": 1}))
        expected = [f"{name}.card:GPU=1 disks:DISK_GB=5" for name in "ac"]
        self.assertEqual(expected, self.packed(asked)[0])
        self.store.add("d", None, {"GPU": 1, "DISK_GB": 5}, (), SHARED)
        self.assertEqual(
            [*expected, "d:DISK_GB=5,GPU=1", "d:GPU=1 disks:DISK_GB=5"],
            self.packed(asked)[0])

    def test_two_of_one_tree_that_share(self):
        """What they serve together is one candidate, whoever is served."""
        self.store.add("storage")
        for name, resource_class in (("z", "DISK_GB"), ("y", "SSD_GB"),
                                     ("x", "DISK_GB")):
            self.store.add(name, "storage", {resource_class: 5},
                           [test_search.SHARES], SHARED)
        self.store.change("a", aggregates=frozenset(map(fakes.uuid, SHARED)))
        self.assertEqual(
            ["x:DISK_GB=5 y:SSD_GB=5", "y:SSD_GB=5 z:DISK_GB=5"],
            self.packed(query(group("", {"DISK_GB": 5, "SSD_GB": 5})))[0])

    def test_all_that_look_like_one_given_up_are_given_up(self):
        with mock.patch.object(packing, "TREE_PATIENCE", 1), \
                fakes.snapshot_of(self.store) as snapshot:
            found = search.find(snapshot, self.asked)
            self.assertEqual([], list(found.candidates()))
            self.assertEqual(("combinations",), found.limits_hit)
            (reason, count), = found.stages[-1].removed
            self.assertIn("given up", reason.text())
            self.assertEqual(3, count)

    def test_a_tree_that_changed_is_looked_at_anew(self):
        view = view_module.View(self.store)

        def found():
            with view.read() as snapshot:
                return [test_search.words(snapshot, one)
                        for one in search.find(
                            snapshot, self.asked).candidates()
                        if snapshot.names[one.root] == "b"]

        self.assertEqual(self.usual("b"), sorted(found()))
        self.store.move("b.card", "b.1")
        self.assertEqual(["b.0:VCPU=1 b.1:VCPU=3 b.card:GPU=1",
                          "b.1:VCPU=4 b.card:GPU=1"], sorted(found()))
        self.store.move("b.card", "b")
        self.assertEqual([], found())
