"""select_destinations: who is given which host, and what is claimed."""

import json
from unittest import mock

import fixtures
import jsonschema
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.api.v1.schemas import requests as request_schemas
from tachyon.db import models
from tachyon.scheduler.nova import errors
from tachyon.scheduler.nova import wire
from tests.functional.nova import base
from tests.unit.scheduler.nova import messages

OTHER_CELL = "00000000-0000-4000-8000-00000000ce12"
TAKEN = {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}


class TestOne(base.NovaCase):
    def test_a_server(self):
        node = self.add_node("n1")
        (chosen,), = self.select([uuids.vm])
        self.assertEqual(
            (node, "n1-service", "n1", messages.CELL, "nova", "1.36"),
            tuple(chosen[name] for name in (
                "compute_node_uuid", "service_host", "nodename", "cell_uuid",
                "availability_zone", "allocation_request_version")))
        self.assertEqual({"allocations": {node: {"resources": TAKEN}},
                          "mappings": {"": [node]}},
                         json.loads(chosen["allocation_request"]))
        self.assertEqual({node: TAKEN}, self.allocations(uuids.vm))
        consumer = self.driver.allocations.get(uuids.vm)
        self.assertEqual(("p1", "admin", "INSTANCE"), (
            consumer.project_id, consumer.user_id, consumer.type))
        self.assertEqual({uuids.vm: node}, self.source.consumed)

    def test_its_decision_is_kept(self):
        self.add_node("n1")
        self.select([uuids.vm])
        decision, = self.decisions(uuids.vm)
        self.assertEqual(("scheduled", "p1", self.context.request_id), (
            decision.verdict, decision.project_id, decision.request_id))
        self.assertEqual("n1", decision.document["host"])
        jsonschema.validate(decision.document, {
            "$ref": "#/components/schemas/ExplainDocument",
            "components": {"schemas": request_schemas.SCHEMAS}})

    def test_a_zone(self):
        self.add_node("n1")
        self.set_zone("east", "n1-service")
        (chosen,), = self.select([uuids.vm])
        self.assertEqual("east", chosen["availability_zone"])

    def test_no_host(self):
        self.add_node("n1", sizes={"VCPU": 1, "MEMORY_MB": 16384,
                                   "DISK_GB": 100})
        error = self.assertRaises(errors.NoValidHost, self.select,
                                  [uuids.vm], flavor={"vcpus": 4})
        self.assertEqual("No valid host was found. 0/1 hosts: 1 short of "
                         "VCPU.", str(error))
        decision, = self.decisions(uuids.vm)
        self.assertEqual("no_candidates", decision.verdict)
        self.assertEqual({}, self.source.consumed)

    def test_a_host_that_nova_does_not_know(self):
        self.add_host("stray", **base.SIZES)
        error = self.assertRaises(errors.NoValidHost, self.select,
                                  [uuids.vm])
        self.assertIn("no compute node is known", str(error))

    def test_a_host_that_is_down(self):
        self.add_node("n1")
        self.add_node("n2")
        self.source.down.add("n1-service")
        self.assertEqual([["n2"]], self.select_nodes([uuids.vm]))
        self.source.down.add("n2-service")
        self.assertRaises(errors.NoValidHost, self.select, [uuids.other])

    def test_a_host_that_is_disabled(self):
        """nova says so by a trait, which a pre-filter keeps away from."""
        self.add_node("n1", traits=["COMPUTE_STATUS_DISABLED"])
        self.assertRaises(errors.NoValidHost, self.select, [uuids.vm])
        self.assertEqual(
            ["COMPUTE_STATUS_DISABLED"], self.decisions(uuids.vm)[
                0].document["inputs"]["query"]["root_forbidden"])

    def test_groups_are_mapped(self):
        node = self.add_node("n1")
        port = self.add_host("n1-nic", parent=node, NET_BW_EGR_KILOBIT_PER_SEC=
                             1000)
        (chosen,), = self.select([uuids.vm], requested_resources=[
            messages.request_group(uuids.port, {
                "NET_BW_EGR_KILOBIT_PER_SEC": 100})])
        request = json.loads(chosen["allocation_request"])
        self.assertEqual({"": [node], uuids.port: [port]},
                         request["mappings"])
        self.assertEqual({node: TAKEN, port: {
            "NET_BW_EGR_KILOBIT_PER_SEC": 100}}, self.allocations(uuids.vm))

    def test_what_can_not_be_asked(self):
        self.add_node("n1")
        error = self.assertRaises(
            errors.NoValidHost, self.select, [uuids.vm],
            flavor={"extra_specs": {"resources1:VCPU": "1",
                                    "resources2:VCPU": "1"}})
        self.assertEqual(
            "No valid host was found. group_policy: the flavor asks for "
            "several groups of resources, and does not say whether they may "
            "overlap.", str(error))
        self.assertEqual("bad_request", self.decisions(uuids.vm)[0].verdict)

    def test_nothing_is_known_of_hosts(self):
        self.source.error = exception.HostSourceUnavailable(reason="no cell")
        error = self.assertRaises(errors.NoValidHost, self.select,
                                  [uuids.vm])
        self.assertIn("Nothing is known of the hosts: no cell.", str(error))
        self.assertEqual("backend_error",
                         self.decisions(uuids.vm)[0].verdict)

    def test_a_claim_whose_answer_is_lost(self):
        """It is read again: what was made counts, what was not does not."""
        self.add_node("n1")
        real = self.driver.allocations.replace
        lost = exception.DriverUnavailable(reason="gone")

        def made(claims, *others):
            real(claims, *others)
            raise lost

        with mock.patch.object(self.driver.allocations, "replace", made):
            self.assertEqual([["n1"]], self.select_nodes([uuids.vm]))
        with mock.patch.object(self.driver.allocations, "replace",
                               side_effect=lost):
            self.assertRaises(errors.NoValidHost, self.select, [uuids.other])
        self.assertNotIn(uuids.other, self.source.consumed)

    def test_a_server_that_was_given_up(self):
        """Whoever chose its host was killed before saying so: nova has buried
        it, and what it was given is taken back."""
        self.add_node("n1")
        for uuid in (uuids.vm, uuids.other):
            self.select([uuid])
        self.source.buried = [uuids.vm, uuids.never_placed]
        self.scheduler.nova.sweep()
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, uuids.vm)
        self.assertEqual([TAKEN], list(self.allocations(
            uuids.other).values()))

    def test_secrets_are_not_kept(self):
        self.add_node("n1")
        self.select([uuids.vm], requested_destination=messages.destination(
            cell=messages.cell()))
        decision, = self.decisions(uuids.vm)
        self.assertNotIn(messages.SECRET, json.dumps(decision.document))


class TestOlderConductors(base.NovaCase):

    db_driver = "sqlite"                # nothing here is up to the store

    def test_selection_1_0(self):
        self.add_node("n1")
        spec = messages.spec()
        spec["nova_object.version"] = "1.12"
        (chosen,), = self.nova.select_destinations(
            self.context, spec_obj=spec, instance_uuids=[uuids.vm],
            return_objects=True)
        self.assertEqual("1.0", chosen["nova_object.version"])
        self.assertIsNone(wire.read(chosen, "Selection").raw(
            "availability_zone"))

    def test_dicts(self):
        self.add_node("n1")
        self.assertEqual(
            [{"host": "n1-service", "nodename": "n1", "limits": {}}],
            self.nova.select_destinations(
                self.context, spec_obj=messages.spec(),
                instance_uuids=[uuids.vm]))
        self.assertIn(uuids.vm, self.source.consumed)

    def test_without_uuids_nothing_is_claimed(self):
        node = self.add_node("n1")
        spec = messages.spec(instance_uuid=uuids.vm)
        self.assertEqual("n1", self.nova.select_destinations(
            self.context, spec_obj=spec)[0]["nodename"])
        self.assertEqual(0, self.used(node))

    def test_several_without_uuids(self):
        """Each on what the former ones would have taken."""
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.scheduler.nova.manager.TOGETHER", 1))
        for name in ("n1", "n2"):
            self.add_node(name, sizes={**base.SIZES, "VCPU": 1})
        found = self.nova.select_destinations(
            self.context, spec_obj=messages.spec(num_instances=2))
        self.assertEqual(["n1", "n2"], sorted(each["nodename"]
                                              for each in found))
        self.assertRaises(
            errors.NoValidHost, self.nova.select_destinations, self.context,
            spec_obj=messages.spec(num_instances=3))
        for count in (0, 101, 10 ** 9):
            self.assertRaises(
                exception.MalformedMessage, self.nova.select_destinations,
                self.context, spec_obj=messages.spec(num_instances=count))

    def test_words_of_old(self):
        """Of a conductor that is held at RPC version 4.0."""
        node = self.add_node("n1")
        data = messages.spec()["nova_object.data"]
        self.assertEqual(
            [{"host": "n1-service", "nodename": "n1", "limits": {}}],
            self.nova.select_destinations(
                self.context, request_spec={
                    "instance_type": data["flavor"], "image": data["image"],
                    "instance_properties": {"uuid": uuids.vm}},
                filter_properties={"scheduler_hints": {}}))
        self.assertEqual(0, self.used(node))
        for filters in ({"ignore_hosts": ["n1-service"]},
                        {"force_hosts": ["n2-service"]}):
            self.assertRaises(
                errors.NoValidHost, self.nova.select_destinations,
                self.context, filter_properties=filters, request_spec={
                    "instance_type": data["flavor"]})


class TestDestinations(base.NovaCase):

    db_driver = "sqlite"                # nothing here is up to the store

    def setUp(self):
        super().setUp()
        self.nodes = {name: self.add_node(name)
                      for name in ("n1", "n2", "n3")}

    def nodes_for(self, **fields):
        """Return the nodes that a request may have, by asking until none is
        left."""
        found = set()
        for index in range(len(self.nodes) + 1):
            name = f"vm{index}"
            try:
                (node,), = self.select_nodes(
                    [getattr(uuids, name)], flavor={"vcpus": 8}, **fields)
            except errors.NoValidHost:
                return found
            found.add(node)
        self.fail("there is always one more")

    def test_forced_host(self):
        self.assertEqual({"n2"}, self.nodes_for(force_hosts=["n2-service"]))

    def test_forced_host_skips_filters(self):
        self.source.down.add("n2-service")
        self.assertEqual({"n2"}, self.nodes_for(force_hosts=["n2-service"]))

    def test_forced_node(self):
        self.assertEqual({"n3"}, self.nodes_for(force_nodes=["n3"]))

    def test_requested_host_is_filtered(self):
        wanted = messages.destination(host="n2-service", node=None)
        self.assertEqual({"n2"},
                         self.nodes_for(requested_destination=wanted))
        self.source.down.add("n1-service")
        wanted = messages.destination(host="n1-service", node="n1")
        self.assertEqual(set(), self.nodes_for(requested_destination=wanted))

    def test_requested_node(self):
        wanted = messages.destination(node="n1")
        self.assertEqual({"n1"},
                         self.nodes_for(requested_destination=wanted))

    def test_a_host_with_several_nodes(self):
        self.nodes["n4"] = self.add_node("n4", host="n1-service")
        self.assertEqual({"n1", "n4"},
                         self.nodes_for(force_hosts=["n1-service"]))

    def test_no_such_host(self):
        error = self.assertRaises(errors.NoValidHost, self.select,
                                  [uuids.vm], force_hosts=["n9"])
        self.assertIn("there is no host n9", str(error))
        self.assertEqual("bad_request", self.decisions(uuids.vm)[0].verdict)

    def test_ignored_hosts(self):
        self.assertEqual({"n3"}, self.nodes_for(
            ignore_hosts=["n1-service", "N2-SERVICE", "gone"]))

    def test_cell(self):
        self.nodes["far"] = self.add_node("far", cell=OTHER_CELL)
        wanted = messages.destination(cell=messages.cell(OTHER_CELL))
        self.assertEqual({"far"},
                         self.nodes_for(requested_destination=wanted))

    def test_across_cells(self):
        self.nodes["far"] = self.add_node("far", cell=OTHER_CELL)
        wanted = messages.destination(cell=messages.cell(),
                                      allow_cross_cell_move=True)
        self.assertEqual({"n1", "n2", "n3", "far"},
                         self.nodes_for(requested_destination=wanted))


class TestAlternates(base.NovaCase):

    db_driver = "sqlite"                # nothing here is up to the store

    def setUp(self):
        super().setUp()
        for index in range(5):
            self.add_node(f"n{index}")

    def test_as_many_as_attempts(self):
        self.config(group="nova", max_attempts=3)
        found, = self.select([uuids.vm], alternates=True)
        self.assertEqual(3, len({each["nodename"] for each in found}))
        for each in found:
            request = json.loads(each["allocation_request"])
            self.assertEqual([each["compute_node_uuid"]],
                             list(request["allocations"]))
        self.assertEqual([found[0]["compute_node_uuid"]],
                         list(self.allocations(uuids.vm)))

    def test_none_if_not_wanted(self):
        found, = self.select([uuids.vm])
        self.assertEqual(1, len(found))

    def test_of_the_same_cell(self):
        self.add_node("far1", cell=OTHER_CELL)
        self.add_node("far2", cell=OTHER_CELL)
        far = messages.destination(host="far1-service")
        self.config(group="filter_scheduler", enabled_filters=[])
        found, = self.select_nodes([uuids.vm], alternates=True,
                                   requested_destination=far)
        self.assertEqual(["far1"], found)
        names = {name for one in self.select_nodes(
            [uuids.a, uuids.b, uuids.c], alternates=True) for name in one[1:]}
        for name in names:
            self.assertIn(name[:1], "nf")

    def test_no_host_that_was_chosen(self):
        found = self.select_nodes([uuids.a, uuids.b], alternates=True)
        chosen = {one[0] for one in found}
        self.assertEqual(set(), chosen & {name for one in found
                                          for name in one[1:]})


class TestMoves(base.NovaCase):
    def test_rebuild_claims_nothing(self):
        node = self.add_node("n1", sizes={"VCPU": 1, "MEMORY_MB": 512,
                                          "DISK_GB": 1})
        self.add_node("n2")
        self.select([uuids.vm], force_hosts=["n1-service"])
        (chosen,), = self.select(
            [uuids.vm], force_hosts=["n1-service"], force_nodes=["n1"],
            scheduler_hints={"_nova_check_type": ["rebuild"]})
        self.assertEqual(("n1", "null", None), (
            chosen["nodename"], chosen["allocation_request"],
            chosen["allocation_request_version"]))
        self.assertEqual(1, self.used(node))
        self.assertEqual("scheduled", self.decisions(uuids.vm)[0].verdict)
        self.assertEqual([uuids.vm], self.source.begun)

    def test_a_resize_leaves_the_source_to_its_migration(self):
        first, second = self.add_node("n1"), self.add_node("n2")
        self.select([uuids.vm], force_hosts=["n1-service"])
        had = self.driver.allocations.get(uuids.vm)
        # As the conductor does before it asks.
        self.driver.allocations.replace([
            models.Claim(uuids.migration, None, "p1", "admin", {first: TAKEN}),
            models.Claim(uuids.vm, had.generation, "p1", "admin", {})])
        self.select([uuids.vm], ignore_hosts=["n1-service"],
                    flavor={"vcpus": 2})
        self.assertEqual({first: TAKEN}, self.allocations(uuids.migration))
        self.assertEqual({second: {**TAKEN, "VCPU": 2}},
                         self.allocations(uuids.vm))

    def test_an_evacuated_server_keeps_what_it_has(self):
        first, second = self.add_node("n1"), self.add_node("n2")
        self.select([uuids.vm], force_hosts=["n1-service"])
        self.source.down.add("n1-service")
        (chosen,), = self.select([uuids.vm], ignore_hosts=["n1-service"])
        self.assertEqual([second], list(json.loads(
            chosen["allocation_request"])["allocations"]))
        self.assertEqual({first: TAKEN, second: TAKEN},
                         self.allocations(uuids.vm))


class TestSeveral(base.NovaCase):
    def test_each_has_a_host(self):
        node = self.add_node("n1", sizes={**base.SIZES, "VCPU": 3})
        found = self.select_nodes([uuids.a, uuids.b, uuids.c])
        self.assertEqual([["n1"]] * 3, found)
        self.assertEqual(3, self.used(node))
        self.assertEqual(3, len(self.source.consumed))

    def test_each_decision_is_kept(self):
        self.add_node("n1")
        self.select([uuids.a, uuids.b])
        for uuid in (uuids.a, uuids.b):
            decision, = self.decisions(uuid)
            self.assertEqual(f"{self.context.request_id}:{uuid}",
                             decision.request_id)

    def test_all_or_none(self):
        node = self.add_node("n1", sizes={**base.SIZES, "VCPU": 2})
        self.assertRaises(errors.NoValidHost, self.select,
                          [uuids.a, uuids.b, uuids.c])
        self.assertEqual(0, self.used(node))
        self.assertEqual({}, self.source.consumed)
        self.assertEqual(["no_candidates"] * 3, [
            self.decisions(uuid)[0].verdict
            for uuid in (uuids.a, uuids.b, uuids.c)])
        self.assertIn("another server", self.decisions(uuids.a)[
            0].document["summary"])

    def test_one_transaction_for_all(self):
        for name in ("n1", "n2"):
            self.add_node(name)
        with mock.patch.object(
                self.driver.allocations, "replace",
                side_effect=self.driver.allocations.replace) as replace:
            self.select([uuids.a, uuids.b, uuids.c])
        (wanted, decisions, _), = (each.args
                                   for each in replace.call_args_list)
        self.assertEqual(([uuids.a, uuids.b, uuids.c], 3), (
            [each.consumer_uuid for each in wanted], len(decisions)))

    def test_more_than_one_transaction(self):
        """If there is no room for the last ones, the first have nothing."""
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.scheduler.nova.manager.TOGETHER", 2))
        node = self.add_node("n1", sizes={**base.SIZES, "VCPU": 5})
        names = [getattr(uuids, name) for name in "abcdefgh"]
        self.assertEqual([["n1"]] * 3, self.select_nodes(names[:3]))
        self.assertEqual(3, self.used(node))
        self.assertRaises(errors.NoValidHost, self.select, names[3:6])
        self.assertEqual(3, self.used(node))
        self.assertEqual(set(names[:3]), set(self.source.consumed))
        self.assertEqual(["no_candidates"] * 3, [
            self.decisions(uuid)[0].verdict for uuid in names[3:6]])

    def test_a_shared_provider_is_drained_once(self):
        """What one takes of it, another does not find, on any host."""
        sizes = {"VCPU": 8, "MEMORY_MB": 16384}
        for name in ("n1", "n2"):
            self.add_node(name, sizes=sizes, aggregates=[uuids.shelf])
        self.add_host("storage", aggregates=[uuids.shelf],
                      traits=["MISC_SHARES_VIA_AGGREGATE"], DISK_GB=2)
        self.select([uuids.a, uuids.b])
        self.assertRaises(errors.NoValidHost, self.select, [uuids.c])

    def test_what_nova_alone_counts(self):
        """Each sees what the former ones take of nodes."""
        self.config(group="filter_scheduler",
                    enabled_filters=["NumInstancesFilter"],
                    max_instances_per_host=1)
        for name in ("n1", "n2"):
            self.add_node(name)
        self.assertEqual([["n1"], ["n2"]], sorted(
            self.select_nodes([uuids.a, uuids.b])))
        error = self.assertRaises(errors.NoValidHost, self.select,
                                  [uuids.c])
        self.assertIn("NumInstancesFilter", str(error))

    def test_another_is_faster(self):
        """All of them are decided anew; who lost says so."""
        nodes = {self.add_node(name): name for name in ("n1", "n2")}
        real, lost = self.driver.allocations.replace, []

        def replace(claims, *others):
            if not lost:
                lost.extend(claims[1].allocations)
                real([models.Claim(uuids.thief, None, "p2", "bob", {
                    lost[0]: base.SIZES})])
            return real(claims, *others)

        with mock.patch.object(self.driver.allocations, "replace", replace):
            found = self.select_nodes([uuids.a, uuids.b])
        left, = nodes.keys() - set(lost)
        self.assertEqual([[nodes[left]]] * 2, found)
        self.assertEqual([nodes[lost[0]]], [
            conflict["host"] for uuid in (uuids.a, uuids.b)
            for conflict in self.decisions(uuid)[0].document["conflicts"]])

    def test_one_has_something_already(self):
        """It keeps it, as if it were the only one."""
        self.add_node("n1")
        self.add_node("old", sizes={"VCPU": 1})
        self.driver.allocations.replace([models.Claim(
            uuids.b, None, "p1", "admin", {
                self.source.told[1].uuid: {"VCPU": 1}})])
        self.assertEqual([["n1"]] * 2,
                         self.select_nodes([uuids.a, uuids.b]))
        self.assertEqual(2, len(self.allocations(uuids.b)))

    def test_each_at_a_child_with_room(self):
        """Nova gives up where the first child of the host is full."""
        node = self.add_node("n1")
        children = {self.add_host(name, parent=node, VGPU=16)
                    for name in ("gpu1", "gpu2")}
        self.select([uuids.a, uuids.b],
                    flavor={"extra_specs": {"resources:VGPU": "16"}})
        self.assertEqual(children, {
            child for uuid in (uuids.a, uuids.b)
            for child in self.allocations(uuid).keys() - {node}})
