"""Weighers: raw numbers, their spread, their multipliers."""

import itertools

import numpy as np

from tachyon import plugins
from tachyon.scheduler.weighers import base as weighers_base
from tachyon.scheduler.weighers import cpu
from tachyon.scheduler.weighers import disk
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
                (traits.TraitsWeigher, "traits_weight_multiplier")):
            plugin = cls(self.conf, cls.__name__)
            for value in (1.5, 0.0, -2.0):
                with self.subTest(option, value=value):
                    self.config("scheduler", **{option: value})
                    self.assertEqual(value, plugin.multiplier)

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
