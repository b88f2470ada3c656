"""What is found again: lost casts, dead schedulers, stores that went away."""

import threading
import time
from unittest import mock

import fixtures

from tachyon import exception
from tachyon.placement import manager as placement_manager
from tachyon.placement import view
from tachyon.scheduler import manager
from tachyon.scheduler.actions import base as actions_base
from tests.functional.scheduler import base
from tests.functional.scheduler import heard

DEADLINE = 30.0


class Failing(actions_base.Action):
    """An action of somebody else that raises."""

    takes = True

    def __init__(self, conf, error):
        super().__init__(actions_base.Tools(conf, None), "failing")
        self.error = error

    def validate(self, data):
        pass

    def execute(self, data):
        raise self.error


class SweepCase(base.SchedulerCase):
    def setUp(self):
        super().setUp()
        self.uuid = self.add_host("h1", VCPU=100)
        self.beat()
        self.config("scheduler", sweep_interval=0.1)

    def sweep(self):
        """Sweep as if all claims had run out and all were old enough."""
        for message in self.driver.messages.list():
            self.driver.messages.renew(
                [(message.instance_id, message.attempt)], 0.0)
        self.scheduler._deliveries.sweep(0.0)

    def sweep_until(self, reached):
        """Sweep on while what was postponed comes back."""
        end = time.monotonic() + DEADLINE
        while not reached():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
            self.sweep()


class TestSweep(SweepCase):
    def test_finds_what_nobody_was_woken_for(self):
        instances = [self.submit() for _ in range(5)]
        self.scheduler._deliveries.sweep(0.0)
        self.assertEqual({"h1"}, {self.get(each).host for each in instances})
        self.assertEqual(5, len(self.compute.casts))

    def test_leaves_young_ones_to_their_wake_up(self):
        self.config("scheduler", sweep_interval=60.0)
        instance = self.submit()
        self.scheduler.sweep()
        self.assertIsNone(self.get(instance).host)

    def test_leaves_alone_what_somebody_has(self):
        instance = self.create()
        self.scheduler._deliveries.sweep(0.0)
        self.assertEqual(1, self.get(instance).attempt)

    def test_a_lost_cast_is_cast_again_and_takes_nothing_more(self):
        instance = self.create()
        self.sweep()
        self.assertEqual(
            [("h1", 1), ("h1", 2)],
            [(cast.action.host, cast.action.attempt)
             for cast in self.compute.casts])
        self.assertEqual(1, self.used(self.uuid))
        self.assertFalse(self.scheduler.begin_action(
            self.admin_context, instance.id, 1, "h1"))
        self.assertTrue(self.scheduler.begin_action(
            self.admin_context, instance.id, 2, "h1"))

    def test_adopted_only_while_its_compute_is_up(self):
        other = self.add_host("h2", VCPU=1)
        self.beat("c1", ["h1"])
        self.beat("c2", ["h2"])
        instance = self.create()
        self.assertEqual("h1", instance.host)
        self.silence("c1")
        self.sweep()
        found = self.get(instance)
        self.assertEqual("h2", found.host)
        self.assertEqual(("c2", "h2", found.attempt), (
            self.compute.casts[-1].service_host,
            self.compute.casts[-1].action.host,
            self.compute.casts[-1].action.attempt))
        self.assertEqual((0, 1), (self.used(self.uuid), self.used(other)))
        self.assertFalse(self.finish(self.compute.casts[0].action))

    def test_given_up_after_max_attempts(self):
        instance = self.create()
        for _ in range(3):
            self.assertEqual("BUILDING", self.get(instance).status)
            self.sweep()
        failed = self.get(instance)
        self.assertEqual(
            ("ERROR", "create was given up: it was begun 3 times, and the "
             "compute of host h1 never reported its end."),
            (failed.status, failed.fault))
        self.assertEqual(0, self.used(self.uuid))
        document = self.document(failed)
        self.assertEqual(("retries_exhausted", failed.fault),
                         (document["verdict"], document["summary"]))
        self.assertNotEqual([], document["funnel"])
        self.assertFalse(self.finish(self.compute.casts[-1].action))

    def test_actions_are_given_up_too(self):
        instance = self.boot()
        self.act(instance, "start")
        for _ in range(3):
            self.sweep()
        failed = self.get(instance)
        self.assertEqual(("ERROR", "h1"), (failed.status, failed.host))
        self.assertIn("start was given up", failed.fault)
        self.assertEqual(1, self.used(self.uuid))

    def test_stopping(self):
        instance = self.submit()
        self.scheduler.stop()
        self.scheduler._deliveries.sweep(0.0)
        self.wake(instance)
        self.assertEqual(0, self.get(instance).attempt)


class TestBacklog(base.SchedulerCase):
    """Requests wait for their turn; what computes say does not."""

    def setUp(self):
        super().setUp()
        self.uuid = self.add_host("h1", VCPU=100)
        self.beat()
        self.deciding, self.go = threading.Semaphore(0), threading.Event()
        self.addCleanup(self.go.set)

    def make_slow(self, **limits):
        for name, value in limits.items():
            self.useFixture(fixtures.MonkeyPatch(
                f"tachyon.scheduler.manager.{name}", value))
        seen = view.View(self.driver)
        made = manager.SchedulerManager(
            self.conf, self.driver, seen,
            placement_manager.PlacementManager(self.conf, self.driver, seen),
            self.compute)
        self.addCleanup(made.stop)
        self.addCleanup(self.go.set)
        heard.settle(made)
        claim = made._pipeline._actions["claim"]
        execute = claim.execute

        def wait(data):
            self.deciding.release()
            self.assertTrue(self.go.wait(30))
            execute(data)

        claim.execute = wait
        return made

    def test_heartbeats_and_results_do_not_wait(self):
        running = self.create()
        action = self.compute.casts[0].action
        self.scheduler = self.make_slow(DECIDERS=2)
        instances = [self.submit() for _ in range(5)]
        for instance in instances:
            self.wake(instance)
        for _ in range(2):
            self.assertTrue(self.deciding.acquire(timeout=30))
        self.assertEqual({None}, {self.get(each).host for each in instances})
        self.beat("c2", ["other"])
        self.assertTrue(self.finish(action))
        self.assertEqual("STOPPED", self.get(running).status)
        self.go.set()
        self.scheduler.stop()
        # One that was claimed for who becomes free next is handled, too.
        self.assertIn(len([each for each in instances
                           if self.get(each).host is None]), (2, 3))

    def test_those_that_wait_are_claimed_together(self):
        self.scheduler = self.make_slow(DECIDERS=1)
        instances = [self.submit() for _ in range(4)]
        self.wake(instances[0])
        self.assertTrue(self.deciding.acquire(timeout=30))
        for instance in instances[1:]:
            self.wake(instance)
        self.scheduler._deliveries.noted._batch = 3
        with mock.patch.object(self.driver.messages, "claim",
                               wraps=self.driver.messages.claim) as claim:
            self.go.set()
            self.scheduler._executor.shutdown()
        claim.assert_called_once()
        self.assertEqual({"h1"}, {self.get(each).host for each in instances})

    def test_too_many_are_left_to_the_sweep(self):
        self.scheduler = self.make_slow(DECIDERS=1, BACKLOG_MAX=1)
        first = self.submit()
        self.wake(first)
        self.assertTrue(self.deciding.acquire(timeout=30))
        others = [self.submit() for _ in range(3)]
        for instance in others:
            self.wake(instance)
        self.go.set()
        self.scheduler._executor.shutdown()
        landed = [self.get(each).host for each in (first, *others)]
        self.assertEqual(["h1", "h1", None, None], landed)
        self.scheduler._deliveries.sweep(0.0)
        self.assertEqual({"h1"}, {self.get(each).host for each in others})


class TestBroken(SweepCase):
    """Tachyon itself fails: nothing is lost, and nothing goes on for ever."""

    def fail_with(self, error, before="claim"):
        pipeline = self.scheduler._pipeline
        actions = {}
        for name, action in pipeline._actions.items():
            if name == before:
                actions["failing"] = Failing(self.conf, error)
            actions[name] = action
        if before is None:
            actions["failing"] = Failing(self.conf, error)
        pipeline._actions = actions

    def test_an_unexpected_error_ends_in_error_with_its_reason(self):
        self.fail_with(ZeroDivisionError("by zero"))
        instance = self.create()
        for attempt in (1, 2):
            found = self.get(instance)
            self.assertEqual(("BUILDING", attempt, None),
                             (found.status, found.attempt, found.host))
            self.sweep()
        failed = self.get(instance)
        self.assertEqual(
            ("ERROR", "create failed: ZeroDivisionError: by zero"),
            (failed.status, failed.fault))
        self.assertEqual("backend_error", self.document(failed)["verdict"])
        self.assertIsNone(self.message_of(instance))

    def test_what_was_claimed_is_given_back(self):
        self.fail_with(ZeroDivisionError("by zero"), before=None)
        instance = self.create()
        self.assertIsNone(self.get(instance).host)
        self.assertEqual(0, self.used(self.uuid))
        self.assertEqual([], self.compute.casts)

    def test_a_bus_that_is_away(self):
        self.compute.error = ConnectionError("no broker")
        instance = self.create()
        self.assertEqual(("BUILDING", "h1"), (
            self.get(instance).status, self.get(instance).host))
        self.compute.error = None
        self.sweep_until(lambda: self.compute.casts)
        self.assertEqual(2, self.compute.casts[0].action.attempt)
        self.assertEqual(1, self.used(self.uuid))

    def test_a_store_that_goes_away(self):
        gone = exception.DriverUnavailable(reason="gone")
        for name, where, method in (
                ("services", self.driver.services, "list"),
                ("changes", self.driver, "changes"),
                ("land", self.driver.instances, "land")):
            with self.subTest(name):
                instance = self.submit()
                with mock.patch.object(where, method, side_effect=gone):
                    self.wake(instance)
                found = self.get(instance)
                self.assertEqual(("BUILDING", None, 0), (
                    found.status, found.host,
                    self.message_of(instance).deliveries))
                self.sweep_until(lambda instance=instance: self.get(
                    instance).host == "h1")

    def test_a_delivery_that_the_store_broke_off_does_not_count(self):
        gone = exception.DriverUnavailable(reason="gone")
        instance = self.submit()
        with mock.patch.object(self.driver, "changes", side_effect=gone):
            self.wake(instance)
            self.assertEqual(0, self.message_of(instance).deliveries)
            with mock.patch.object(self.driver.messages, "postpone",
                                   side_effect=gone):
                self.sweep_until(
                    lambda: self.message_of(instance).deliveries == 1)
        self.sweep_until(lambda: self.get(instance).host == "h1")

    def test_a_store_that_goes_away_during_the_end(self):
        instance = self.submit({"VCPU": 1000})
        with mock.patch.object(
                self.driver.instances, "fail",
                side_effect=exception.DriverUnavailable(reason="gone")):
            self.wake(instance)
        self.assertEqual("BUILDING", self.get(instance).status)
        self.sweep_until(lambda: self.get(instance).status == "ERROR")

    def test_a_claim_of_unknown_outcome_that_was_made(self):
        land = self.driver.instances.land

        def break_off(*args):
            land(*args)
            raise exception.DriverUnavailable(reason="connection lost")

        with mock.patch.object(self.driver.instances, "land", break_off):
            instance = self.create()
        self.assertEqual("h1", self.get(instance).host)
        self.assertEqual(1, len(self.compute.casts))

    def test_a_claim_of_unknown_outcome_is_not_reverted_blindly(self):
        land = self.driver.instances.land
        gone = exception.DriverUnavailable(reason="connection lost")

        def break_off(*args):
            land(*args)
            raise gone

        instance = self.submit()
        message = self.message_of(instance)
        with mock.patch.object(self.driver.instances, "land", break_off), \
                mock.patch.object(self.driver.instances, "get",
                                  side_effect=gone):
            self.scheduler._deliveries.noted.add(message.id)
            self.scheduler._deliveries.take()
        self.assertEqual("h1", self.get(instance).host)
        self.assertEqual([], self.compute.casts)
        self.sweep_until(lambda: self.compute.casts)
        self.assertEqual(("h1", 2), (self.get(instance).host,
                                     self.compute.casts[0].action.attempt))
        self.assertEqual(1, self.used(self.uuid))

    def test_heartbeats_are_kept_while_the_store_is_away(self):
        with mock.patch.object(
                self.driver.services, "report",
                side_effect=exception.DriverUnavailable(reason="gone")):
            self.assertRaises(exception.DriverUnavailable, self.beat, "c7",
                              ["x"])
        self.scheduler.flush_heartbeats()
        self.assertEqual(("x",), self.service("c7").serves)
