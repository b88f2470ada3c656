"""Plug-ins of others: missing or broken ones stop the scheduler by name."""

import importlib.metadata
from unittest import mock

from stevedore import extension

from tachyon import exception
from tachyon import objects
from tachyon import plugins
from tachyon.placement import reasons
from tachyon.scheduler.actions import base as actions_base
from tachyon.scheduler.filters import base as filters_base
from tachyon.scheduler.weighers import base as weighers_base
from tests.functional.scheduler import base

HERE = "tests.functional.scheduler.test_plugins"
LOG = []


class EvenFilter(filters_base.HostFilter):
    def why(self, host, data):
        return (None if int(host.name[1:]) % 2 == 0
                else self.reason("it is odd"))


class NameWeigher(weighers_base.HostWeigher):
    def weigh_one(self, host, data):
        return -float(host.name[1:])


class ShapelessFilter(filters_base.Filter):
    def mask(self, hosts, data):
        return [True]

    def why(self, host, data):
        return None


class NumbersFilter(ShapelessFilter):
    def mask(self, hosts, data):
        return [1] * len(hosts)


class ShapelessWeigher(weighers_base.Weigher):
    def weigh(self, hosts, data):
        return 1.0


class EndlessWeigher(weighers_base.Weigher):
    def weigh(self, hosts, data):
        return [float("inf")] * len(hosts)


class UnmadeFilter(EvenFilter):
    def __init__(self, conf, name):
        raise OSError("its licence server is away")


class Reserve(actions_base.Action):
    """Takes something before, and gives it back after, what went wrong."""

    takes = True

    def validate(self, data):
        if data.hints.get("reserve") == "no":
            raise self.refuse("it can't be reserved.")

    def execute(self, data):
        LOG.append(f"take {self.name}")

    def revert(self, data):
        LOG.append(f"give back {self.name}")


class PluginCase(base.SchedulerCase):
    def setUp(self):
        super().setUp()
        LOG.clear()
        for number in range(4):
            self.add_host(f"h{number}")
        self.beat()

    def add(self, namespace, name, target):
        """Install a plug-in for the time of the test."""
        known = extension.ExtensionManager.ENTRY_POINT_CACHE
        plugins.list_all()                       # so that all are there
        patcher = mock.patch.dict(known, {namespace: [
            *known[namespace],
            importlib.metadata.EntryPoint(name, target, namespace)]})
        patcher.start()
        self.addCleanup(patcher.stop)


class TestStart(PluginCase):
    CASES = [
        # option, its value, plug-in, its target, namespace, words
        ("pipeline", "candidates,nope,claim", "nope", None, plugins.ACTIONS,
         "no such entry point"),
        ("enabled_filters", "nope", "nope", None, plugins.FILTERS,
         "there are: ComputeFilter"),
        ("enabled_weighers", "RAMWeigher,nope", "nope", None,
         plugins.WEIGHERS, "no such entry point"),
        ("enabled_filters", "broken", "broken", "no.such.module:Filter",
         plugins.FILTERS, "ModuleNotFoundError"),
        ("enabled_filters", "weigher", "weigher", f"{HERE}:NameWeigher",
         plugins.FILTERS, "is no tachyon.scheduler.filters.base:Filter"),
        ("enabled_filters", "unmade", "unmade", f"{HERE}:UnmadeFilter",
         plugins.FILTERS, "OSError: its licence server is away"),
        ("enabled_filters", "ComputeFilter,ComputeFilter", "ComputeFilter",
         None, plugins.FILTERS, "named twice"),
        ("pipeline", "candidates,filter", "candidates, filter", None,
         plugins.ACTIONS, "no action that claims"),
        ("pipeline", "", "(none)", None, plugins.ACTIONS,
         "no action that claims"),
    ]

    def test_stops_with_its_name(self):
        for option, value, name, target, namespace, words in self.CASES:
            with self.subTest(f"{option} = {value}"):
                if target is not None:
                    self.add(namespace, name, target)
                self.config("scheduler",
                            **{option: value.split(",") if value else []})
                error = self.assertRaises(exception.PluginError,
                                          self.make_scheduler)
                self.assertEqual((name, namespace), (
                    error.kwargs["name"], error.kwargs["namespace"]))
                self.assertIn(words, str(error))
                self.config_fixture.conf.clear_override(option, "scheduler")


    def test_what_is_for_nova_alone_is_loaded_for_nova_alone(self):
        self.config("nova_hosts", source="tachyon")
        for option in ("enabled_filters", "weight_classes"):
            with self.subTest(option):
                self.config("filter_scheduler", **{option: ["nope"]})
                self.make_scheduler()
                self.config("nova", enabled=True)
                error = self.assertRaises(exception.PluginError,
                                          self.make_scheduler)
                self.assertEqual("nope", error.kwargs["name"])
                for group, name in (("filter_scheduler", option),
                                    ("nova", "enabled")):
                    self.config_fixture.conf.clear_override(name, group)


class TestRunning(PluginCase):
    def test_filters_and_weighers_of_others(self):
        self.add(plugins.FILTERS, "even", f"{HERE}:EvenFilter")
        self.add(plugins.WEIGHERS, "name", f"{HERE}:NameWeigher")
        self.config("scheduler", enabled_filters=["even"],
                    enabled_weighers=["name"])
        self.scheduler = self.make_scheduler()
        landed = self.create()
        self.assertEqual("h0", landed.host)
        document = self.document(landed)
        self.assertEqual(["even"], document["inputs"]["filters"])
        self.assertEqual({"name": 1.0}, document["inputs"]["weighers"])
        row = document["funnel"][-1]
        self.assertEqual(("even", 4, 2), (row["stage"], row["before"],
                                          row["after"]))
        self.assertEqual(
            ["refused by even (it is odd)"],
            [each["text"] for each in row["removed"]])
        self.assertCountEqual(["h1", "h3"],
                              row["removed"][0]["examples"])
        self.assertEqual([("h0", 1, 1.0), ("h2", 2, 0.0)],
                         [(each["host"], each["rank"], each["weight"])
                          for each in document["scores"]])

    def test_broken_while_it_runs(self):
        self.config("scheduler", max_attempts=1)
        for namespace, option, cls, words in (
                (plugins.FILTERS, "enabled_filters", "ShapelessFilter",
                 "its mask is bool[1], not bool[4]"),
                (plugins.FILTERS, "enabled_filters", "NumbersFilter",
                 "its mask is int64[4], not bool[4]"),
                (plugins.WEIGHERS, "enabled_weighers", "ShapelessWeigher",
                 "its weights are float[], not float[4]"),
                (plugins.WEIGHERS, "enabled_weighers", "EndlessWeigher",
                 "a weight is not finite")):
            with self.subTest(cls):
                self.add(namespace, cls, f"{HERE}:{cls}")
                self.config("scheduler", **{option: [cls]})
                self.scheduler = self.make_scheduler()
                failed = self.create()
                self.assertEqual("ERROR", failed.status)
                self.assertIn(words, failed.fault)
                self.assertIn(cls, failed.fault)
                self.config_fixture.conf.clear_override(option, "scheduler")

    def test_enabled_ones_change_while_it_runs(self):
        self.assertIsNotNone(self.create().host)
        self.add(plugins.FILTERS, "even", f"{HERE}:EvenFilter")
        self.config("scheduler", enabled_filters=["even"])
        landed = self.create()
        self.assertEqual(["even"],
                         self.document(landed)["inputs"]["filters"])
        for broken in (["nope"], ["even", "nope"]):
            self.config("scheduler", enabled_filters=broken)
            landed = self.create()
            self.assertEqual(["even"],
                             self.document(landed)["inputs"]["filters"])


class TestActions(PluginCase):
    def setUp(self):
        super().setUp()
        self.add(plugins.ACTIONS, "first", f"{HERE}:Reserve")
        self.add(plugins.ACTIONS, "second", f"{HERE}:Reserve")
        self.config("scheduler", pipeline=[
            "first", "candidates", "filter", "weigh", "second", "claim"])
        self.scheduler = self.make_scheduler()

    def test_take_in_order(self):
        self.assertEqual("BUILDING", self.create().status)
        self.assertEqual(["take first", "take second"], LOG)

    def test_give_back_in_reverse_order(self):
        with mock.patch.object(self.driver.instances, "land",
                               side_effect=ZeroDivisionError):
            self.create()
        self.assertEqual(["take first", "take second", "give back second",
                          "give back first"], LOG)

    def test_give_back_where_nothing_fits(self):
        self.assertEqual("ERROR", self.create({"VCPU": 99}).status)
        self.assertEqual(["take first", "give back first"], LOG)

    def test_give_back_before_the_next_try(self):
        conflict = exception.ConcurrentUpdate(what="h0")
        land = self.driver.instances.land
        with mock.patch.object(self.driver.instances, "land", side_effect=[
                conflict, mock.DEFAULT], wraps=land):
            self.create()
        self.assertEqual(
            ["take first", "take second", "give back second",
             "give back first", "take first", "take second"], LOG)

    def test_one_that_can_not_give_back_is_not_in_the_way(self):
        def fail(data):
            raise OSError("its service is away")

        self.scheduler._pipeline._actions["second"].revert = fail
        with mock.patch.object(self.driver.instances, "land",
                               side_effect=ZeroDivisionError):
            self.create()
        self.assertEqual(["take first", "take second", "give back first"],
                         LOG)

    def test_nothing_is_given_back_of_what_may_be_claimed(self):
        gone = exception.DriverUnavailable(reason="connection lost")
        with mock.patch.object(self.driver.instances, "land",
                               side_effect=gone):
            self.create()
        self.assertEqual(["take first", "take second"], LOG)

    def test_all_are_validated_before_any_runs(self):
        failed = self.create(scheduler_hints={"reserve": "no"})
        self.assertEqual(
            ("ERROR", "Action first can't run: it can't be reserved."),
            (failed.status, failed.fault))
        self.assertEqual([], LOG)

    def test_a_dry_run_takes_nothing(self):
        found = self.scheduler.explain(
            self.admin_context, objects.SchedulingRequest(
                resources={"VCPU": 1}))
        self.assertEqual("scheduled", found["verdict"])
        self.assertEqual(["candidates", "filter", "weigh"],
                         found["inputs"]["pipeline"])
        self.assertEqual([], LOG)


class TestOddPipelines(PluginCase):
    def test_without_the_compute_filter(self):
        """A host that nobody serves is charged, and given back."""
        self.driver.services.delete(self.service("c1").id)
        self.config("scheduler", pipeline=["candidates", "weigh", "claim"])
        self.scheduler = self.make_scheduler()
        failed = self.create()
        self.assertEqual(("ERROR", None), (failed.status, failed.host))
        self.assertIn("no compute serves the chosen host", failed.fault)
        self.assertEqual("backend_error", self.document(failed)["verdict"])
        self.assertEqual([], self.compute.casts)
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, failed.id)

    def test_without_weighers(self):
        self.config("scheduler", pipeline=["candidates", "filter", "claim"])
        self.scheduler = self.make_scheduler()
        landed = self.create()
        scores = self.document(landed)["scores"]
        self.assertEqual([1, 2, 3, 4], [each["rank"] for each in scores])
        self.assertEqual(landed.host, scores[0]["host"])

    def test_an_action_that_says_it_claims_but_does_not(self):
        self.add(plugins.ACTIONS, "first", f"{HERE}:Reserve")
        self.config("scheduler", pipeline=["candidates", "first"])
        self.scheduler = self.make_scheduler()
        failed = self.create()
        self.assertEqual(
            "Action candidates, first can't run: none of them landed the "
            "instance.", failed.fault)


class TestReasonOfOthers(PluginCase):
    def test_a_filters_reason_has_a_stable_code(self):
        plugin = EvenFilter(self.conf, "even")
        self.assertEqual(
            reasons.Reason(reasons.Code.FILTERED_BY,
                           {"filter": "even", "detail": "x", "limit": 3}),
            plugin.reason("x", limit=3, other=None))
