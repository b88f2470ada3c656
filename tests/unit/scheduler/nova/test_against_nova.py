"""Tachyon's forms of nova's filters and weighers agree with nova's own."""

import json
import random
import subprocess
import sys

import numpy as np

from tachyon import plugins
from tachyon.scheduler import enabled
from tachyon.scheduler.actions import weigh
from tests import base
from tests.integration.parts import processes
from tests.unit.scheduler.nova import cloud

# Those that look at cells and devices: see test_insides.
INSIDES = ("NUMATopologyFilter", "PciPassthroughFilter")
OPTIONS = {
    "filter_scheduler": {
        "max_io_ops_per_host": 3, "max_instances_per_host": 4,
        "isolated_hosts": ["h1", "h2", "h3"], "isolated_images": ["img1"],
        "num_instances_weight_multiplier": 0.5,
        "build_failure_weight_multiplier": 1.5,
        "image_props_weight_multiplier": 0.75,
        "cross_cell_move_weight_multiplier": 1.25},
    "metrics": {"weight_setting": ["cpu.frequency=1.0", "cpu.percent=-0.5",
                                   "nonsense"],
                "required": False, "weight_of_unavailable": -50.0},
}


class TestAgainstNova(base.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = random.Random(20261121)
        cls.hosts = cloud.make_hosts(rng, 30)
        cls.aggregates = cloud.make_aggregates(rng, cls.hosts)
        cls.requests = [cloud.make_request(rng, cls.hosts)
                        for _ in range(80)]
        done = subprocess.run(
            [sys.executable, "-m",
             "tests.unit.scheduler.nova.nova_verdicts"],
            input=json.dumps({
                "hosts": cls.hosts, "aggregates": cls.aggregates,
                "requests": cls.requests, "options": OPTIONS,
                "filters": cls.names(),
                "weighers": plugins.known(plugins.NOVA_WEIGHERS)}),
            capture_output=True, text=True, cwd=processes.ROOT)
        assert done.returncode == 0, done.stderr
        cls.nova = json.loads(done.stdout)

    @staticmethod
    def names():
        return [name for name in plugins.known(plugins.NOVA_FILTERS)
                if name not in INSIDES]

    def setUp(self):
        super().setUp()
        for group, options in OPTIONS.items():
            self.config(group, **options)

    def test_all_are_there(self):
        for kind, namespace in (("filters", plugins.NOVA_FILTERS),
                                ("weighers", plugins.NOVA_WEIGHERS)):
            self.assertEqual(
                set(self.nova["known"][kind]),
                set(plugins.known(namespace)) - enabled.NovaPlugins.BEYOND)

    def test_filters(self):
        names = self.names()
        classes = plugins.load_all(plugins.NOVA_FILTERS, names)
        seen = {}
        with cloud.looking(self.conf, self.hosts,
                           self.aggregates) as hosts:
            for number, request in enumerate(self.requests):
                data = cloud.make_data(request)
                for name, cls in classes.items():
                    plugin = cls(self.conf, name)
                    mask = np.ones(len(hosts), bool)
                    if plugin.on_rebuild or not data.nova.is_rebuild:
                        mask = plugin.mask(hosts, data)
                    self.assertEqual(self.nova["filters"][name][number],
                                     mask.tolist(), (name, request))
                    seen.setdefault(name, set()).update(mask.tolist())
        # Each was asked something that it refuses.
        self.assertEqual({name: {True, False} for name in names
                          if name != "AllHostsFilter"},
                         {name: found for name, found in seen.items()
                          if name != "AllHostsFilter"})

    def test_weights(self):
        weighers = enabled.nova_weighers(self.conf).current()
        with cloud.looking(self.conf, self.hosts,
                           self.aggregates) as hosts:
            for number, request in enumerate(self.requests):
                scores = weigh.score(weighers, hosts,
                                     cloud.make_data(request))
                np.testing.assert_allclose(
                    scores.total, self.nova["weights"][number],
                    atol=1e-9, err_msg=str(request))
