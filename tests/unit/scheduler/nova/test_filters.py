"""nova's filters and weighers: mask and reason agree, and special cases.

That they agree with nova's own is in ``test_against_nova``.
"""

import copy
import json
import random

import numpy as np

from tachyon import exception
from tachyon import plugins
from tachyon.scheduler import enabled
from tachyon.scheduler.actions import weigh
from tachyon.scheduler.filters.nova import operators
from tachyon.scheduler.host_sources import node as node_module
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler.nova import cloud


class Case(base.TestCase):

    def setUp(self):
        super().setUp()
        self.rng = random.Random(7)
        self.hosts = cloud.make_hosts(self.rng, 12)
        self.aggregates = cloud.make_aggregates(self.rng, self.hosts)

    def request(self, **fields):
        """Return one that asks for nothing but what is given."""
        asked = cloud.make_request(self.rng, self.hosts)
        asked.update(
            is_rebuild=False, hints={}, image=None, group=None, cell=None,
            flavor={"name": "small", "extra_specs": {}})
        return {**asked, **fields}

    def make(self, name):
        return plugins.load(plugins.NOVA_FILTERS, name)(self.conf, name)

    def passing(self, name, request, **fields):
        """Return the numbers of the hosts that pass a filter."""
        with cloud.looking(self.conf, self.hosts, self.aggregates) as hosts:
            return np.flatnonzero(self.make(name).mask(
                hosts, cloud.make_data(request, **fields))).tolist()


class TestEveryFilter(Case):

    def test_mask_why_and_count_agree(self):
        self.config("filter_scheduler", max_io_ops_per_host=2,
                    isolated_hosts=["h1"], isolated_images=["img1"])
        self.config("metrics", weight_setting=["cpu.percent=1"])
        names = plugins.known(plugins.NOVA_FILTERS)
        filters = [self.make(name) for name in names]
        # The last is a host that no source knows.
        known, unknown = self.hosts[:-1], self.hosts[-1]
        with cloud.looking(self.conf, self.hosts) as hosts:
            facts = cloud.facts(hosts.snapshot, known, self.aggregates)
            hosts = type(hosts)(hosts.snapshot, hosts.rows, facts.serving,
                                facts)
            self.assertIsNone(hosts.host(len(known)).node)
            self.assertEqual(unknown["node"], hosts.name(len(known)))
            for _ in range(20):
                data = cloud.make_data(
                    cloud.make_request(self.rng, self.hosts))
                for plugin in filters:
                    self.check(plugin, hosts, data)
                    none = hosts.keep(np.zeros(len(hosts), bool))
                    self.assertEqual([], plugin.mask(none, data).tolist())
                    self.assertEqual([], list(plugin.count(none, data)))

    def check(self, plugin, hosts, data):
        mask = plugin.mask(hosts, data)
        self.assertEqual(
            [plugin.why(host, data) is None for host in hosts],
            mask.tolist(), plugin.name)
        refused = hosts.keep(~mask)
        counted = plugin.count(refused, data)
        self.assertEqual(
            list(range(len(refused))),
            sorted(int(index) for _, indices in counted
                   for index in indices), plugin.name)
        for reason, indices in counted:
            for index in indices:
                own = plugin.why(refused.host(int(index)), data)
                self.assertEqual(reason.text(), own.text())


class TestFilters(Case):

    def test_a_group_counts_who_was_placed_a_moment_ago(self):
        for policy, expected in (
                ("anti-affinity", [n for n in range(12) if n != 4]),
                ("affinity", [4])):
            group = {"policy": policy, "members": ["late"], "hosts": [],
                     "rules": {}}
            request = self.request(group=group)
            name = ("ServerGroupAffinityFilter" if policy == "affinity"
                    else "ServerGroupAntiAffinityFilter")
            self.assertEqual(expected, self.passing(
                name, request, placed={"late": placement_fakes.uuid("n4"),
                                       "other": placement_fakes.uuid("n5"),
                                       "lost": "no-provider"}))

    def test_who_is_told_twice_counts_once(self):
        self.hosts[4]["instances"] = ["a"]
        group = {"policy": "anti-affinity", "members": ["a"], "hosts": [],
                 "rules": {"max_server_per_host": "2"}}
        self.assertIn(4, self.passing(
            "ServerGroupAntiAffinityFilter", self.request(group=group),
            placed={"a": placement_fakes.uuid("n4")}))

    def test_what_makes_no_sense_is_refused(self):
        deep = json.loads("[\"not\", " * 30 + "1" + "]" * 30)
        for name, fields in (
                ("SimpleCIDRAffinityFilter",
                 {"hints": {"build_near_host_ip": ["nowhere"]}}),
                ("SimpleCIDRAffinityFilter",
                 {"hints": {"build_near_host_ip": ["10.0.0.1"],
                            "cidr": ["/99"]}}),
                ("JsonFilter", {"hints": {"query": ["[nonsense"]}}),
                ("JsonFilter", {"hints": {"query": ['["eval", 1]']}}),
                ("JsonFilter", {"hints": {"query": ['{"=": 1}']}}),
                ("JsonFilter", {"hints": {"query": ['[["="], 1]']}}),
                ("JsonFilter", {"hints": {"query": [json.dumps(deep)]}}),
                ("ImagePropertiesFilter",
                 {"image": {"id": "i", "properties": {
                     "hw_architecture": "x86_64",
                     "img_hv_requested_version": "new"}}}),
                ("ServerGroupAntiAffinityFilter",
                 {"group": {"policy": "anti-affinity", "members": [],
                            "hosts": [],
                            "rules": {"max_server_per_host": "many"}}})):
            with self.subTest(name, **fields):
                self.assertRaises(exception.SchedulingDataInvalid,
                                  self.passing, name, self.request(**fields))

    def test_words_and_numbers_have_no_order(self):
        query = {"query": [json.dumps(["<", "$hypervisor_type", 3])]}
        self.assertEqual([], self.passing("JsonFilter",
                                          self.request(hints=query)))
        specs = {"name": "s", "extra_specs": {
            "capabilities:hypervisor_type": ">= 3"}}
        self.assertEqual([], self.passing("ComputeCapabilitiesFilter",
                                          self.request(flavor=specs)))

    def test_a_query_about_the_service(self):
        self.hosts[3]["disabled"] = True
        query = {"query": [json.dumps(["=", "$service.disabled", True])]}
        found = self.passing("JsonFilter", self.request(hints=query))
        self.assertEqual([number for number, host in enumerate(self.hosts)
                          if host["disabled"]], found)

    def test_address_bits_of_an_image(self):
        for number, host in enumerate(self.hosts):
            host["supported_instances"] = [["x86_64", "kvm", "hvm"]]
            host["cpu_info"] = json.dumps(
                {"maxphysaddr": {"bits": 39 + number}} if number else {})
        image = {"id": "i", "properties": {
            "hw_architecture": "x86_64", "hw_maxphysaddr_bits": 42}}
        # Who does not say how long they are is not refused.
        self.assertEqual([0, *range(3, 12)], self.passing(
            "ImagePropertiesFilter", self.request(image=image)))

    def test_the_default_architecture(self):
        for number, host in enumerate(self.hosts):
            host["supported_instances"] = [
                ["aarch64" if number == 5 else "x86_64", "kvm", "hvm"]]
        self.config("filter_scheduler",
                    image_properties_default_architecture="aarch64")
        self.assertEqual([5], self.passing("ImagePropertiesFilter",
                                           self.request()))


class TestOperators(base.TestCase):
    CASES = [
        ("the value itself", "kvm", "kvm", True),
        ("another value", "kvm", "qemu", False),
        ("nothing asked", "", "", True),
        ("nothing asked of something", "kvm", "", False),
        ("at least", "4", "= 4", True), ("less", "3", "= 4", False),
        ("at most", "4", "<= 4", True), ("more", "5", "<= 4", False),
        ("equal", "4.0", "== 4", True), ("unequal", "4", "!= 4", False),
        ("no number", "many", ">= 4", False),
        ("no number asked", "4", ">= many", False),
        ("nothing to compare with", "4", ">=", False),
        ("words", "b", "s> a", True), ("same words", "a", "s< a", False),
        ("part", "sse avx", "<in> avx", True),
        ("all parts", "sse avx", "<all-in> avx sse", True),
        ("not all parts", "sse", "<all-in> avx sse", False),
        ("one of", "b", "<or> a <or> b", True),
        ("none of", "c", "<or> a <or> b", False),
        ("one of nothing", "c", "<or>", False),
    ]

    def test_cases(self):
        for name, value, spec, expected in self.CASES:
            with self.subTest(name):
                self.assertIs(expected, operators.match(value, spec))


class TestWeighers(Case):

    def total(self, request, weighers):
        self.config("filter_scheduler", weight_classes=weighers)
        with cloud.looking(self.conf, self.hosts, self.aggregates) as hosts:
            return weigh.score(enabled.nova_weighers(self.conf).current(),
                               hosts, cloud.make_data(request)).total

    def test_names_as_nova_writes_them(self):
        self.config("filter_scheduler", weight_classes=[
            "nova.scheduler.weights.ram.RAMWeigher", "CPUWeigher"])
        self.assertEqual(["RAMWeigher", "CPUWeigher"],
                         list(enabled.nova_weighers(self.conf).current()))
        self.config("filter_scheduler", weight_classes=[
            "nova.scheduler.weights.all_weighers", "CPUWeigher"])
        # What nova does not have is not among all of its weighers.
        known = plugins.known(plugins.NOVA_WEIGHERS)
        known.remove("FragmentationWeigher")
        self.assertEqual(
            known, list(enabled.nova_weighers(self.conf).current()))
        self.config("filter_scheduler", weight_classes=["my.OwnWeigher"])
        self.assertRaises(exception.PluginError, enabled.nova_weighers,
                          self.conf)

    def test_fragmentation(self):
        """Nova has none: named, and its multiplier, it counts."""
        self.config("scheduler", fragmentation_workload=["VCPU:2"])
        self.hosts = [{**each, "room": 6 + index % 2}
                      for index, each in enumerate(self.hosts)]
        names = ["tachyon.FragmentationWeigher"]
        # The one that is placed takes what is left of 7, and breaks 6.
        self.assertEqual([0.0, 1.0] * 6,
                         self.total(self.request(), names).tolist())
        self.config("filter_scheduler", fragmentation_weight_multiplier=-2.0)
        self.assertEqual([0.0, -2.0] * 6,
                         self.total(self.request(), names).tolist())

    def test_a_metric_that_must_be_there(self):
        self.config("metrics", weight_setting=["nowhere=1.0"])
        error = self.assertRaises(exception.SchedulingDataInvalid,
                                  self.total, self.request(),
                                  ["MetricsWeigher"])
        self.assertIn("n0 does not report nowhere", str(error))

    def test_unknown_hosts_weigh_something(self):
        self.config("metrics", required=False)
        with cloud.looking(self.conf, self.hosts) as hosts:
            facts = cloud.facts(hosts.snapshot, self.hosts[:1], ())
            hosts = type(hosts)(hosts.snapshot, hosts.rows, facts.serving,
                                facts)
            scores = weigh.score(
                enabled.nova_weighers(self.conf).current(), hosts,
                cloud.make_data(self.request()))
        self.assertTrue(np.isfinite(scores.total).all())


class TestNode(Case):

    def test_what_is_no_json_is_nothing(self):
        self.assertIsNone(node_module.parse("[1"))
        self.assertEqual({}, node_module.as_dict("[]"))
        self.assertEqual({}, node_module.metrics_of('{"name": 1}'))

    def test_attributes_are_told_by_name(self):
        node = cloud.node(copy.deepcopy(self.hosts[0]))
        self.assertEqual("QEMU" if node.hypervisor_type == "QEMU" else "KVM",
                         node.attribute("hypervisor_type"))
        self.assertEqual(self.hosts[0]["stats"], node.attribute("stats"))
        for name in ("__class__", "stats_text", "updated", "attribute",
                     "numa", "pci", "known"):
            self.assertIsNone(node.attribute(name))
