"""The pipeline by itself: order, snapshots, what a decision costs."""

import gc
import sys

from tachyon import exception
from tachyon import objects
from tachyon import plugins
from tachyon.db import models
from tachyon.placement import view
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import enabled
from tachyon.scheduler import hosts
from tachyon.scheduler import pipeline
from tachyon.scheduler.actions import base as actions_base
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes


class Recorder(actions_base.Action):
    def __init__(self, log, name, reads_view=False, takes=False, raises=None,
                 ends=None):
        self.log, self.name = log, name
        self.reads_view, self.takes = reads_view, takes
        self.raises, self.ends = raises, ends

    def validate(self, data):
        self.log.append(f"validate {self.name}")

    def execute(self, data):
        seen = "sees" if data.snapshot is not None else "is blind"
        self.log.append(f"{self.name} {seen}")
        if self.raises is not None:
            raise self.raises
        if self.ends is not None:
            data.end(self.ends)

    def revert(self, data):
        self.log.append(f"revert {self.name}")


class TestPipeline(base.TestCase):
    def setUp(self):
        super().setUp()
        self.log = []
        self.driver = fakes.Driver(placement_fakes.make_forest(
            h0={"inventory": {"VCPU": 4}}))
        self.view = view.View(self.driver)
        self.hosts = hosts.HostMap(self.conf, self.driver)

    def make(self, *actions):
        made = pipeline.load(self.conf, self.driver, self.view, self.hosts)
        known = dict(made._actions)
        made._actions = {
            getattr(action, "name", action):
                known[action] if isinstance(action, str) else action
            for action in actions}
        return made

    def recorder(self, name, **fields):
        return Recorder(self.log, name, **fields)

    def test_all_are_validated_then_run_in_order(self):
        data = fakes.make_data()
        self.make(self.recorder("a"), "candidates",
                  self.recorder("b", reads_view=True),
                  self.recorder("c", takes=True)).run(data)
        self.assertEqual(
            ["validate a", "validate b", "validate c", "a is blind",
             "b sees", "c is blind"], self.log)
        self.assertEqual((scheduler_data.Verdict.SCHEDULED, "h0"),
                         (data.verdict, data.selection.host))
        self.assertEqual(("a", "candidates", "b", "c"), data.pipeline)
        self.assertIsNone(data.snapshot)

    def test_a_dry_run_leaves_out_what_takes(self):
        self.make("candidates", self.recorder("a", takes=True)).run(
            fakes.make_data(dry_run=True))
        self.assertEqual([], self.log)

    def test_an_error_has_what_was_taken_given_back(self):
        made = self.make(self.recorder("a"), "candidates",
                         self.recorder("b"),
                         self.recorder("c", raises=KeyError("x")),
                         self.recorder("d"))
        self.assertRaises(KeyError, made.run, fakes.make_data())
        self.assertEqual(["a is blind", "b is blind", "c is blind",
                          "revert b", "revert a"], self.log[4:])

    def test_an_end_has_what_was_taken_given_back(self):
        data = fakes.make_data()
        self.make(self.recorder("a"),
                  self.recorder("b",
                                ends=scheduler_data.Verdict.BAD_REQUEST),
                  "candidates").run(data)
        self.assertEqual(["a is blind", "b is blind", "revert b",
                          "revert a"], self.log[2:])
        self.assertEqual(scheduler_data.Verdict.BAD_REQUEST, data.verdict)

    def test_no_host_is_looked_for(self):
        self.assertRaises(exception.SchedulingDataInvalid,
                          self.make(self.recorder("a")).run,
                          fakes.make_data())

    def test_the_view_is_free_while_others_work(self):
        """A claim may take its time: nobody waits for it to look."""
        blind = self.recorder("a", takes=True)

        def execute(data):
            with self.view.read() as snapshot:       # would not be reentrant
                self.log.append(snapshot.n)

        blind.execute = execute
        self.make("candidates", blind).run(fakes.make_data())
        self.assertEqual(1, self.log[-1])

    def test_each_can_be_run_on_its_own(self):
        made = pipeline.load(self.conf, self.driver, self.view, self.hosts)
        data = fakes.make_data()
        with fakes.looking(self.conf, self.driver, data):
            for name in ("candidates", "filter", "weigh"):
                action = made._actions[name]
                action.validate(data)
                action.execute(data)
                self.assertEqual(["h0"],
                                 [host.name for host in data.hosts])
            self.assertEqual([0.0], data.scores.total.tolist())

    def test_out_of_place(self):
        made = pipeline.load(self.conf, self.driver, self.view, self.hosts)
        for name in ("filter", "weigh", "claim"):
            data = fakes.make_data()
            with self.subTest(name):
                self.assertRaises(exception.SchedulingDataInvalid,
                                  made._actions[name].execute, data)
        for name, data in (
                ("candidates", fakes.make_data(query=fakes.query.Query(
                    groups=(fakes.query.RequestGroup(),)))),
                ("claim", fakes.make_data())):
            with self.subTest(name):
                self.assertRaises(exception.SchedulingDataInvalid,
                                  made._actions[name].validate, data)


class TestCost(base.TestCase):
    """A warm decision does no Python work for each host."""

    def calls(self, count, services):
        store = placement_fakes.FakeStore(page_size=1000)
        for number in range(count):
            store.add(f"h{number}", inventory={
                "VCPU": 16, "MEMORY_MB": 4096, "DISK_GB": 100},
                traits=["CUSTOM_SSD"] if number % 10 == 0 else [])
        driver = fakes.Driver(store, services(count))
        made = pipeline.load(self.conf, driver, view.View(driver),
                             hosts.HostMap(self.conf, driver))
        source = enabled.make(
            plugins.DATA_DRIVERS, "instance",
            plugins.load(plugins.DATA_DRIVERS, "instance"), self.conf)

        def decide():
            data = source.initialise(
                self.admin_context, objects.SchedulingRequest(
                    resources={"VCPU": 1, "MEMORY_MB": 64, "DISK_GB": 1},
                    preferred_traits=["CUSTOM_SSD"],
                    scheduler_hints={"seed": "1"}))
            made.run(data)
            self.assertIs(scheduler_data.Verdict.SCHEDULED, data.verdict)

        decide()                                   # warm
        # From here on the store has nothing new to say, at no cost.
        driver.changes = lambda cursor: models.Changes(cursor=cursor)
        services = driver.services.list()
        driver.services.list = lambda: services
        made._view._driver = driver
        decide()
        counted = [0]

        def count_calls(frame, event, arg):
            counted[0] += event in ("call", "c_call")

        # What others left behind must not be tidied up while we count.
        gc.collect()
        gc.disable()
        sys.setprofile(count_calls)
        try:
            decide()
        finally:
            sys.setprofile(None)
            gc.enable()
        return counted[0]

    def test_calls_do_not_grow_with_hosts(self):
        def one(count):
            return [fakes.service("c1", "*")]

        self.assertEqual(self.calls(200, one), self.calls(2000, one))
