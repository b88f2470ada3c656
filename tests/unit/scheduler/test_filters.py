"""Filters: each by its cases, and all of them fast as slow."""

import itertools

import numpy as np

from tachyon import plugins
from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters import base as filters_base
from tachyon.scheduler.filters import compute
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes

# Each host differs in what a filter may look at.
AGES = (0.0, 59.9, 60.0, 60.1, 1e6)


def make_driver():
    """Return hosts on all edges: amounts, traits, trees, computes."""
    forest = {"unserved": {"inventory": {"VCPU": 1}}}
    services = []
    for number, (age, enabled) in enumerate(
            itertools.product(AGES, (True, False))):
        name = f"h{number}"
        forest[name] = {
            "inventory": {"VCPU": number, "MEMORY_MB": 512 * number},
            "traits": ["CUSTOM_A"] if number % 2 else [],
            "aggregates": ["az1"] if number % 3 else [],
            "children": {f"{name}-numa": {
                "inventory": {"VCPU": 2}, "traits": ["CUSTOM_B"]}}}
        services.append(fakes.service(f"c{number}", name, age=age,
                                      enabled=enabled))
    return fakes.Driver(placement_fakes.make_forest(**forest), services)


class TestEveryFilter(base.TestCase):
    def filters(self):
        names = [each.name for each in plugins.list_all()
                 if each.namespace == plugins.FILTERS]
        self.assertIn("ComputeFilter", names)
        return [cls(self.conf, name) for name, cls
                in plugins.load_all(plugins.FILTERS, names).items()]

    def requests(self):
        yield fakes.make_data({"VCPU": 1})
        yield fakes.make_data({"VCPU": 4, "MEMORY_MB": 2048},
                              tried=frozenset({"h1"}),
                              hints={"group": "a"},
                              preferred_traits=("CUSTOM_A",),
                              avoided_traits=("CUSTOM_B",))

    def test_fast_equals_slow(self):
        driver = make_driver()
        for plugin, data in itertools.product(self.filters(),
                                              self.requests()):
            with self.subTest(plugin.name), fakes.looking(
                    self.conf, driver, data) as hosts:
                slow = [plugin.why(host, data) is None for host in hosts]
                self.assertEqual(slow, plugin.mask(hosts, data).tolist())

    def test_each_refused_host_is_counted_once_for_its_own_reason(self):
        driver = make_driver()
        for plugin, data in itertools.product(self.filters(),
                                              self.requests()):
            with self.subTest(plugin.name), fakes.looking(
                    self.conf, driver, data) as hosts:
                refused = hosts.keep(~plugin.mask(hosts, data))
                counted = plugin.count(refused, data)
                self.assertEqual(
                    list(range(len(refused))),
                    sorted(np.concatenate([indices for _, indices in counted]
                                          or [[]]).tolist()))
                for reason, indices in counted:
                    for index in indices:
                        own = plugin.why(refused.host(int(index)), data)
                        self.assertEqual(reason.text(), own.text())

    def test_no_hosts(self):
        with fakes.looking(self.conf, make_driver()) as hosts:
            none = hosts.keep(np.zeros(len(hosts), bool))
            for plugin in self.filters():
                data = fakes.make_data()
                self.assertEqual([], plugin.mask(none, data).tolist())
                self.assertEqual([], list(plugin.count(none, data)))


class TestComputeFilter(base.TestCase):
    def test_reasons(self):
        self.config(service_down_time=60.0)
        driver = fakes.Driver(
            placement_fakes.make_forest(**{
                name: {"inventory": {"VCPU": 1}}
                for name in ("good", "old", "off", "old_off", "alone")}),
            [fakes.service("c1", "good"),
             fakes.service("c2", "old", age=61.0),
             fakes.service("c3", "off", enabled=False, reason="broken fan"),
             fakes.service("c4", "old_off", age=61.0, enabled=False)])
        plugin = compute.ComputeFilter(self.conf, "ComputeFilter")
        data = fakes.make_data()
        with fakes.looking(self.conf, driver) as hosts:
            found = {host.name: plugin.why(host, data) for host in hosts}
        self.assertIsNone(found["good"])
        for name, params in (
                ("old", {"detail": compute.DOWN, "service": "c2"}),
                ("off", {"detail": compute.DISABLED, "service": "c3",
                         "disabled_reason": "broken fan"}),
                ("old_off", {"detail": compute.DOWN, "service": "c4"}),
                ("alone", {"detail": compute.NONE})):
            self.assertEqual(
                reasons.Reason(reasons.Code.FILTERED_BY,
                               {"filter": "ComputeFilter", **params}),
                found[name], name)
        self.assertEqual(
            "refused by ComputeFilter (its compute is disabled)",
            found["off"].text())


class OddFilter(filters_base.HostFilter):
    """Refuses hosts with an odd number, for two reasons."""

    def why(self, host, data):
        number = int(host.name[1:])
        if number % 2 == 0:
            return None
        return self.reason("small" if number < 5 else "large")


class TestHostFilter(base.TestCase):
    def hosts(self, count):
        driver = fakes.Driver(placement_fakes.make_forest(**{
            f"h{n}": {"inventory": {"VCPU": 1}} for n in range(count)}))
        return fakes.looking(self.conf, driver)

    def test_mask_is_made_of_why(self):
        plugin = OddFilter(self.conf, "odd")
        with self.hosts(4) as hosts:
            self.assertEqual(
                {"h0": True, "h1": False, "h2": True, "h3": False},
                dict(zip([host.name for host in hosts],
                         plugin.mask(hosts, fakes.make_data()).tolist(),
                         strict=True)))

    def test_a_few_are_counted_by_reason(self):
        plugin = OddFilter(self.conf, "odd")
        with self.hosts(10) as hosts:
            data = fakes.make_data()
            refused = hosts.keep(~plugin.mask(hosts, data))
            counted = {reason.text(): len(indices) for reason, indices
                       in plugin.count(refused, data)}
        self.assertEqual({"refused by odd (small)": 2,
                          "refused by odd (large)": 3}, counted)

    def test_many_have_one_common_reason(self):
        self.addCleanup(setattr, filters_base, "ASKED_MAX",
                        filters_base.ASKED_MAX)
        for limit, reasons_found in ((5, 2), (4, 1)):
            filters_base.ASKED_MAX = limit
            plugin = OddFilter(self.conf, "odd")
            with self.subTest(limit), self.hosts(10) as hosts:
                data = fakes.make_data()
                refused = hosts.keep(~plugin.mask(hosts, data))
                self.assertEqual(reasons_found,
                                 len(plugin.count(refused, data)))


class TestHostSet(base.TestCase):
    """Columns say of each host what Host says of one."""

    def test_columns_equal_hosts(self):
        with fakes.looking(self.conf, make_driver()) as hosts:
            for resource_class in ("VCPU", "MEMORY_MB", "DISK_GB"):
                self.assertEqual(
                    [host.free(resource_class) for host in hosts],
                    hosts.free(resource_class).tolist())
            for trait in ("CUSTOM_A", "CUSTOM_B", "CUSTOM_NOWHERE"):
                self.assertEqual(
                    [host.has_trait(trait) for host in hosts],
                    hosts.has_trait(trait).tolist())
            self.assertEqual([host.up for host in hosts], hosts.up.tolist())
            self.assertEqual(
                [host.service is not None and host.service.enabled
                 for host in hosts], hosts.enabled.tolist())
            self.assertEqual([host.name for host in hosts],
                             [hosts.name(i) for i in range(len(hosts))])

    def test_keep_and_at(self):
        with fakes.looking(self.conf, make_driver()) as hosts:
            names = [host.name for host in hosts]
            mask = np.array([name in ("h1", "h3") for name in names])
            self.assertEqual(
                ["h1", "h3"],
                sorted(host.name for host in hosts.keep(mask)))
            self.assertEqual(
                [names[2], names[0]],
                [host.name for host in hosts.at(np.array([2, 0]))])

    def test_flat_clouds_need_no_sums(self):
        driver = fakes.Driver(placement_fakes.make_forest(
            a={"inventory": {"VCPU": 3}}, b={"inventory": {"VCPU": 5}}))
        driver.store.use("b", VCPU=1)
        with fakes.looking(self.conf, driver) as hosts:
            self.assertIsInstance(hosts, scheduler_data.HostSet)
            self.assertEqual(
                {"a": (3, 3), "b": (4, 5)},
                {host.name: (int(hosts.free("VCPU")[host.index]),
                             int(hosts.capacity("VCPU")[host.index]))
                 for host in hosts})
