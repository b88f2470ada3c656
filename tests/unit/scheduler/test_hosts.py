"""Who serves which host, and is it there."""

from tachyon.placement import view
from tachyon.scheduler import hosts
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes


class TestMatcher(base.TestCase):
    CASES = [
        # name, what each service serves, host, indices of its services
        ("nobody", [["a*"]], "b1", ()),
        ("serves nothing", [[]], "b1", ()),
        ("glob", [["a*"]], "a1", (0,)),
        ("exact before glob", [["*"], ["a1"]], "a1", (1,)),
        ("exact before the longest glob", [["compute-a?"], ["compute-a1"]],
         "compute-a1", (1,)),
        ("more literals win", [["*"], ["rack1-*"], ["rack*"]], "rack1-7",
         (1,)),
        ("other hosts keep the wider one", [["*"], ["rack1-*"]], "rack2-1",
         (0,)),
        ("equally specific", [["a*"], ["?1"]], "a1", (0, 1)),
        ("the same twice", [["a*"], ["a*"]], "a1", (0, 1)),
        ("twice by one", [["a*", "a*", "*1"]], "a1", (0,)),
        ("a set of characters", [["a[12]"]], "a2", (0,)),
        ("not in the set", [["a[12]"]], "a3", ()),
        ("case counts", [["A*"]], "a1", ()),
        ("a dot is a dot", [["a.b*"]], "axb1", ()),
        ("an escaped name is exact", [["*"], ["a[*]"]], "a*", (1,)),
        ("and means itself only", [["*"], ["a[*]"]], "a1", (0,)),
        ("all that can be escaped", [["*"], ["[[][*][?]"]], "[*?", (1,)),
        ("a bracket that stays open", [["*"], ["a[1"]], "a[1", (1,)),
        ("the whole name", [["a1"]], "a11", ()),
        ("newline in a name", [["*"]], "a\nb", (0,)),
    ]

    def test_cases(self):
        for name, patterns, host, expected in self.CASES:
            with self.subTest(name):
                services = [fakes.service(f"c{i}", *each)
                            for i, each in enumerate(patterns)]
                matcher = hosts.Matcher(services)
                for _ in range(2):              # the second from memory
                    group = matcher.group(host)
                    self.assertEqual(expected, matcher.groups[group])

    def test_memory_is_bounded(self):
        self.addCleanup(setattr, hosts, "MEMO_MAX", hosts.MEMO_MAX)
        hosts.MEMO_MAX = 10
        matcher = hosts.Matcher([fakes.service("c", "*")])
        for number in range(100):
            matcher.group(f"h{number}")
        self.assertLessEqual(len(matcher._memo), 10)


class TestHostMap(base.TestCase):
    def setUp(self):
        super().setUp()
        self.store = placement_fakes.make_forest(
            **{name: {"inventory": {"VCPU": 4}} for name in "abc"})
        self.clock = fakes.Clock()
        self.config(service_down_time=60.0)

    def map(self, *services):
        self.driver = fakes.Driver(self.store, services)
        self.view = view.View(self.driver)
        return hosts.HostMap(self.conf, self.driver, self.clock)

    def serving(self, host_map):
        """Return by host: its service, is it up, is it enabled."""
        table = host_map.refresh()
        with self.view.read() as snapshot:
            serving = host_map.serving(snapshot, table)
            found = {}
            for row in snapshot.host_rows:
                index = serving.by_row[row]
                found[snapshot.names[row]] = None if index < 0 else (
                    serving.services[index].host, bool(serving.up[index]),
                    bool(serving.enabled[index]))
        return found

    def test_each_host_has_its_service(self):
        host_map = self.map(fakes.service("ca", "a"),
                            fakes.service("cb", "b", enabled=False),
                            fakes.service("x", "c", binary="tachyon-api"))
        self.assertEqual({"a": ("ca", True, True), "b": ("cb", True, False),
                          "c": None}, self.serving(host_map))

    def test_down_after_the_time_and_not_before(self):
        for age, up in ((59.9, True), (60.0, True), (60.1, False)):
            with self.subTest(age):
                host_map = self.map(fakes.service("ca", "a", age=age))
                self.assertEqual(("ca", up, True),
                                 self.serving(host_map)["a"])

    def test_a_list_that_is_kept_grows_older(self):
        self.addCleanup(setattr, hosts, "FRESH_SERVICES_MAX",
                        hosts.FRESH_SERVICES_MAX)
        hosts.FRESH_SERVICES_MAX = 0
        host_map = self.map(fakes.service("ca", "a", age=59.5))
        self.assertEqual(("ca", True, True), self.serving(host_map)["a"])
        self.clock.now += 0.9
        self.assertEqual(("ca", False, True), self.serving(host_map)["a"])
        self.assertEqual(1, self.driver.services.calls)
        self.clock.now += 0.2
        self.serving(host_map)
        self.assertEqual(2, self.driver.services.calls)

    def test_a_slow_decision_finds_nobody_down_for_it(self):
        host_map = self.map(fakes.service("ca", "a", age=58.5))
        table = host_map.refresh()
        self.clock.now += 30.0
        with self.view.read() as snapshot:
            self.assertEqual([True], list(host_map.serving(snapshot,
                                                           table).up))

    def test_a_short_list_is_always_fresh(self):
        host_map = self.map(fakes.service("ca", "a"))
        self.serving(host_map)
        self.driver.services.services = [
            fakes.service("ca", "a", enabled=False)]
        self.assertEqual(("ca", True, False), self.serving(host_map)["a"])

    def test_a_host_whose_own_compute_is_down_is_down(self):
        host_map = self.map(fakes.service("ca", "a", age=99.0),
                            fakes.service("all", "*"))
        self.assertEqual(
            {"a": ("ca", False, True), "b": ("all", True, True),
             "c": ("all", True, True)}, self.serving(host_map))

    def test_of_equals_one_that_can_is_taken(self):
        down = fakes.service("c1", "*", age=99.0)
        disabled = fakes.service("c2", "*", enabled=False)
        good = fakes.service("c3", "*")
        good2 = fakes.service("c4", "*")
        for services, expected in (
                ((down, disabled, good, good2), "c3"),
                ((down, disabled), "c2"),
                ((down,), "c1")):
            with self.subTest(expected):
                host_map = self.map(*services)
                self.assertEqual(expected, self.serving(host_map)["a"][0])
                self.assertEqual(expected,
                                 host_map.service_of("a")[0].host)

    def test_disabled_ones_still_handle_what_they_have(self):
        host_map = self.map(fakes.service("ca", "a", enabled=False))
        service, down = host_map.service_of("a")
        self.assertEqual(("ca", False), (service.host, down))

    def test_down_only_when_somebody_would_have_heard_it(self):
        self.config(service_down_time=60.0, report_interval=10.0)
        host_map = self.map(
            fakes.service("ca", "a", age=1e6),
            fakes.service("s", age=1.0, binary="tachyon-scheduler"))
        self.assertFalse(host_map.service_of("a")[1])
        for _ in range(3):
            self.clock.now += 20.0
            host_map.refresh()
        self.assertTrue(host_map.service_of("a")[1])
        self.driver.services.services = [fakes.service("ca", "a", age=1e6)]
        self.clock.now += 31.0
        self.assertFalse(host_map.service_of("a")[1])

    def test_can_decide(self):
        self.config(service_down_time=60.0, report_interval=10.0)
        scheduler = fakes.service("s", age=1.0, binary="tachyon-scheduler")
        api = fakes.service("api", age=1.0, binary="tachyon-api")
        for name, services, passed, expected in (
                ("nobody", [], 5.0, False),
                ("only an API", [api], 5.0, False),
                ("only a scheduler", [scheduler], 5.0, False),
                ("for a while", [scheduler], 80.0, True),
                ("a compute", [fakes.service("c", age=4.0)], 5.0, True),
                ("lately", [scheduler, fakes.service("c", age=50.0)], 5.0,
                 True),
                ("about to be down",
                 [scheduler, fakes.service("c", age=50.1)], 5.0, False),
                ("too long ago", [fakes.service("c", age=30.1)], 5.0, False),
                ("one of them", [fakes.service("c1", age=1e6),
                                 fakes.service("c2", age=4.0)], 5.0, True)):
            with self.subTest(name):
                host_map = self.map(*services)
                for _ in range(int(passed / 5)):
                    self.clock.now += 5.0
                    host_map.refresh()
                self.assertIs(expected, host_map.can_decide())

    def test_what_lets_it_decide_may_be_a_second_old(self):
        host_map = self.map(fakes.service("c"))
        for passed, calls in ((0.0, 1), (0.9, 1), (0.2, 2)):
            self.clock.now += passed
            self.assertTrue(host_map.can_decide())
            self.assertEqual(calls, self.driver.services.calls)

    def test_what_does_not_is_looked_at_again(self):
        host_map = self.map()
        for calls in (1, 2):
            self.assertFalse(host_map.can_decide())
            self.assertEqual(calls, self.driver.services.calls)

    def test_nobody_serves_it(self):
        self.assertEqual((None, True), self.map().service_of("a"))

    def test_new_hosts_and_names_are_noticed(self):
        host_map = self.map(fakes.service("ca", "a"),
                            fakes.service("cd", "d"))
        self.assertIsNone(self.serving(host_map)["b"])
        self.store.rename("b", "d")
        self.assertEqual(("cd", True, True), self.serving(host_map)["d"])
        self.store.delete("a")
        self.store.add("a", inventory={"VCPU": 1})
        self.assertEqual(("ca", True, True), self.serving(host_map)["a"])

    def test_a_service_that_serves_others_now(self):
        host_map = self.map(fakes.service("ca", "a"))
        self.serving(host_map)
        self.driver.services.services = [fakes.service("ca", "b")]
        found = self.serving(host_map)
        self.assertEqual((None, ("ca", True, True)),
                         (found["a"], found["b"]))

    def test_names_are_matched_only_when_something_changed(self):
        host_map = self.map(fakes.service("ca", "?"))
        self.serving(host_map)
        asked = []
        group = host_map._matcher.group
        host_map._matcher.group = lambda name: asked.append(name) or group(
            name)
        self.store.use("a", VCPU=1)
        self.serving(host_map)
        self.assertEqual([], asked)
        self.store.add("d", inventory={"VCPU": 1})
        self.serving(host_map)
        self.assertEqual(["a", "b", "c", "d"], sorted(asked))

    def test_children_and_sharing_providers_are_no_hosts(self):
        self.store.add("numa0", "a", inventory={"VCPU": 2})
        self.store.add("nfs", inventory={"DISK_GB": 100},
                       traits=["MISC_SHARES_VIA_AGGREGATE"])
        self.assertEqual(["a", "b", "c"], sorted(self.serving(
            self.map(fakes.service("all", "*")))))
