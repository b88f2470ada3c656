"""Dry runs of nova's requests: what would be decided, and how many more."""

import json

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.nova import errors
from tests.functional.nova import base
from tests.unit.scheduler.nova import messages

FLAVOR = {"vcpus": 2, "memory_mb": 1024, "root_gb": 10}


class TestDryRuns(base.NovaCase):

    def ask(self, hosts=(), capacity=False, **server):
        """Return the document of a server in plain words."""
        server.setdefault("flavor", FLAVOR)
        return self.scheduler.explain_server(
            self.admin_context, {"server": server}, hosts, capacity)

    def ask_spec(self, spec, hosts=(), capacity=False):
        return self.scheduler.explain_server(
            self.admin_context, {"request_spec": spec}, hosts, capacity)

    def fits(self, document):
        self.assertLessEqual(set(document["capacity"]), {
            "total", "exact", "bounds", "hosts", "truncated"})
        return {each["host"]: each["fits"]
                for each in document["capacity"]["hosts"]}

    # --------------------------------------------------------------- decisions
    def test_both_forms_tell_what_would_be_decided(self):
        self.add_node("n1", sizes={**base.SIZES, "VCPU": 1})
        n2 = self.add_node("n2")
        spec = messages.spec(flavor=FLAVOR, instance_uuid=uuids.vm)
        for document in (self.ask(hosts=["n1"]),
                         self.ask_spec(spec, hosts=["n1"])):
            self.assertEqual(
                ("scheduled", True, "1/2 hosts fit, the best was chosen",
                 "n2", 1), (document["verdict"], document["dry_run"],
                            document["summary"], document["host"],
                            document["tries"]))
            self.assertEqual([{"provider": "n2", "uuid": n2, "resources": {
                "VCPU": 2, "MEMORY_MB": 1024, "DISK_GB": 10}}],
                document["allocations"])
            named, = document["hosts"]
            self.assertEqual(["short of VCPU"], [
                reason["text"] for reason in named["reasons"]])
            self.assertNotIn("capacity", document)
        (chosen,), = self.select_nodes([uuids.vm], spec=spec)
        self.assertEqual("n2", chosen)

    def test_they_leave_no_trace(self):
        uuid = self.add_node("n1")
        spec = messages.spec(
            flavor=FLAVOR, instance_uuid=uuids.vm,
            instance_group=messages.group("anti-affinity", [uuids.vm]))
        self.ask_spec(spec, capacity=True)
        self.assertEqual(0, self.used(uuid))
        self.assertEqual([], self.decisions(uuids.vm))
        self.assertEqual(([], {}, []), (
            self.source.begun, self.source.consumed, self.source.heard))
        self.assertRaises(exception.ConsumerNotFound, self.allocations,
                          uuids.vm)

    def test_prefilters_and_filters_are_asked(self):
        self.add_node("n2")
        for name in ("n1", "n3"):
            self.add_node(name, aggregates=[uuids.west])
        self.source.aggregates = (node_module.Aggregate(
            1, uuids.west, "west", frozenset(("n1-service", "n3-service")),
            {"availability_zone": "west"}),)
        self.source.down.add("n3-service")
        document = self.ask(availability_zone="west", capacity=True)
        self.assertEqual("n1", document["host"])
        self.assertEqual({"n1": 4}, self.fits(document))
        stages = {stage["stage"]: stage["removed"]
                  for stage in document["funnel"]}
        self.assertIn("ComputeFilter", stages)
        self.source.down.add("n1-service")
        document = self.ask(availability_zone="west", capacity=True)
        self.assertEqual((0, True, [], False), tuple(
            document["capacity"][key]
            for key in ("total", "exact", "hosts", "truncated")))

    def test_where_it_is_to_be(self):
        for name in ("n1", "n2", "n3"):
            self.add_node(name)
        self.source.down.add("n1-service")
        for asked, host, verdict in (
                ({"force_host": "n1-service"}, "n1", "scheduled"),
                ({"force_node": "n1"}, "n1", "scheduled"),
                ({"host": "n2-service"}, "n2", "scheduled"),
                ({"host": "n1-service"}, None, "all_filtered"),
                ({"node": "n3"}, "n3", "scheduled"),
                ({"host": "nowhere"}, None, "bad_request"),
                ({"ignore_hosts": ["n1-service", "n2-service"]}, "n3",
                 "scheduled")):
            with self.subTest(asked):
                document = self.ask(**asked, capacity=True)
                self.assertEqual((host, verdict), (document["host"],
                                                   document["verdict"]))
                self.assertEqual({host: 4} if host else {},
                                 self.fits(document))

    def test_flavor_image_and_hints_are_read_as_nova_reads_them(self):
        self.add_node("n1")
        self.add_node("n2", traits=["CUSTOM_A"])
        for server in (
                {"flavor": {**FLAVOR, "extra_specs": {
                    "trait:CUSTOM_A": "required"}}},
                {"image": {"properties": {"trait:CUSTOM_A": "required"}}}):
            self.assertEqual("n2", self.ask(**server)["host"])
        amounts = self.ask(flavor={**FLAVOR, "ephemeral_gb": 3, "swap": 1},
                           volume_backed=True)["allocations"]
        self.assertEqual({"VCPU": 2, "MEMORY_MB": 1024, "DISK_GB": 4},
                         amounts[0]["resources"])
        self.select([uuids.other], force_hosts=["n1-service"])
        self.source.instances = self.source.instances.but(
            {uuids.other: "n1-service"})
        self.config("filter_scheduler",
                    enabled_filters=["DifferentHostFilter"])
        for hint in (uuids.other, [uuids.other]):
            self.assertEqual("n2", self.ask(
                hints={"different_host": hint})["host"])

    # ---------------------------------------------------------------- capacity
    def test_how_many_more_and_where(self):
        one, two = self.add_node("n1"), self.add_node("n2")
        self.select([uuids.vm], flavor=FLAVOR, force_hosts=["n1-service"])
        capacity = self.ask(capacity=True)["capacity"]
        self.assertEqual({
            "total": 7, "exact": True, "bounds": [], "truncated": False,
            "hosts": [{"host": "n2", "uuid": two, "fits": 4},
                      {"host": "n1", "uuid": one, "fits": 3}]}, capacity)
        self.config("scheduler", explain_capacity_hosts=1)
        capacity = self.ask(capacity=True)["capacity"]
        self.assertEqual((7, ["n2"], True), (
            capacity["total"], [each["host"] for each in capacity["hosts"]],
            capacity["truncated"]))

    def test_so_many_can_be_claimed_and_no_more(self):
        for name, cpus in (("n1", 5), ("n2", 4), ("n3", 1)):
            self.add_node(name, sizes={**base.SIZES, "VCPU": cpus})
        document = self.ask(capacity=True)
        total = document["capacity"]["total"]
        servers = [getattr(uuids, f"vm{number}") for number in range(total)]
        found = self.select_nodes(servers, flavor=FLAVOR,
                                  num_instances=total)
        self.assertEqual(self.fits(document), {
            name: sum(each[0] == name for each in found)
            for name in {each[0] for each in found}})
        self.assertRaises(errors.NoValidHost, self.select, [uuids.more],
                          flavor=FLAVOR)

    def test_of_an_anti_affinity_group(self):
        """No host gets more members than may be there."""
        for name in ("n1", "n2", "n3"):
            self.add_node(name)
        group = messages.group("anti-affinity", [uuids.vm, uuids.other])
        self.select([uuids.other], instance_group=group)
        for most, total in ((1, 2), (2, 5)):
            group["nova_object.data"]["_rules"] = {
                "max_server_per_host": most}
            document = self.ask_spec(messages.spec(
                flavor=FLAVOR, instance_uuid=uuids.vm,
                instance_group=group), capacity=True)
            self.assertEqual((total, True), (
                document["capacity"]["total"],
                document["capacity"]["exact"]))

    def test_of_hosts_with_few_instances_left(self):
        self.add_node("n1")
        self.config("filter_scheduler", max_instances_per_host=3,
                    enabled_filters=["NumInstancesFilter"])
        self.assertEqual({"n1": 3}, self.fits(self.ask(capacity=True)))

    def test_what_makes_it_a_bound(self):
        self.add_node("n1")
        affinity = messages.group("affinity", [])
        for spec, bounds in (
                (messages.spec(flavor={"extra_specs": {
                    "hw:mem_page_size": "large"}}), ["numa_topology"]),
                (messages.spec(flavor={"extra_specs": {
                    "hw:cpu_policy": "shared"}}), []),
                (messages.spec(flavor={"extra_specs": {
                    "pci_passthrough:alias": "gpu:1"}}), ["pci_requests"]),
                (messages.spec(instance_group=affinity), ["server_group"]),
                (messages.spec(properties={"hw_numa_nodes": 1}),
                 ["numa_topology"])):
            capacity = self.ask_spec(spec, capacity=True)["capacity"]
            self.assertEqual((bounds, not bounds),
                             (capacity["bounds"], capacity["exact"]))

    def test_storage_that_hosts_share(self):
        self.add_host("nfs", traits=["MISC_SHARES_VIA_AGGREGATE"],
                      aggregates=[uuids.rack], DISK_GB=35)
        for name in ("n1", "n2"):
            self.add_node(name, aggregates=[uuids.rack],
                          sizes={"VCPU": 8, "MEMORY_MB": 16384})
        document = self.ask(capacity=True)
        self.assertEqual(3, document["capacity"]["total"])
        self.assertEqual({"n1": 3, "n2": 3}, self.fits(document))

    # ----------------------------------------------------------------- refused
    def test_what_makes_no_sense(self):
        self.add_node("n1")
        spec = messages.spec()
        bad = messages.spec(flavor={"vcpus": "many"})
        newer = {**spec, "nova_object.version": "2.0"}
        for malformed in ({}, {"a": []}, None, "spec", bad, newer,
                          {**spec, "nova_object.data": {}}):
            self.assertRaises(exception.SchedulingDataInvalid,
                              self.ask_spec, malformed)
        rebuild = messages.spec(scheduler_hints={
            "_nova_check_type": ["rebuild"]})
        self.assertEqual("scheduled", self.ask_spec(rebuild)["verdict"])
        self.assertRaises(exception.SchedulingDataInvalid, self.ask_spec,
                          rebuild, capacity=True)

    def test_flavors_that_are_too_small_for_the_image(self):
        self.add_node("n1")
        for field in ("min_disk", "min_ram"):
            error = self.assertRaises(
                exception.ValidationError, self.ask, image={field: 2000})
            self.assertEqual(f"server.image.{field}", error.field)
        self.ask(image={"min_disk": 10, "min_ram": 1024})
        self.ask(image={"min_disk": 2000}, volume_backed=True)
        self.ask(image={"min_disk": 2000}, flavor={**FLAVOR, "root_gb": 0})

    def test_it_is_for_admins(self):
        self.assertRaises(
            exception.PolicyNotAuthorized, self.scheduler.explain_server,
            self.context, {"server": {"flavor": FLAVOR}}, [], False)

    def test_nothing_is_known_of_hosts(self):
        self.source.error = exception.HostSourceUnavailable(reason="gone")
        self.assertRaises(exception.DriverUnavailable, self.ask)

    def test_no_secret_is_told(self):
        self.add_node("n1")
        document = self.ask_spec(messages.spec(
            requested_destination=messages.destination(
                cell=messages.cell())), capacity=True)
        self.assertNotIn(messages.SECRET, json.dumps(document))


class TestWithoutNova(base.base.SchedulerCase):

    db_driver = "sqlite"

    def test_it_is_said(self):
        error = self.assertRaises(
            exception.SchedulingDataInvalid, self.scheduler.explain_server,
            self.admin_context, {"server": {"flavor": FLAVOR}})
        self.assertIn("[nova] enabled is off", str(error))
