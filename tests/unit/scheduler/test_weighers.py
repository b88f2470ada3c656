"""Weighers: raw numbers, their spread, their multipliers."""

import itertools

import numpy as np

from tachyon import plugins
from tachyon.scheduler.actions import base as actions_base
from tachyon.scheduler.actions import weigh
from tachyon.scheduler.weighers import base as weighers_base
from tachyon.scheduler.weighers import cpu
from tachyon.scheduler.weighers import disk
from tachyon.scheduler.weighers import fragmentation
from tachyon.scheduler.weighers import ram
from tachyon.scheduler.weighers import traits
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes

FOREST = {
    "small": {"inventory": {"VCPU": 4, "MEMORY_MB": 1024, "DISK_GB": 10},
              "traits": ["CUSTOM_SLOW"]},
    "large": {"inventory": {"VCPU": 8, "MEMORY_MB": 4096, "DISK_GB": 30},
              "traits": ["CUSTOM_SSD", "CUSTOM_GPU"]},
    "nested": {"children": {
        "numa0": {"inventory": {"VCPU": 3, "MEMORY_MB": 1024},
                  "traits": ["CUSTOM_SSD"]},
        "numa1": {"inventory": {"VCPU": 3, "MEMORY_MB": 1024}}}},
}


class TestNormalise(base.TestCase):
    CASES = [
        ("none", [], []),
        ("one", [7.0], [0.0]),
        ("all equal", [3.0, 3.0, 3.0], [0.0, 0.0, 0.0]),
        ("all zero", [0.0, 0.0], [0.0, 0.0]),
        ("spread", [1.0, 3.0, 2.0], [0.0, 1.0, 0.5]),
        ("negative", [-4.0, 0.0, -1.0], [0.0, 1.0, 0.75]),
    ]

    def test_cases(self):
        for name, raw, expected in self.CASES:
            with self.subTest(name):
                self.assertEqual(expected, weighers_base.normalise(
                    np.array(raw)).tolist())

    def test_what_is_least_and_greatest_may_be_given(self):
        for least, greatest, expected in (
                (None, None, [0, 0.25, 1]), (0, None, [0.2, 0.4, 1]),
                (None, 9, [0, 0.125, 0.5]), (2, 4, [0, 0, 1]),
                (0, 4, [0.25, 0.5, 1])):
            with self.subTest(least=least, greatest=greatest):
                self.assertEqual(expected, weighers_base.normalise(
                    np.array([1.0, 2.0, 5.0]), least, greatest).tolist())


class TestPlaces(base.TestCase):
    CASES = [
        ("no hosts", [[]], []),
        ("no weighers", [], [0, 0, 0]),
        ("one weigher", [[1, 3, 2]], [0, 1, 0.5]),
        ("the first decides", [[1, 1, 2], [9, 5, 0]], [0.5, 0, 1]),
        ("the order of weighers counts", [[9, 5, 0], [1, 1, 2]],
         [1, 0.5, 0]),
        ("equal ones share a place", [[1, 1, 0], [2, 2, 3]], [1, 1, 0]),
        ("all are equal", [[1, 1, 1]], [0, 0, 0]),
        ("the last bits do not count", [[0.3, 0.1 + 0.2, 0], [0, 1, 2]],
         [0.5, 1, 0]),
        ("negative ones", [[-1, 0, -2]], [0.5, 1, 0]),
    ]

    def test_cases(self):
        for name, weighted, expected in self.CASES:
            with self.subTest(name):
                self.assertEqual(expected, weighers_base.places(
                    [np.array(each, float) for each in weighted],
                    len(expected)).tolist())


class TestWeighers(base.TestCase):
    def setUp(self):
        super().setUp()
        self.driver = fakes.Driver(placement_fakes.make_forest(**FOREST))

    def weigh(self, cls, **fields):
        data = fakes.make_data(**fields)
        plugin = cls(self.conf, cls.__name__)
        with fakes.looking(self.conf, self.driver, data) as hosts:
            weights = plugin.weigh(hosts, data)
            self.assertEqual(np.float64, weights.dtype)
            return {host.name: weights[host.index] for host in hosts}

    def test_what_is_free_counts(self):
        self.driver.store.use("large", VCPU=2, MEMORY_MB=96, DISK_GB=5)
        for cls, expected in (
                (ram.RAMWeigher,
                 {"small": 1024, "large": 4000, "nested": 2048}),
                (cpu.CPUWeigher, {"small": 4, "large": 6, "nested": 6}),
                (disk.DiskWeigher, {"small": 10, "large": 25, "nested": 0})):
            with self.subTest(cls.__name__):
                self.assertEqual(expected, self.weigh(cls))

    def test_traits(self):
        for name, preferred, avoided, expected in (
                ("none", (), (), (0, 0, 0)),
                ("preferred", ("CUSTOM_SSD",), (), (0, 1, 1)),
                ("each counts", ("CUSTOM_SSD", "CUSTOM_GPU"), (), (0, 2, 1)),
                ("avoided", (), ("CUSTOM_SLOW",), (-1, 0, 0)),
                ("both", ("CUSTOM_GPU",), ("CUSTOM_SSD",), (0, 0, -1)),
                ("unknown", ("CUSTOM_NOWHERE",), (), (0, 0, 0))):
            with self.subTest(name):
                self.assertEqual(
                    dict(zip(("small", "large", "nested"), expected,
                             strict=True)),
                    self.weigh(traits.TraitsWeigher,
                               preferred_traits=preferred,
                               avoided_traits=avoided))

    def test_multipliers_follow_the_options(self):
        for cls, option in (
                (ram.RAMWeigher, "ram_weight_multiplier"),
                (cpu.CPUWeigher, "cpu_weight_multiplier"),
                (disk.DiskWeigher, "disk_weight_multiplier"),
                (traits.TraitsWeigher, "traits_weight_multiplier"),
                (fragmentation.FragmentationWeigher,
                 "fragmentation_weight_multiplier")):
            plugin = cls(self.conf, cls.__name__)
            for value in (1.5, 0.0, -2.0):
                with self.subTest(option, value=value):
                    self.config("scheduler", **{option: value})
                    self.assertEqual(value, plugin.multiplier)

    def test_a_lexicographic_order(self):
        # Nested has the least memory but one, and more VCPUs than small.
        self.config("scheduler", enabled_weighers=["TraitsWeigher",
                                                   "CPUWeigher"],
                    cpu_weight_multiplier=-1.0)
        tools = actions_base.Tools(self.conf, self.driver)
        for weighing, expected in (
                ("sum", {"small": 0.0, "large": 1.0, "nested": 1.5}),
                ("lexicographic",
                 {"small": 0.0, "large": 0.5, "nested": 1.0})):
            self.config("scheduler", weighing=weighing)
            action = weigh.WeighAction(tools, "weigh")
            data = fakes.make_data(preferred_traits=("CUSTOM_SSD",))
            with fakes.looking(self.conf, self.driver, data) as hosts:
                data.hosts = hosts
                action.execute(data)
                self.assertEqual(expected, {
                    host.name: float(data.scores.total[host.index])
                    for host in hosts})

    def test_one_host_at_a_time(self):
        class NameLength(weighers_base.HostWeigher):
            def weigh_one(self, host, data):
                return len(host.name)

        self.assertEqual({"small": 5, "large": 5, "nested": 6},
                         self.weigh(NameLength))
        self.assertEqual(1.0, NameLength(self.conf, "n").multiplier)

    def test_every_weigher_gives_a_finite_number_a_host(self):
        names = [each.name for each in plugins.list_all()
                 if each.namespace == plugins.WEIGHERS]
        classes = plugins.load_all(plugins.WEIGHERS, names)
        requests = [fakes.make_data(), fakes.make_data(
            preferred_traits=("CUSTOM_SSD",), avoided_traits=("CUSTOM_GPU",))]
        for (name, cls), data in itertools.product(classes.items(),
                                                   requests):
            with self.subTest(name), fakes.looking(
                    self.conf, self.driver, data) as hosts:
                plugin = cls(self.conf, name)
                weights = plugin.weigh(hosts, data)
                self.assertEqual((len(hosts),), weights.shape)
                self.assertTrue(np.isfinite(weights).all())
                none = hosts.keep(np.zeros(len(hosts), bool))
                self.assertEqual((0,), plugin.weigh(none, data).shape)
