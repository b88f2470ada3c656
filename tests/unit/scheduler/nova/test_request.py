"""nova's RequestSpec: what is read of it, and what is no RequestSpec."""

import dataclasses

from tachyon import exception
from tachyon.scheduler.nova import request
from tachyon.scheduler.nova import wire
from tachyon.scheduler.nova.numa import guest
from tests import base
from tests.unit.scheduler.nova import messages


def read(name: str) -> request.RequestSpec:
    return request.read(messages.captured(name)["args"]["spec_obj"])


class TestRequestSpec(base.TestCase):
    def test_boot(self):
        spec = read("boot")
        self.assertEqual("e15287df-ced7-41ee-8101-db95e800901a",
                         spec.instance_uuid)
        self.assertEqual(("p1", "admin", 1), (
            spec.project_id, spec.user_id, spec.num_instances))
        self.assertEqual(
            request.Flavor("m1.test", vcpus=1, memory_mb=512, root_gb=1,
                           ephemeral_gb=0, swap=0), spec.flavor)
        self.assertEqual(("cirros", "qcow2", {}), (
            spec.image.name, spec.image.disk_format, spec.image.properties))
        self.assertEqual((request.RequestedNetwork("none", None),),
                         spec.requested_networks)
        self.assertIsNone(spec.requested_destination)
        self.assertIsNone(spec.instance_group)
        self.assertIsNone(spec.numa_topology)
        self.assertEqual(((), (), ()), (spec.force_hosts, spec.force_nodes,
                                        spec.ignore_hosts))
        self.assertFalse(spec.is_rebuild or spec.is_forced or spec.is_bfv)

    def test_group(self):
        spec = read("group")
        self.assertEqual("anti-affinity", spec.instance_group.policy)
        self.assertEqual(2, len(spec.instance_group.members))
        self.assertEqual("9311f7a2-6e7b-4f6c-971c-08e8b40b341c",
                         spec.hint("group"))

    def test_rebuild_is_checked_and_not_forced(self):
        spec = read("rebuild")
        self.assertTrue(spec.is_rebuild)
        self.assertFalse(spec.is_forced)
        self.assertEqual(("cmp2",), spec.force_hosts)
        self.assertEqual(messages.CELL, spec.requested_destination.cell_uuid)

    def test_numa_topology(self):
        self.assertEqual(
            guest.GuestTopology((guest.GuestCell(0, 256, shared=1),
                                 guest.GuestCell(1, 256, shared=1))),
            read("numa").numa_topology)

    def test_secrets_are_not_read(self):
        self.assertIn(messages.SECRET, str(messages.captured("rebuild")))
        self.assertNotIn(messages.SECRET, repr(read("rebuild")))

    def test_forced(self):
        spec = request.read(messages.spec(force_hosts=["cmp2"]))
        self.assertTrue(spec.is_forced)

    def test_hints_of_one_are_text(self):
        spec = request.read(messages.spec(scheduler_hints={
            "group": ["a"], "different_host": ["b", "c"]}))
        self.assertEqual("a", spec.hint("group"))
        self.assertEqual(("b", "c"), spec.hint("different_host"))
        self.assertEqual("none", spec.hint("same_host", "none"))

    def test_destination_aggregates_are_ands_of_ors(self):
        spec = request.read(messages.spec(
            requested_destination=messages.destination(
                aggregates=["a,b", "c"], forbidden_aggregates=["d"],
                allow_cross_cell_move=True, cell=messages.cell())))
        found = spec.requested_destination
        self.assertEqual((frozenset("ab"), frozenset("c")), found.aggregates)
        self.assertEqual(frozenset("d"), found.forbidden_aggregates)
        self.assertTrue(found.allow_cross_cell_move)

    def test_requested_resources(self):
        group, = request.read(messages.spec(requested_resources=[
            messages.request_group(
                "port", {"NET_BW_EGR_KILOBIT_PER_SEC": 10},
                required_traits=["CUSTOM_PHYSNET"],
                aggregates=[["a", "b"], ["c"]])])).requested_resources
        self.assertEqual(request.RequestGroup(
            "port", {"NET_BW_EGR_KILOBIT_PER_SEC": 10},
            required_traits=frozenset({"CUSTOM_PHYSNET"}),
            aggregates=(frozenset("ab"), frozenset("c"))), group)

    def test_policy_of_a_group_of_old(self):
        made = messages.group("", ["m"], policies=["affinity"])
        del made["nova_object.data"]["policy"]
        made["nova_object.version"] = "1.10"
        spec = request.read(messages.spec(instance_group=made))
        self.assertEqual("affinity", spec.instance_group.policy)

    def test_newer_minors_and_unknown_fields_are_read(self):
        made = messages.spec(flavor={"gpus": 3}, colour="red")
        made["nova_object.version"] = "1.99"
        flavor = made["nova_object.data"]["flavor"]
        flavor["nova_object.version"] = "1.57"
        changed = request.read(made)
        self.assertEqual(request.read(messages.spec()), changed)

    def test_as_it_came_without_secrets(self):
        made = messages.spec(requested_destination=messages.destination(
            cell=messages.cell()))
        sealed = wire.sealed(made)
        self.assertNotIn(messages.SECRET, str(sealed))
        self.assertIn(messages.SECRET, str(made))
        self.assertEqual(request.read(made), request.read(sealed))
        self.assertNotIn(messages.SECRET, repr(request.read(made)))

    def test_what_is_not_set_has_a_default(self):
        flavor = messages.spec()["nova_object.data"]["flavor"]
        spec = request.read(
            messages.envelope("RequestSpec", "1.0", flavor=flavor))
        self.assertEqual(request.RequestSpec(flavor=spec.flavor), spec)
        self.assertEqual("m1.test", spec.flavor.name)


class TestNonsense(base.TestCase):
    """Each is refused with a line that says where it is wrong."""

    CASES = (
        ("nothing", None, "RequestSpec is no RequestSpec"),
        ("a list", [], "RequestSpec is no RequestSpec"),
        ("another object", messages.envelope("Flavor", "1.2"),
         "RequestSpec is no RequestSpec"),
        ("another major", messages.envelope("RequestSpec", "2.0"),
         "RequestSpec is a RequestSpec of version 2.0"),
        ("no version", {"nova_object.name": "RequestSpec",
                        "nova_object.data": {}},
         "RequestSpec is a RequestSpec of version None"),
        ("no data", {"nova_object.name": "RequestSpec",
                     "nova_object.version": "1.15",
                     "nova_object.data": 7},
         "RequestSpec has no fields"),
        ("no flavor", messages.envelope("RequestSpec", "1.15"),
         "RequestSpec has no flavor"),
        ("vcpus of text", messages.spec(flavor={"vcpus": "4"}),
         "RequestSpec.flavor.vcpus is no amount"),
        ("less than nothing", messages.spec(flavor={"memory_mb": -1}),
         "RequestSpec.flavor.memory_mb is no amount"),
        ("true vcpus", messages.spec(flavor={"vcpus": True}),
         "RequestSpec.flavor.vcpus is no amount"),
        ("extra specs", messages.spec(flavor={"extra_specs": {"a": 1}}),
         "RequestSpec.flavor.extra_specs is no mapping of texts"),
        ("hosts", messages.spec(force_hosts="cmp1"),
         "RequestSpec.force_hosts is no list"),
        ("names", messages.spec(ignore_hosts=[1]),
         "RequestSpec.ignore_hosts is no list of texts"),
        ("hints", messages.spec(scheduler_hints={"group": {}}),
         "RequestSpec.scheduler_hints.group is no list"),
        ("flag", messages.spec(is_bfv="yes"),
         "RequestSpec.is_bfv is neither true nor false"),
        ("uuid", messages.spec(instance_uuid=4),
         "RequestSpec.instance_uuid is no text"),
        ("aggregates", messages.spec(requested_resources=[
            messages.request_group("p", {}, aggregates=["a"])]),
         "RequestSpec.requested_resources.aggregates is no list of lists of "
         "texts"),
    )

    def test_is_refused(self):
        for name, primitive, reason in self.CASES:
            with self.subTest(name):
                error = self.assertRaises(exception.MalformedMessage,
                                          request.read, primitive)
                self.assertEqual(f"Malformed message: {reason}", str(error))

    def test_too_deep(self):
        deep: object = 0
        for _ in range(wire.DEPTH_MAX + 1):
            deep = [deep]
        error = self.assertRaises(
            exception.MalformedMessage, request.read,
            messages.spec(properties={"hw_x": deep}))
        self.assertIn("too deeply", str(error))


class TestWire(base.TestCase):
    def test_plain_keeps_secrets_out(self):
        made = wire.plain({"cell": messages.cell(), "hosts": ["a"]})
        self.assertEqual({"cell": {"uuid": messages.CELL, "name": "cell1"},
                          "hosts": ["a"]}, made)

    def test_write(self):
        made = wire.write("Selection", "1.0", {"b": 1, "a": None})
        self.assertEqual({"b": 1, "a": None},
                         {name: wire.read(made, "Selection").raw(name)
                          for name in ("a", "b")})
        self.assertEqual("nova", made["nova_object.namespace"])
        self.assertEqual(["a", "b"], made["nova_object.changes"])

    def test_specs_are_values(self):
        spec = read("boot")
        moved = dataclasses.replace(spec, instance_uuid="other")
        self.assertNotEqual(spec, moved)
