"""From RequestSpec to Query: what flavor, image and ports ask for."""

from typing import Any

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.placement import query as placement_query
from tachyon.scheduler.nova import constraints
from tachyon.scheduler.nova import request
from tachyon.scheduler.nova import resources
from tests import base
from tests.unit.scheduler.nova import messages


def read(extra_specs: dict[str, str] | None = None,
         properties: dict[str, Any] | None = None,
         flavor: dict[str, Any] | None = None,
         **fields: Any) -> request.RequestSpec:
    return request.read(messages.spec(
        {"vcpus": 4, "extra_specs": extra_specs or {}, **(flavor or {})},
        properties, **fields))


def ask(extra_specs: dict[str, str] | None = None,
        properties: dict[str, Any] | None = None,
        flavor: dict[str, Any] | None = None,
        **fields: Any) -> placement_query.Query:
    return resources.query(read(extra_specs, properties, flavor, **fields))


def whole(*args: Any, **fields: Any) -> placement_query.RequestGroup:
    """Return the unsuffixed group."""
    return ask(*args, **fields).groups[0]


class TestSizes(base.TestCase):
    def test_flavor(self):
        asked = ask()
        self.assertEqual(placement_query.Query(groups=(
            placement_query.RequestGroup(resources={
                "VCPU": 4, "MEMORY_MB": 512, "DISK_GB": 1}),)), asked)

    def test_disk_is_root_ephemeral_and_swap_in_whole_gib(self):
        sizes = {"root_gb": 5, "ephemeral_gb": 7, "swap": 1025}
        self.assertEqual(14, whole(flavor=sizes).resources["DISK_GB"])
        self.assertEqual(9, whole(flavor=sizes,
                                  is_bfv=True).resources["DISK_GB"])

    def test_none_of_something_is_not_asked_for(self):
        self.assertEqual({"VCPU": 4, "MEMORY_MB": 512},
                         whole(is_bfv=True).resources)

    def test_extra_specs_come_before_sizes(self):
        self.assertEqual(
            {"VCPU": 2, "DISK_GB": 1, "CUSTOM_GPU": 3},
            whole({"resources:VCPU": "2", "resources:MEMORY_MB": "0",
                   "resources:CUSTOM_GPU": "3"}).resources)

    def test_a_class_of_another_group_counts(self):
        made = ask({"resources_NUMA0:VCPU": "4"})
        self.assertEqual({"MEMORY_MB": 512, "DISK_GB": 1},
                         {group.suffix: group for group in made.groups}[
                             ""].resources)

    def test_what_makes_no_sense_is_ignored(self):
        with self.assertLogs(resources.LOG.logger, "WARNING") as logs:
            made = ask({"resources:VCPU": "many", "resources:COWS": "1",
                        "resources:PCPU": "-1", "trait:CUSTOM_A": "maybe",
                        "group_policy": "apart", "hw:other": "x"})
        self.assertEqual(ask(), made)
        self.assertEqual(5, len(logs.output))


class TestGroups(base.TestCase):
    TWO = {"resources1:CUSTOM_GPU": "1", "resources2:CUSTOM_GPU": "1"}

    def test_traits(self):
        made = ask({"trait:CUSTOM_A": "required",
                    "trait:CUSTOM_B": "forbidden",
                    "resources_X:CUSTOM_GPU": "1",
                    "trait_X:CUSTOM_C": "required"},
                   {"traits_required": ["CUSTOM_D"]})
        first, second = made.groups
        self.assertEqual({"CUSTOM_A", "CUSTOM_D"}, first.required)
        self.assertEqual({"CUSTOM_B"}, first.forbidden)
        self.assertEqual(("_X", {"CUSTOM_C"}),
                         (second.suffix, second.required))
        self.assertEqual({"CUSTOM_A", "CUSTOM_C", "CUSTOM_D"},
                         resources.required_traits(made))

    def test_several_groups_of_a_flavor_need_a_policy(self):
        error = self.assertRaises(exception.ValidationError, ask, self.TWO)
        self.assertIn("overlap", str(error))
        made = ask({**self.TWO, "group_policy": "isolate"})
        self.assertEqual("isolate", made.group_policy)

    def test_ports_may_overlap(self):
        made = ask({"resources1:CUSTOM_GPU": "1"}, requested_resources=[
            messages.request_group(uuids.port, {
                "NET_BW_EGR_KILOBIT_PER_SEC": 1000},
                required_traits=["CUSTOM_PHYSNET"],
                in_tree=uuids.tree)])
        self.assertEqual("none", made.group_policy)
        self.assertEqual(placement_query.RequestGroup(
            uuids.port, {"NET_BW_EGR_KILOBIT_PER_SEC": 1000},
            required=frozenset({"CUSTOM_PHYSNET"}), in_tree=uuids.tree),
            made.groups[2])

    def test_requesters_are_unique(self):
        port = messages.request_group("", {"VCPU": 1})
        self.assertRaises(exception.ValidationError, ask,
                          requested_resources=[port])
        port = messages.request_group("p", {"VCPU": 1})
        self.assertRaises(exception.ValidationError, ask,
                          requested_resources=[port, port])

    def test_request_level(self):
        made = ask(requested_resources=[
            messages.request_group("a", {"CUSTOM_A": 1}),
            messages.request_group("b", {}, required_traits=["CUSTOM_B"])],
            request_level_params=messages.envelope(
                "RequestLevelParams", "1.1", root_required=["CUSTOM_R"],
                root_forbidden=["CUSTOM_F"], same_subtree=[["a", "b"]]))
        self.assertEqual({"CUSTOM_R"}, made.root_required)
        self.assertEqual({"CUSTOM_F"}, made.root_forbidden)
        self.assertEqual((frozenset("ab"),), made.same_subtree)

    def test_a_group_without_resources_needs_a_subtree(self):
        self.assertRaises(
            exception.ValidationError, ask, requested_resources=[
                messages.request_group("b", {}, required_traits=["X"])])

    def test_destination(self):
        made = whole(requested_destination=messages.destination(
            aggregates=[f"{uuids.a},{uuids.b}", uuids.c],
            forbidden_aggregates=[uuids.d]))
        self.assertEqual((frozenset({uuids.a, uuids.b}),
                          frozenset({uuids.c})), made.member_of)
        self.assertEqual({uuids.d}, made.forbidden_aggregates)


class TestConstraints(base.TestCase):
    # Extra specs, properties, resources besides memory and disk, traits.
    CASES = (
        ({"hw:cpu_policy": "dedicated"}, {}, {"PCPU": 4}, ()),
        ({}, {"hw_cpu_policy": "dedicated"}, {"PCPU": 4}, ()),
        ({"hw:cpu_policy": "dedicated", "hw:emulator_threads_policy":
          "isolate"}, {}, {"PCPU": 5}, ()),
        ({"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "1-2"}, {},
         {"VCPU": 2, "PCPU": 2}, ()),
        ({"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "^0"}, {},
         {"VCPU": 1, "PCPU": 3}, ()),
        ({"hw:cpu_policy": "mixed", "hw:cpu_realtime": "yes",
          "hw:cpu_realtime_mask": "^0-1"}, {}, {"VCPU": 2, "PCPU": 2}, ()),
        ({"hw:cpu_thread_policy": "isolate"}, {}, {"VCPU": 4},
         ("!HW_CPU_HYPERTHREADING",)),
        ({}, {"hw_cpu_thread_policy": "require"}, {"VCPU": 4},
         ("HW_CPU_HYPERTHREADING",)),
        ({"hw:mem_encryption": "true"}, {},
         {"VCPU": 4, "MEM_ENCRYPTION_CONTEXT": 1}, ("HW_CPU_X86_AMD_SEV",)),
        ({"hw:pmem": "2GB, 2GB,SMALL"}, {},
         {"VCPU": 4, "CUSTOM_PMEM_NAMESPACE_2GB": 2,
          "CUSTOM_PMEM_NAMESPACE_SMALL": 1}, ()),
        ({"hw:tpm_version": "2.0", "hw:tpm_model": "tpm-crb"}, {},
         {"VCPU": 4}, ("COMPUTE_SECURITY_TPM_2_0",
                       "COMPUTE_SECURITY_TPM_CRB")),
        ({}, {"hw_tpm_version": "1.2"}, {"VCPU": 4},
         ("COMPUTE_SECURITY_TPM_1_2", "COMPUTE_SECURITY_TPM_TIS")),
        ({"os:secure_boot": "required"}, {}, {"VCPU": 4},
         ("COMPUTE_SECURITY_UEFI_SECURE_BOOT",)),
        ({"os:secure_boot": "optional"}, {}, {"VCPU": 4}, ()),
        ({}, {"hw_firmware_type": "uefi", "hw_firmware_stateless": True},
         {"VCPU": 4}, ("COMPUTE_SECURITY_STATELESS_FIRMWARE",)),
        ({}, {"hw_firmware_type": "bios", "hw_firmware_stateless": True},
         {"VCPU": 4}, ()),
        ({"hw:maxphysaddr_mode": "emulate"}, {}, {"VCPU": 4},
         ("COMPUTE_ADDRESS_SPACE_EMULATED",)),
        ({"hw:pci_numa_affinity_policy": "socket"}, {}, {"VCPU": 4},
         ("COMPUTE_SOCKET_PCI_NUMA_AFFINITY",)),
    )

    def test_what_flavor_and_image_say(self):
        for extra_specs, properties, amounts, traits in self.CASES:
            with self.subTest(extra_specs=extra_specs,
                              properties=properties):
                made = whole(extra_specs, properties)
                self.assertEqual(
                    {**amounts, "MEMORY_MB": 512, "DISK_GB": 1},
                    made.resources)
                self.assertEqual(sorted(traits), sorted(
                    [*made.required, *(f"!{trait}" for trait
                                       in made.forbidden)]))

    def test_where_no_cpu_is_counted_as_pinned(self):
        for extra_specs, properties, traits in (
                ({"hw:cpu_policy": "dedicated"}, {}, ()),
                ({}, {"hw_cpu_policy": "dedicated",
                      "hw_cpu_thread_policy": "require"}, ()),
                ({"hw:cpu_policy": "dedicated",
                  "hw:cpu_thread_policy": "isolate",
                  "hw:emulator_threads_policy": "isolate",
                  "trait:HW_CPU_HYPERTHREADING": "required",
                  "hw:mem_encryption": "false"}, {},
                 ("HW_CPU_HYPERTHREADING",))):
            with self.subTest(extra_specs=extra_specs,
                              properties=properties):
                made, = resources.fallback(read(extra_specs,
                                                properties)).groups
                self.assertEqual({"VCPU": 4, "MEMORY_MB": 512, "DISK_GB": 1},
                                 made.resources)
                self.assertEqual(set(traits), made.required)
                self.assertEqual(set(), made.forbidden)

    def test_only_who_is_pinned_as_a_whole_can_do_with_others(self):
        for extra_specs in ({}, {"hw:cpu_policy": "shared"},
                            {"resources:PCPU": "4"},
                            {"hw:cpu_thread_policy": "isolate"},
                            {"hw:cpu_policy": "mixed",
                             "hw:cpu_dedicated_mask": "1-2"}):
            with self.subTest(extra_specs):
                self.assertIsNone(resources.fallback(read(extra_specs)))

    def test_contradictions(self):
        for extra_specs, properties in (
                ({"hw:cpu_policy": "shared"}, {"hw_cpu_policy": "dedicated"}),
                ({"hw:cpu_policy": "odd"}, {}),
                ({"hw:cpu_policy": "mixed"}, {}),
                ({"hw:cpu_policy": "mixed",
                  "hw:cpu_dedicated_mask": "3-4"}, {}),
                ({"hw:mem_encryption": "true"},
                 {"hw_mem_encryption": False}),
                ({"hw:mem_encryption": "true",
                  "hw:mem_encryption_model": "rot13"}, {}),
                ({"hw:tpm_version": "1.2"}, {"hw_tpm_version": "2.0"}),
                ({"hw:tpm_version": "3"}, {}),
                ({"hw:tpm_version": "1.2", "hw:tpm_model": "tpm-crb"}, {}),
                ({}, {"traits_required": "CUSTOM_A"})):
            with self.subTest(extra_specs=extra_specs,
                              properties=properties):
                self.assertRaises(exception.ValidationError, ask,
                                  extra_specs, properties)

    def test_masks(self):
        for mask, cpus in (("0-3,^2", {0, 1, 3}), ("^0", {1, 2, 3}),
                           ("1,,3", {1, 3}), (" 2 ", {2})):
            with self.subTest(mask):
                self.assertEqual(cpus, constraints.parse_cpus(
                    mask, range(4)))
        for mask in ("a", "3-1", "1-", "-1", "0-99999999999"):
            with self.subTest(mask):
                self.assertRaises(exception.ValidationError,
                                  constraints.parse_cpus, mask, range(4))
