"""Guests with NUMA cells and PCI devices, through the manager."""

import dataclasses
import json

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.scheduler.nova import errors
from tachyon.scheduler.nova.numa import topology
from tachyon.scheduler.nova.pci import pools
from tests.functional.nova import base
from tests.unit.scheduler.nova import messages

SIZES = {**base.SIZES, "PCPU": 8}


def make_guest(cells=1, pinned=2, networks=None, devices=(), **fields):
    """Return what a request has whose guest has so many cells, with so many
    CPUs of its own in each."""
    made = [messages.envelope(
        "InstanceNUMACell", "1.6", id=id, cpuset=[], memory=256,
        pcpuset=list(range(pinned * id, pinned * (id + 1))), pagesize=None,
        cpu_policy="dedicated", cpu_thread_policy=None)
        for id in range(cells)]
    return {
        "flavor": {"vcpus": cells * pinned,
                   "extra_specs": {"hw:cpu_policy": "dedicated"}},
        "numa_topology": messages.envelope(
            "InstanceNUMATopology", "1.3", cells=made,
            emulator_threads_policy=None),
        "network_metadata": networks and messages.envelope(
            "NetworkMetadata", "1.0", **networks), **fields}


def make_devices(count=1, **spec):
    """Return the request of an alias for GPUs."""
    return messages.envelope("InstancePCIRequests", "1.1", requests=[
        messages.envelope(
            "InstancePCIRequest", "1.4", count=count, alias_name="gpu",
            spec=[{"vendor_id": "10de", **spec}], request_id=uuids.gpus,
            numa_policy="required")])


class Case(base.NovaCase):

    def setUp(self):
        super().setUp()
        self.config(group="filter_scheduler", enabled_filters=[
            "ComputeFilter", "NUMATopologyFilter", "PciPassthroughFilter"])

    def add_cells(self, name, cells=2, cpus=4, devices=(), sizes=SIZES,
                  **fields):
        """Add a node with NUMA cells, each of so many dedicated CPUs; return
        its uuid. ``devices`` are pools of one GPU, as properties."""
        uuid = self.add_node(name, sizes=sizes)
        self.source.told[-1] = dataclasses.replace(
            self.source.told[-1], numa=topology.HostTopology(cells=tuple(
                topology.HostCell(
                    id, dedicated=((1 << cpus) - 1) << cpus * id,
                    cores=tuple(1 << cpu for cpu in range(
                        cpus * id, cpus * (id + 1))), memory=4096)
                for id in range(cells))),
            pci=pools.DevicePools(pools=[
                pools.Pool({"vendor_id": "10de", **each}, 1)
                for each in devices]), **fields)
        return uuid

    def refusal(self, uuid, **fields):
        error = self.assertRaises(errors.NoValidHost, self.select, [uuid],
                                  **fields)
        return str(error)


class TestCells(Case):

    def test_limits_go_along(self):
        self.add_cells("n1", cpu_allocation_ratio=4.0,
                       ram_allocation_ratio=1.5)
        (chosen,), = self.select([uuids.vm], **make_guest(
            networks={"physnets": ["red", "blue"], "tunneled": True}))
        self.assertEqual(
            {"vcpu": None, "memory_mb": None, "disk_gb": None,
             "numa_topology": {
                 "cpu_allocation_ratio": 4.0, "ram_allocation_ratio": 1.5,
                 "network_metadata": {"physnets": ["blue", "red"],
                                      "tunneled": True}}}, chosen["limits"])

    def test_no_limits_for_who_has_no_cells(self):
        self.add_cells("n1")
        (chosen,), = self.select([uuids.vm])
        self.assertEqual({None}, set(chosen["limits"].values()))

    def test_a_forced_host_is_not_asked(self):
        self.add_node("n1", sizes=SIZES)
        (chosen,), = self.select([uuids.vm], force_hosts=["n1-service"],
                                 **make_guest())
        self.assertIsNone(chosen["limits"]["numa_topology"])

    def test_why_none_fits(self):
        self.add_cells("small", cpus=1)
        self.add_cells("single", cells=1)
        self.add_node("flat", sizes=SIZES)
        self.assertEqual(
            "No valid host was found. 0/3 hosts: 1 refused by "
            "NUMATopologyFilter (it reports no NUMA cells), 1 refused by "
            "NUMATopologyFilter (it has fewer NUMA cells), 1 refused by "
            "NUMATopologyFilter (too few dedicated CPUs are free).",
            self.refusal(uuids.vm, **make_guest(cells=2)))

    def test_several_at_once_get_what_is_left(self):
        """Each cell has room for one of three CPUs, and two of one."""
        for name in ("n1", "n2"):
            self.add_cells(name)
        found = self.select_nodes(
            [getattr(uuids, f"vm{each}") for each in range(4)],
            **make_guest(pinned=3))
        self.assertEqual([["n1"], ["n1"], ["n2"], ["n2"]], sorted(found))
        self.assertIn("too few dedicated CPUs are free",
                      self.refusal(uuids.late, **make_guest(pinned=2)))
        self.select([uuids.last], **make_guest(pinned=1))

    def test_what_came_to_nothing_is_free_again(self):
        self.add_cells("n1")
        three = [getattr(uuids, f"vm{each}") for each in range(3)]
        self.assertRaises(errors.NoValidHost, self.select, three,
                          **make_guest(pinned=3))
        self.select(three[:2], **make_guest(pinned=3))

    def test_alternates_have_their_own_limits(self):
        for number in (1, 2):
            self.add_cells(f"n{number}", cpu_allocation_ratio=float(number))
        (chosen, other), = self.select([uuids.vm], alternates=True,
                                       **make_guest())
        for each in (chosen, other):
            self.assertEqual(
                float(each["nodename"][1:]),
                each["limits"]["numa_topology"]["cpu_allocation_ratio"])


class TestFallback(Case):
    """Pinned CPUs, of hosts that count theirs as VCPU or PCPU."""

    db_driver = "sqlite"

    def add_counted(self, name, **counted):
        """Add a node with two cells of four CPUs; return its uuid."""
        return self.add_cells(name, sizes={"MEMORY_MB": 16384,
                                           "DISK_GB": 100, **counted})

    def claimed(self, uuid):
        """Return which CPUs a server has, and how many, by provider."""
        return {provider: {name: amount for name, amount in each.items()
                           if name.endswith("CPU")}
                for provider, each in self.allocations(uuid).items()}

    def test_without_pcpu_it_is_vcpu(self):
        node = self.add_counted("n1", VCPU=8)
        self.select([uuids.vm], **make_guest())
        self.assertEqual({node: {"VCPU": 2}}, self.claimed(uuids.vm))

    def test_where_there_are_both_it_is_pcpu(self):
        node = self.add_counted("n1", VCPU=8, PCPU=8)
        self.select([uuids.vm], **make_guest())
        self.assertEqual({node: {"PCPU": 2}}, self.claimed(uuids.vm))

    def test_a_host_that_ran_out_is_told_by_its_cells(self):
        """Each host counts once, where it is out for good."""
        self.add_counted("full", VCPU=8, PCPU=1)
        self.source.told[-1] = dataclasses.replace(
            self.source.told[-1], numa=topology.HostTopology(cells=tuple(
                dataclasses.replace(cell, pinned=cell.dedicated)
                for cell in self.source.told[-1].numa.cells)))
        self.add_counted("none", VCPU=1)
        self.assertEqual(
            "No valid host was found. 0/2 hosts: 1 have no PCPU, 1 refused "
            "by NUMATopologyFilter (too few dedicated CPUs are free).",
            self.refusal(uuids.vm, **make_guest()))
        decision, = self.decisions(uuids.vm)
        query, instead = (decision.document["inputs"][name]
                          for name in ("query", "fallback"))
        self.assertIn("PCPU", str(query))
        self.assertNotIn("PCPU", str(instead))
        self.assertEqual([("full", ["FILTERED_BY"])], [
            (each["host"], [reason["code"] for reason in each["reasons"]])
            for each in decision.document["nearest"]])

    def test_a_forced_host_may_have_vcpu_alone(self):
        self.add_counted("n1", VCPU=8)
        self.add_counted("n2", VCPU=8)
        self.assertEqual([["n2"]], self.select_nodes(
            [uuids.vm], force_hosts=["n2-service"], **make_guest()))

    def test_it_can_be_disabled(self):
        self.config(group="nova", disable_fallback_pcpu_query=True)
        self.add_counted("n1", VCPU=8)
        self.assertEqual("No valid host was found. 0/1 hosts: 1 have no "
                         "PCPU.", self.refusal(uuids.vm, **make_guest()))


class TestDevices(Case):

    def add_gpus(self, node, *names):
        """Add providers of one GPU each; return their uuids."""
        return [self.add_host(f"{node}-{name}", parent=node, CUSTOM_GPU=1)
                for name in names]

    def setUp(self):
        super().setUp()
        self.driver.resource_classes.create("CUSTOM_GPU")

    def groups(self, count=1):
        """Return what Placement is asked for, as nova names it."""
        return [messages.request_group(f"{uuids.gpus}-{number}",
                                       {"CUSTOM_GPU": 1})
                for number in range(count)]

    def claimed(self, chosen):
        """Return the providers whose GPUs are claimed."""
        mappings = json.loads(chosen["allocation_request"])["mappings"]
        return [uuid for suffix, (uuid,) in mappings.items()
                if suffix.startswith(uuids.gpus)]

    def test_as_nova_alone_counts_them(self):
        self.add_cells("n1", devices=[{"numa_node": 0}])
        self.add_cells("n2", devices=[{"numa_node": 1}, {"numa_node": 0}])
        self.assertEqual([["n2"]], self.select_nodes(
            [uuids.vm], pci_requests=make_devices(count=2)))
        self.assertEqual([["n1"]], self.select_nodes(
            [uuids.other], pci_requests=make_devices()))
        self.assertIn("too few PCI devices are left",
                      self.refusal(uuids.late, pci_requests=make_devices()))

    def test_others_than_those(self):
        self.add_cells("n1", devices=[{"numa_node": 0,
                                       "product_id": "154d"}])
        self.assertIn(
            "refused by PciPassthroughFilter (its PCI devices are not those "
            "that are asked for)", self.refusal(
                uuids.vm, pci_requests=make_devices(product_id="1db4")))

    def test_the_provider_beside_the_cell_is_claimed(self):
        """Only one cell is left, and only one of the GPUs is beside it: the
        candidates that Placement has differ in nothing else."""
        for beside in (0, 1):
            name = f"n{beside}"
            node = self.add_cells(name)
            gpus = self.add_gpus(node, "a", "b")
            self.source.told[-1] = dataclasses.replace(
                self.source.told[-1],
                numa=topology.HostTopology(cells=[
                    cell if cell.id == beside else dataclasses.replace(
                        cell, pinned=cell.dedicated)
                    for cell in self.source.told[-1].numa.cells]),
                pci=pools.DevicePools(pools=[
                    pools.Pool({"vendor_id": "10de", "numa_node": number,
                                "rp_uuid": uuid}, 1)
                    for number, uuid in enumerate(gpus)]))
            (chosen,), = self.select(
                [getattr(uuids, name)], pci_requests=make_devices(),
                requested_resources=self.groups(), **make_guest())
            self.assertEqual((name, [gpus[beside]]), (
                chosen["nodename"], self.claimed(chosen)))
            self.assertEqual({"CUSTOM_GPU": 1}, self.allocations(
                getattr(uuids, name))[gpus[beside]])

    def test_no_provider_will_do(self):
        """Placement has a GPU that the node does not know of."""
        self.add_gpus(self.add_cells("n1", devices=[
            {"numa_node": 0, "rp_uuid": uuids.gone}]), "a")
        self.assertEqual(
            "No valid host was found. 0/1 hosts: 1 refused by "
            "PciPassthroughFilter (no combination of providers will do).",
            self.refusal(uuids.vm, pci_requests=make_devices(),
                         requested_resources=self.groups()))

    def test_each_of_several_has_its_own(self):
        node = self.add_cells("n1")
        gpus = self.add_gpus(node, "a", "b", "c")
        self.source.told[-1] = dataclasses.replace(
            self.source.told[-1], pci=pools.DevicePools(pools=[
                pools.Pool({"vendor_id": "10de", "numa_node": None,
                            "rp_uuid": uuid}, 1) for uuid in gpus]))
        found = self.select([uuids.a, uuids.b, uuids.c],
                            pci_requests=make_devices(),
                            requested_resources=self.groups())
        self.assertEqual(sorted(gpus), sorted(
            uuid for chosen, in found for uuid in self.claimed(chosen)))
        self.assertIn("CUSTOM_GPU", self.refusal(
            uuids.late, pci_requests=make_devices(),
            requested_resources=self.groups()))

    def test_only_providers_that_will_do_are_counted(self):
        """Of three GPUs, the node knows two; the other host knows none."""
        node = self.add_cells("n1")
        gpus = self.add_gpus(node, "a", "b", "c")
        self.source.told[-1] = dataclasses.replace(
            self.source.told[-1], pci=pools.DevicePools(pools=[
                pools.Pool({"vendor_id": "10de", "numa_node": None,
                            "rp_uuid": uuid}, 1) for uuid in gpus[:2]]))
        self.add_gpus(self.add_cells("n2", devices=[
            {"numa_node": 0, "rp_uuid": uuids.gone}]), "a")
        document = self.scheduler.explain_server(
            self.admin_context, {"request_spec": messages.spec(
                pci_requests=make_devices(),
                requested_resources=self.groups())}, capacity=True)
        capacity = document["capacity"]
        self.assertEqual(
            (2, ["pci_requests"], [("n1", 2)]),
            (capacity["total"], capacity["bounds"],
             [(each["host"], each["fits"]) for each in capacity["hosts"]]))


class TestNonsense(Case):

    def test_a_policy_that_is_not_known(self):
        guest = make_guest()
        cell, = guest["numa_topology"]["nova_object.data"]["cells"]
        cell["nova_object.data"]["cpu_policy"] = "timeshared"
        error = self.assertRaises(exception.MalformedMessage, self.select,
                                  [uuids.vm], **guest)
        self.assertIn("cpu_policy is none of shared, dedicated, mixed",
                      str(error))
