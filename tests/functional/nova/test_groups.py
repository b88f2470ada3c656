"""Server groups: who may meet whom, also if schedulers decide at once."""

from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.db import models
from tachyon.scheduler.nova import errors
from tests.functional.nova import base
from tests.unit.scheduler.nova import messages


class TestGroups(base.NovaCase):
    def setUp(self):
        super().setUp()
        self.nodes = {name: self.add_node(name) for name in ("n1", "n2")}

    def place(self, name, policy, members="abc", **rules):
        """Place a member of a group; return the node that it has."""
        group = messages.group(policy, [getattr(uuids, each)
                                        for each in members])
        group["nova_object.data"]["_rules"] = rules
        (node,), = self.select_nodes([getattr(uuids, name)],
                                     instance_group=group)
        return node

    def test_anti_affinity(self):
        found = {self.place(name, "anti-affinity") for name in "ab"}
        self.assertEqual({"n1", "n2"}, found)
        error = self.assertRaises(errors.NoValidHost, self.place, "c",
                                  "anti-affinity")
        self.assertIn("2 refused by ServerGroupAntiAffinityFilter",
                      str(error))

    def test_so_many_on_a_host(self):
        found = [self.place(name, "anti-affinity", "abcd",
                            max_server_per_host="2") for name in "abcd"]
        self.assertEqual(["n1", "n1", "n2", "n2"], sorted(found))

    def test_affinity(self):
        found = {self.place(name, "affinity") for name in "abc"}
        self.assertEqual(1, len(found))

    def test_several_at_once(self):
        members = [uuids.a, uuids.b]
        found = self.select_nodes(members, instance_group=messages.group(
            "anti-affinity", members))
        self.assertEqual([["n1"], ["n2"]], sorted(found))
        error = self.assertRaises(
            errors.NoValidHost, self.select, [uuids.c, uuids.d, uuids.e],
            instance_group=messages.group(
                "anti-affinity", [uuids.c, uuids.d, uuids.e]))
        self.assertIn("ServerGroupAntiAffinityFilter", str(error))

    def test_soft_policies_are_wishes(self):
        members = [uuids.a, uuids.b, uuids.c]
        found = self.select_nodes(members, instance_group=messages.group(
            "soft-anti-affinity", members))
        self.assertEqual({("n1",), ("n2",)}, set(map(tuple, found)))

    def test_another_scheduler_is_faster(self):
        """Another member is placed on the chosen host between the decision
        and the claim: they do not meet."""
        other = self.make_other()
        real = self.driver.allocations.replace
        placed = []

        def replace(claims, *others):
            if not placed:
                placed.append(claims[0].allocations)
                real([other(next(iter(claims[0].allocations)))])
            return real(claims, *others)

        with mock.patch.object(self.driver.allocations, "replace", replace):
            node = self.place("a", "anti-affinity")
        taken, = placed[0]
        self.assertNotEqual(taken, self.nodes[node])
        document = self.decisions(uuids.a)[0].document
        self.assertEqual(1, len(document["conflicts"]))

    def test_a_member_is_placed_before_the_claim(self):
        """It is seen even if the claim is compared with a generation that
        its own allocation raised."""
        other = self.make_other()
        real = self.driver.allocations.get_many
        asked = []

        def get_many(members):
            found = real(members)
            if not asked:
                self.driver.allocations.replace([other(self.nodes["n1"])])
                self.driver.allocations.replace([
                    other(self.nodes["n2"], uuids.c)])
            asked.append(members)
            return found

        with mock.patch.object(self.driver.allocations, "get_many",
                               get_many):
            error = self.assertRaises(errors.NoValidHost, self.place, "a",
                                      "anti-affinity")
        self.assertIn("ServerGroupAntiAffinityFilter", str(error))

    def test_the_first_two_of_an_affinity_group(self):
        """Each is decided while the other has nothing: they meet."""
        other = self.make_other()
        real = self.driver.allocations.replace
        placed = []

        def replace(claims, *others):
            if not placed:
                taken, = claims[0].allocations
                placed.extend({*self.nodes.values()} - {taken})
                real([other(placed[0])])
            return real(claims, *others)

        with mock.patch.object(self.driver.allocations, "replace", replace):
            node = self.place("a", "affinity")
        self.assertEqual(placed, [self.nodes[node]])
        document = self.decisions(uuids.a)[0].document
        self.assertEqual(["Another member of its group was placed "
                          "meanwhile."], [each["detail"] for each
                                          in document["conflicts"]])

    def test_claims_of_children_alone(self):
        """The root's generation tells nothing of them."""
        children = {name: self.add_host(f"{name}-gpu", parent=uuid, VGPU=4)
                    for name, uuid in self.nodes.items()}
        real = self.driver.allocations.replace
        placed = []

        def replace(claims, *others):
            if not placed:
                placed.extend(claims[0].allocations)
                real([models.Claim(uuids.b, None, "p1", "admin",
                                   {placed[0]: {"VGPU": 1}})])
            return real(claims, *others)

        with mock.patch.object(self.driver.allocations, "replace", replace):
            group = messages.group("anti-affinity", [uuids.a, uuids.b])
            (node,), = self.select_nodes([uuids.a], instance_group=group,
                                         flavor={"extra_specs": {
                                             "resources:VGPU": "1",
                                             "resources:VCPU": "0",
                                             "resources:MEMORY_MB": "0",
                                             "resources:DISK_GB": "0"}})
        self.assertNotEqual(placed, [children[node]])

    def make_other(self):
        """Return what makes a claim for another member."""

        def claim(node, uuid=uuids.b):
            return models.Claim(uuid, None, "p1", "admin",
                                {node: {"VCPU": 1}})
        return claim


class TestConflicts(base.NovaCase):
    def test_a_loser_takes_the_next_best(self):
        """Others take all of the chosen host before the claim."""
        nodes = {self.add_node(name): name for name in ("n1", "n2")}
        real = self.driver.allocations.replace
        lost = []

        def replace(claims, *others):
            if not lost:
                lost.extend(claims[0].allocations)
                real([models.Claim(uuids.thief, None, "p2", "bob", {
                    lost[0]: base.SIZES})])
            return real(claims, *others)

        with mock.patch.object(self.driver.allocations, "replace", replace):
            (node,), = self.select_nodes([uuids.vm])
        self.assertEqual({node}, set(nodes.values()) - {nodes[lost[0]]})
        document = self.decisions(uuids.vm)[0].document
        self.assertEqual([nodes[lost[0]]], [each["host"] for each
                                            in document["conflicts"]])
