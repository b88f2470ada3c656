"""Filters and weighers that an operator wrote for nova, in a real decision."""

import dataclasses

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.nova import errors
from tachyon.scheduler.nova.pci import pools
from tachyon.scheduler.third_party import library
from tests.functional.nova import base
from tests.functional.nova import test_insides
from tests.unit.scheduler.nova import messages
from tests.unit.scheduler.third_party import test_library

ACME = test_library.ACME


class Case(base.NovaCase):
    """What is seen of the store is the same on each."""

    db_driver = "sqlite"
    filters: tuple[str, ...] = ()
    weighers: tuple[str, ...] = ()

    def make_scheduler(self, *args, **kwargs):
        self.config("filter_scheduler", available_filters=[
            "nova.scheduler.filters.all_filters", f"{ACME}.all_filters"],
            enabled_filters=["ComputeFilter", *self.filters],
            weight_classes=[f"{ACME}.{name}" for name in self.weighers])
        return super().make_scheduler(*args, **kwargs)

    def change(self, name, **fields):
        """Change what is known of a node."""
        self.source.told = [
            dataclasses.replace(node, **fields)
            if node.nodename == name else node for node in self.source.told]

    def add_rack(self, rack, *hosts):
        number = len(self.source.aggregates)
        self.source.aggregates += (node_module.Aggregate(
            number, uuids.rack, f"rack-{rack}", frozenset(hosts),
            {"rack": rack}),)

    def refusal(self, *servers, **fields):
        error = self.assertRaises(errors.NoValidHost, self.select, servers,
                                  **fields)
        return str(error)


class TestFilters(Case):

    db_driver = "sqlite"
    filters = ("RackFilter", "EmptyFilter")

    def test_aggregates_and_hints(self):
        for name in ("n1", "n2", "n3"):
            self.add_node(name)
        self.add_rack("r1", "n1-service", "n3-service")
        self.add_rack("r2", "n2-service")
        self.assertEqual([["n2"]], self.select_nodes(
            [uuids.vm], scheduler_hints={"rack": ["r2"]}))

    def test_explain_counts_them(self):
        for name in ("n1", "n2", "n3"):
            self.add_node(name)
        self.change("n2", num_instances=1)
        self.add_rack("r1", "n2-service")
        self.assertEqual(
            "No valid host was found. 0/3 hosts: 2 refused by RackFilter, "
            "1 refused by EmptyFilter.", self.refusal(
                uuids.vm, scheduler_hints={"rack": ["r1"]}))
        decision, = self.decisions(uuids.vm)
        self.assertEqual(
            [("ComputeFilter", 3, 3), ("RackFilter", 3, 1),
             ("EmptyFilter", 1, 0)],
            [(each["stage"], each["before"], each["after"])
             for each in decision.document["funnel"][-3:]])

    def test_the_nearest_have_all_their_reasons(self):
        """A host that one filter refused is asked about by the others."""
        self.add_node("n1")
        self.change("n1", num_instances=1)
        self.refusal(uuids.vm, scheduler_hints={"rack": ["r1"]})
        decision, = self.decisions(uuids.vm)
        nearest, = decision.document["nearest"]
        self.assertEqual(["RackFilter", "EmptyFilter"], [
            each["params"]["filter"] for each in nearest["reasons"]])

    def test_instances_of_a_host(self):
        self.add_node("n1")
        self.source.instances = facts_module.Instances(
            {uuids.a: "n1-service", uuids.b: "n2-service"},
            {uuids.b: "n1-service", uuids.a: None})
        self.assertIn("1 refused by EmptyFilter", self.refusal(uuids.vm))
        self.source.instances = self.source.instances.but({uuids.b: None})
        self.assertEqual([["n1"]], self.select_nodes([uuids.vm]))

    def test_limits_go_along(self):
        self.add_node("n1")
        (chosen,), = self.select([uuids.vm])
        self.assertEqual(
            {"memory_mb": 16384, "disk_gb": None, "vcpu": None,
             "numa_topology": None}, chosen["limits"])

    def test_several_see_what_the_former_took(self):
        for name in ("n1", "n2"):
            self.add_node(name)
        found = self.select_nodes([uuids.a, uuids.b])
        self.assertEqual([["n1"], ["n2"]], sorted(found))
        self.assertIn("2 refused by EmptyFilter", self.refusal(uuids.late))

    def test_a_rebuild_is_no_question(self):
        self.add_node("n1")
        self.change("n1", num_instances=1)
        self.assertEqual([["n1"]], self.select_nodes(
            [uuids.vm], scheduler_hints={"_nova_check_type": ["rebuild"]}))

    def test_secrets_are_not_shown(self):
        self.add_node("n1")
        self.assertEqual([["n1"]], self.select_nodes(
            [uuids.vm], requested_destination=messages.destination(
                cell=messages.cell())))
        decision, = self.decisions(uuids.vm)
        self.assertNotIn(messages.SECRET, str(decision.document))

    def test_a_request_that_nova_cannot_read(self):
        self.add_node("n1")
        spec = messages.spec()
        spec["nova_object.version"] = "1.99"
        self.assertIn("the nova that is installed can't read the request",
                      self.refusal(uuids.vm, spec=spec))


class TestOncePerRequest(Case):

    db_driver = "sqlite"
    filters = ("RoomFilter",)

    def test_its_answer_holds_for_the_call(self):
        self.add_node("n1")
        self.change("n1", free_ram_mb=1100)
        self.assertEqual([["n1"], ["n1"]],
                         self.select_nodes([uuids.a, uuids.b]))
        self.source.consumed.clear()
        # Those that have no names are told apart, too.
        self.assertEqual(2, len(self.nova.select_destinations(
            self.context, spec_obj=messages.spec(num_instances=2),
            return_objects=True)))
        self.source.consumed[uuids.a] = self.source.told[0].uuid
        self.assertIn("1 refused by RoomFilter", self.refusal(uuids.late))


class TestStop(Case):

    db_driver = "sqlite"
    filters = ("StopFilter",)

    def test_nobody_passes(self):
        self.add_node("n1")
        self.assertIn("1 refused by StopFilter", self.refusal(uuids.vm))


class TestCandidates(Case):

    db_driver = "sqlite"
    filters = ("SecondGpuFilter",)

    def test_the_one_that_is_left_is_claimed(self):
        self.driver.resource_classes.create("CUSTOM_GPU")
        node = self.add_node("n1")
        gpus = [self.add_host(f"gpu{number}", parent=node, CUSTOM_GPU=1)
                for number in range(3)]
        self.select([uuids.vm], requested_resources=[
            messages.request_group(uuids.port, {"CUSTOM_GPU": 1})])
        self.assertEqual({"CUSTOM_GPU": 1},
                         self.allocations(uuids.vm)[max(gpus)])


class TestNovasOwn(test_insides.Case):
    """A filter of nova's, named by a path, sees cells as Tachyon's does."""

    db_driver = "sqlite"

    def make_scheduler(self, *args, **kwargs):
        self.config("filter_scheduler",
                    available_filters=[f"{ACME}.NUMATopologyFilter"],
                    enabled_filters=["NUMATopologyFilter"])
        return super().make_scheduler(*args, **kwargs)

    @staticmethod
    def make_guest():
        return test_insides.make_guest(pinned=3, networks={
            "physnets": [], "tunneled": False})

    def test_cells(self):
        self.add_cells("n1", cells=1, cpus=4, cpu_allocation_ratio=4.0,
                       ram_allocation_ratio=1.5, devices=[{"numa_node": 0}])
        self.assertIsInstance(self.source.told[0].pci, pools.DevicePools)
        (chosen,), = self.select([uuids.vm], **self.make_guest())
        self.assertEqual(
            (4.0, 1.5), tuple(chosen["limits"]["numa_topology"][name]
                              for name in ("cpu_allocation_ratio",
                                           "ram_allocation_ratio")))
        self.assertIn("1 refused by NUMATopologyFilter", self.refusal(
            uuids.late, **self.make_guest()))


class TestBroken(Case):

    db_driver = "sqlite"
    filters = ("BrokenFilter",)

    def test_the_request_fails_and_says_why(self):
        self.add_node("n1")
        self.assertEqual(
            "No valid host was found. BrokenFilter failed (KeyError).",
            self.refusal(uuids.vm))
        decision, = self.decisions(uuids.vm)
        self.assertEqual("backend_error", decision.verdict)
        self.assertNotIn("hush", str(decision.document))
        self.assertEqual({}, self.source.consumed)


class TestWeighers(Case):

    db_driver = "sqlite"
    filters = ("EmptyFilter",)
    weighers = ("CalmWeigher", "SeenWeigher")

    def setUp(self):
        super().setUp()
        for number, instances in enumerate((4, 1, 2, 7)):
            self.add_node(f"n{number}")
            self.change(f"n{number}", num_instances=instances)
        self.config("filter_scheduler", enabled_filters=["ComputeFilter"])

    def test_the_calmest(self):
        self.config("filter_scheduler",
                    weight_classes=[f"{ACME}.CalmWeigher"])
        self.assertEqual([["n1"]], self.select_nodes([uuids.vm]))
        decision, = self.decisions(uuids.vm)
        self.assertEqual(
            [("n1", 2 / 3), ("n2", 1 / 3)],
            [(each["host"], each["weight"])
             for each in decision.document["scores"][:2]])
        self.assertEqual({"CalmWeigher": 1.0},
                         decision.document["inputs"]["weighers"])

    def test_the_operators_multiplier(self):
        self.config("filter_scheduler",
                    weight_classes=[f"{ACME}.CalmWeigher"])
        library.OPTIONS.set_override("calm_weight_multiplier", -1.0, "acme")
        self.addCleanup(library.OPTIONS.clear_override,
                        "calm_weight_multiplier", "acme")
        (name,), = self.select_nodes([uuids.vm])
        self.assertIn(name, ("n0", "n3"))

    def test_what_a_filter_left_on_a_host(self):
        self.config("filter_scheduler", enabled_filters=["EmptyFilter"],
                    weight_classes=[f"{ACME}.SeenWeigher"])
        self.add_node("n9")
        self.assertEqual([["n9"]], self.select_nodes([uuids.vm]))

    def test_one_that_fails(self):
        for name, words in (("SeenWeigher", "AttributeError"),
                            ("NoWeigher", "ValueError")):
            with self.subTest(name):
                self.config("filter_scheduler",
                            weight_classes=[f"{ACME}.{name}"])
                self.assertEqual(
                    f"No valid host was found. {name} failed ({words}).",
                    self.refusal(uuids.vm))
