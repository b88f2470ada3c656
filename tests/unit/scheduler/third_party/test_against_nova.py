"""nova's own filters and weighers, run as third-party ones, say what
Tachyon's forms say: so both see the same of hosts and requests."""

import importlib
import random

import numpy as np

from tachyon import plugins
from tachyon.scheduler.actions import weigh
from tachyon.scheduler.nova import request as nova_request
from tachyon.scheduler.third_party import filters
from tachyon.scheduler.third_party import library
from tachyon.scheduler.third_party import weighers
from tests import base
from tests.unit.scheduler.nova import cloud
from tests.unit.scheduler.nova import test_against_nova

# These look at what the requests here have nothing of.
INSIDES = test_against_nova.INSIDES
# nova's asks its databases.
ASKING = ("ImagePropertiesWeigher",)


class TestAgainstNova(base.TestCase):

    def setUp(self):
        super().setUp()
        rng = random.Random(1)
        self.hosts = cloud.make_hosts(rng, 12)
        self.aggregates = cloud.make_aggregates(rng, self.hosts)
        self.requests = [cloud.make_request(rng, self.hosts)
                         for _ in range(40)]
        self.filters = library.find(
            self.conf, "nova.scheduler.filters.all_filters", library.FILTER)
        self.weighers = library.find(
            self.conf, "nova.scheduler.weights.all_weighers",
            library.WEIGHER)
        # It imports nova, which is there by now.
        self.verdicts = importlib.import_module(
            "tests.unit.scheduler.nova.nova_verdicts")
        for group, options in test_against_nova.OPTIONS.items():
            self.config(group, **options)
            for name, value in options.items():
                library.OPTIONS.set_override(name, value, group)
                self.addCleanup(library.OPTIONS.clear_override, name,
                                group)

    def make_data(self, request):
        data = cloud.make_data(request)
        data.nova.call = nova_request.Call(
            self.verdicts.request_spec(request).obj_to_primitive())
        return data

    def test_filters(self):
        ours = plugins.load_all(plugins.NOVA_FILTERS, [
            name for name in self.filters if name not in INSIDES])
        out = dict.fromkeys(ours, 0)
        with cloud.looking(self.conf, self.hosts, self.aggregates) as hosts:
            for request in self.requests:
                data = self.make_data(request)
                for name, cls in ours.items():
                    own = cls(self.conf, name)
                    expected = (
                        own.mask(hosts, data).tolist()
                        if own.on_rebuild or not data.nova.is_rebuild
                        else [True] * len(hosts))
                    theirs = filters.ThirdPartyFilter(self.conf, name,
                                                      self.filters[name])
                    self.assertEqual(
                        expected, theirs.mask(hosts, data).tolist(),
                        (name, request))
                    self.assertEqual(
                        expected, [theirs.why(host, data) is None
                                   for host in hosts], name)
                    out[name] += expected.count(False)
        self.assertEqual(["AllHostsFilter"], [
            name for name, count in out.items() if not count])

    def test_weights(self):
        names = [name for name in self.weighers if name not in ASKING]
        ours = {name: cls(self.conf, name) for name, cls in plugins.load_all(
            plugins.NOVA_WEIGHERS, names).items()}
        theirs = {name: weighers.ThirdPartyWeigher(self.conf, name,
                                                   self.weighers[name])
                  for name in names}
        with cloud.looking(self.conf, self.hosts, self.aggregates) as hosts:
            for request in self.requests:
                data = self.make_data(request)
                np.testing.assert_allclose(
                    weigh.score(theirs, hosts, data).total,
                    weigh.score(ours, hosts, data).total,
                    atol=1e-9, err_msg=str(request))
