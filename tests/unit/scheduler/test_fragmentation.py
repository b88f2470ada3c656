"""FragmentationWeigher: what is waste, and where a placement makes least."""

import itertools

import numpy as np
from oslo_config import cfg

from tachyon.conf import types
from tachyon.scheduler import enabled
from tachyon.scheduler.weighers import fragmentation
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes


class TestWaste(base.TestCase):
    """Of one host with 8 VCPU and 8 GiB (in pieces of MEMORY_GB)."""

    CASES = [
        ("all of it fits", (8, 8), [(1, {"VCPU": 2, "MEMORY_GB": 2})], 0),
        ("nothing is free", (0, 0), [(1, {"VCPU": 2})], 0),
        ("a rest", (8, 8), [(1, {"VCPU": 3})], 2 / 8),
        ("memory without processors", (2, 8),
         [(1, {"VCPU": 1, "MEMORY_GB": 1})], (0 + 6 / 8) / 2),
        ("none fits", (4, 8), [(1, {"VCPU": 5})], 4 / 8),
        ("what nobody asks for is no waste", (8, 1), [(1, {"VCPU": 8})], 0),
        ("by share", (8, 8), [(3, {"VCPU": 8}), (1, {"VCPU": 5})],
         (3 * 0 + 3 / 8) / 4),
        ("nothing is expected", (8, 8), [], 0),
        ("of a class that is not there", (8, 8), [(1, {"VGPU": 1})], 0),
    ]

    def test_cases(self):
        for name, (vcpus, memory), workload, expected in self.CASES:
            with self.subTest(name):
                found = fragmentation.waste(
                    {"VCPU": np.array([vcpus], float),
                     "MEMORY_GB": np.array([memory], float),
                     "VGPU": np.zeros(1)},
                    {"VCPU": np.full(1, 8.0), "MEMORY_GB": np.full(1, 8.0),
                     "VGPU": np.zeros(1)},
                    [(share, tuple(resources.items()))
                     for share, resources in workload], 1)
                self.assertEqual([expected], found.tolist())


class TestWeigher(base.TestCase):

    def weigh(self, forest, resources, *workload):
        self.config("scheduler", fragmentation_workload=list(workload))
        driver = fakes.Driver(placement_fakes.make_forest(**{
            name: {"inventory": inventory}
            for name, inventory in forest.items()}))
        for name in forest:
            if name.startswith("used"):
                driver.store.use(name, VCPU=int(name[4:]))
        plugin = fragmentation.FragmentationWeigher(self.conf, "f")
        data = fakes.make_data(resources)
        with fakes.looking(self.conf, driver, data) as hosts:
            weights = plugin.weigh(hosts, data)
            return {host.name: round(float(weights[host.index]), 6)
                    for host in hosts}

    def test_room_for_large_ones_is_kept(self):
        """Two are on a host: the third goes there, not where eight fit."""
        weights = self.weigh({"empty": {"VCPU": 8}, "used2": {"VCPU": 8}},
                             {"VCPU": 2}, "VCPU:2", "VCPU:8")
        # To those that ask for 8, the empty one would be waste: 6 of 8; the
        # other one is already, and less of it.
        self.assertEqual({"empty": -0.375, "used2": 0.125}, weights)

    def test_more_of_the_same_is_expected(self):
        weights = self.weigh({"even": {"VCPU": 8}, "odd": {"VCPU": 7}},
                             {"VCPU": 4})
        # Of 7, 3 are waste before, and after.
        self.assertEqual({"even": 0.0, "odd": 0.0}, weights)
        weights = self.weigh(
            {"balanced": {"VCPU": 8, "MEMORY_MB": 80},
             "lean": {"VCPU": 8, "MEMORY_MB": 40}},
            {"VCPU": 1, "MEMORY_MB": 10}, "VCPU:1,MEMORY_MB:5")
        self.assertGreater(weights["balanced"], weights["lean"])

    def test_a_cloud_takes_more_of_a_mixed_workload(self):
        """Of small and large ones in turn, until one does not fit: more than
        by spreading."""
        def fill(multiplier):
            self.config("scheduler", enabled_weighers=[
                "FragmentationWeigher" if multiplier is None
                else "CPUWeigher"], fragmentation_workload=[
                    "VCPU:1", "VCPU:5"])
            weigher, = enabled.EnabledPlugins(
                self.conf, "tachyon.scheduler.weighers",
                "enabled_weighers").current().values()
            names = [f"h{number}" for number in range(4)]
            driver = fakes.Driver(placement_fakes.make_forest(**{
                name: {"inventory": {"VCPU": 8}} for name in names}))
            used = dict.fromkeys(names, 0)
            for count, asked in enumerate(itertools.cycle((1, 1, 5))):
                data = fakes.make_data({"VCPU": asked})
                with fakes.looking(self.conf, driver, data) as hosts:
                    fit = np.flatnonzero(hosts.free("VCPU") >= asked)
                    if not len(fit):
                        return count
                    hosts = hosts.at(fit)
                    best = int(np.argmax(weigher.weigh(hosts, data)))
                    name = hosts.name(best)
                used[name] += asked
                driver.store.use(name, VCPU=used[name])
            raise AssertionError("unreachable: it fills")

        self.assertGreater(fill(None), fill("CPUWeigher"))


class TestWorkload(base.TestCase):

    def test_values(self):
        read = types.Workload()
        self.assertEqual((3.0, (("VCPU", 4), ("MEMORY_MB", 8192))),
                         read("3*VCPU:4,MEMORY_MB:8192"))
        self.assertEqual((1.0, (("VCPU", 1),)), read(" VCPU:1 "))
        self.assertEqual(read("0.5*VCPU:1"), read(read("0.5*VCPU:1")))
        self.assertEqual(["0.5*VCPU:1"],
                         read.format_defaults(read("0.5*VCPU:1")))

    def test_nonsense(self):
        for value in ("", "VCPU", "VCPU:0", "VCPU:-1", "vcpu:1", "0*VCPU:1",
                      "-1*VCPU:1", "nan*VCPU:1", "inf*VCPU:1", "*VCPU:1",
                      "x*VCPU:1", "VCPU:1,VCPU:2", "VCPU:1,,DISK_GB:1"):
            with self.subTest(value):
                self.assertRaises(ValueError, types.Workload(), value)

    def test_a_file_with_nonsense_is_refused(self):
        path = f"{self.state_path}/conf"
        with open(path, "w") as file:
            file.write("[scheduler]\nfragmentation_workload = VCPU:x\n")
        conf = cfg.ConfigOpts()
        conf.register_opts(
            [cfg.MultiOpt("fragmentation_workload",
                          item_type=types.Workload())], group="scheduler")
        conf(["--config-file", path])
        self.assertRaises(cfg.ConfigFileValueError,
                          lambda: conf.scheduler.fragmentation_workload)
