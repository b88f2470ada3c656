"""What a compute does, before a scheduler that a test plays."""

import collections
import threading
import time
import uuid

import fixtures
import oslo_messaging

from tachyon import exception
from tachyon import objects
from tachyon.compute import manager
from tachyon.compute.drivers import base as drivers
from tachyon.compute.drivers import fake
from tests import base

ID = "7a1f5a8e-0d7c-4b61-9f0e-6f2d5c3b0001"
OTHER = "7a1f5a8e-0d7c-4b61-9f0e-6f2d5c3b0002"
DEADLINE = 10.0


def wait_for(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.002)


class SchedulerAPI:
    """Answers as told: each list of answers is used up, its last stays."""

    def __init__(self):
        self.answers = collections.defaultdict(lambda: [True])
        self.answers["reconcile"] = [[]]
        self.calls = []
        self.contexts = []
        self.before = {}

    def __getattr__(self, name):
        def call(ctx, *args):
            self.contexts.append(ctx)
            if name in self.before:
                self.before[name](*args)
            self.calls.append((name, *args))
            answers = self.answers[name]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer
        return call

    def of(self, name):
        return [call[1:] for call in self.calls if call[0] == name]


class ManagerCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.compute.manager.RETRY_FROM", 0.001))
        self.api = SchedulerAPI()
        self.driver = fake.FakeDriver(self.conf)
        self.addCleanup(self.driver.close)
        self.manager = manager.ComputeManager(self.conf, self.driver,
                                              self.api)
        self.addCleanup(self.manager.stop)

    def action(self, action="create", attempt=1, instance_id=ID, host="cn1"):
        return objects.InstanceAction(
            instance_id=instance_id, attempt=attempt, action=action,
            host=host, name="vm", image="cirros", resources={"VCPU": 1})

    def execute(self, *args, **kwargs):
        self.manager.execute(self.context, self.action(*args, **kwargs))

    def idle(self):
        wait_for(lambda: not self.manager._work.is_busy(ID))

    def run_one(self, *args, **kwargs):
        self.execute(*args, **kwargs)
        self.idle()

    def make(self, attempt=1, instance_id=ID, host="cn1"):
        return self.driver.create(drivers.DomainSpec(
            instance_id=instance_id, attempt=attempt, host=host, name="vm",
            image="i", resources={}))


class TestDelivery(ManagerCase):

    def test_create(self):
        self.run_one()
        domain = self.driver.get(ID)
        self.assertEqual([
            ("begin_action", ID, 1, "cn1"),
            ("finish_action", objects.ActionResult(
                instance_id=ID, attempt=1, host="cn1", action="create",
                succeeded=True, ip_address=domain.ip_address))],
            self.api.calls)
        self.assertEqual({self.context.request_id},
                         {ctx.request_id for ctx in self.api.contexts})

    def test_each_action_reaches_the_driver(self):
        self.make()
        for attempt, (action, state) in enumerate((
                ("start", "RUNNING"), ("restart", "RUNNING"),
                ("pause", "PAUSED"), ("resume", "RUNNING"),
                ("stop", "STOPPED"), ("delete", None)), 2):
            with self.subTest(action):
                self.run_one(action, attempt)
                self.assertEqual(state, getattr(self.driver.get(ID), "state",
                                                None))
                result, = self.api.of("finish_action")[-1]
                self.assertEqual((action, attempt, True, None),
                                 (result.action, result.attempt,
                                  result.succeeded, result.fault))

    def test_fenced_before_it_begins(self):
        for answer in (False, exception.Fenced(attempt=1, id=ID),
                       exception.InstanceNotFound(id=ID)):
            with self.subTest(answer=answer):
                self.api.answers["begin_action"] = [answer]
                self.run_one()
                self.assertIsNone(self.driver.get(ID))
                self.assertEqual([], self.api.of("finish_action"))

    def test_refused_result_of_a_create_leaves_no_copy(self):
        for answer in (False, exception.Fenced(attempt=1, id=ID),
                       exception.InstanceNotFound(id=ID)):
            with self.subTest(answer=answer):
                self.api.answers["finish_action"] = [answer]
                self.run_one()
                self.assertIsNone(self.driver.get(ID))

    def test_refused_result_of_another_action_destroys_nothing(self):
        self.make()
        self.api.answers["finish_action"] = [False]
        self.run_one("start", 2)
        self.assertEqual("RUNNING", self.driver.get(ID).state)

    def test_refused_create_leaves_its_copy_to_a_later_attempt(self):
        """Which adopts it: it is not made twice."""
        self.api.answers["finish_action"] = [False, True]
        self.api.before["finish_action"] = lambda result: (
            result.attempt == 1 and self.execute(attempt=2))
        self.run_one()
        self.assertEqual(2, self.driver.get(ID).attempt)
        self.assertEqual([1, 2], [result.attempt for result, in
                                  self.api.of("finish_action")])
        with open(fake.journal_path(self.conf)) as file:
            self.assertEqual(1, file.read().count('"event":"create"'))

    def test_a_delete_that_overtakes_a_create(self):
        self.api.answers["finish_action"] = [False, True]
        self.api.before["finish_action"] = lambda result: (
            result.attempt == 1 and self.execute("delete", 2))
        self.run_one()
        self.assertIsNone(self.driver.get(ID))
        self.assertTrue(self.api.of("finish_action")[-1][0].succeeded)

    def test_a_copy_elsewhere_goes_before_the_new_one_comes(self):
        self.make(host="cn1")
        self.run_one(attempt=2, host="cn2")
        self.assertEqual(("cn2", 2), (self.driver.get(ID).host,
                                      self.driver.get(ID).attempt))
        self.assertTrue(self.api.of("finish_action")[0][0].succeeded)

    def test_nobody_answers_for_a_while(self):
        silence = [oslo_messaging.MessagingTimeout("x")] * 3
        away = [exception.DriverUnavailable(reason="x")]
        self.api.answers["begin_action"] = [*silence, True]
        self.api.answers["finish_action"] = [*silence, *away, True]
        self.run_one()
        self.assertEqual(4, len(self.api.of("begin_action")))
        self.assertEqual(5, len(self.api.of("finish_action")))
        self.assertIsNotNone(self.driver.get(ID))

    def test_an_answer_that_makes_no_sense_leaves_it_to_redelivery(self):
        for step in ("begin_action", "finish_action"):
            with self.subTest(step):
                self.api.calls.clear()
                self.api.answers[step] = [ZeroDivisionError("a bug"), True]
                self.run_one()
                self.assertEqual(1, len(self.api.of(step)))
                self.run_one(attempt=2)
                self.assertEqual(2, self.driver.get(ID).attempt)

    def test_failures_are_results(self):
        self.config(group="fake", failure_rate=1.0)
        self.run_one()
        result, = self.api.of("finish_action")[0]
        self.assertFalse(result.succeeded)
        self.assertIn("told to fail", result.fault)
        self.assertIsNone(self.driver.get(ID))

    def test_a_broken_driver_is_a_failure_and_leaves_nothing(self):
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.compute.drivers.fake.FakeDriver.create",
            lambda driver, spec: original(driver, spec) and 1 / 0))
        self.run_one()
        result, = self.api.of("finish_action")[0]
        self.assertEqual((False, "ZeroDivisionError: division by zero"),
                         (result.succeeded, result.fault))
        self.assertIsNone(self.driver.get(ID))

    def test_the_same_delivery_twice_is_done_once(self):
        gate = threading.Event()
        self.api.before["begin_action"] = lambda *_: gate.wait(DEADLINE)
        self.execute()
        self.execute()
        gate.set()
        self.idle()
        self.assertEqual(1, len(self.api.of("begin_action")))

    def test_a_redelivery_finds_done_what_was_done(self):
        for attempt in (1, 2, 3):
            self.run_one(attempt=attempt)
        self.assertEqual(
            1, len({result.ip_address for result, in
                    self.api.of("finish_action")}))


original = fake.FakeDriver.create


class TestHeartbeat(ManagerCase):

    def heartbeat(self):
        self.manager.heartbeat(self.admin_context)
        return self.api.of("heartbeat")[-1][0]

    def test_it_serves_the_hosts_of_the_driver(self):
        self.config(group="fake", hosts=2)
        report = self.heartbeat()
        self.assertEqual(("testhost", "tachyon-compute", [],
                          ["testhost-1", "testhost-2"]),
                         (report.host, report.binary, report.work,
                          report.serves))

    def test_names_are_no_patterns_unless_configured(self):
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.compute.drivers.fake.FakeDriver.inventory",
            lambda driver: [drivers.Host(uuid=ID, name="rack[1]*",
                                         inventories={})]))
        self.assertEqual(["rack[[]1][*]"], self.heartbeat().serves)
        self.config(group="compute", serves=["cn[0-9]*", "x"])
        self.assertEqual(["cn[0-9]*", "x"], self.heartbeat().serves)

    def test_what_is_in_hand_is_told_while_the_driver_is_slow(self):
        entered, gate = threading.Event(), threading.Event()

        def slow(driver, spec):
            entered.set()
            gate.wait(DEADLINE)
            return original(driver, spec)

        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.compute.drivers.fake.FakeDriver.create", slow))
        self.addCleanup(gate.set)
        self.execute(attempt=7)
        self.assertTrue(entered.wait(DEADLINE))
        self.execute("delete", 8)
        for _ in range(3):
            self.assertEqual([
                objects.WorkItem(instance_id=ID, attempt=7),
                objects.WorkItem(instance_id=ID, attempt=8)],
                self.heartbeat().work)
        gate.set()
        self.idle()
        self.assertEqual([], self.heartbeat().work)


class TestInventory(ManagerCase):

    def test_each_host_is_reported(self):
        self.config(group="fake", hosts=2, vcpus=3, traits=["B", "A"])
        self.manager.report_inventory(self.admin_context)
        one, two = (report for report, in self.api.of("report_inventory"))
        self.assertEqual(("testhost-1", ["A", "B"]), (one.name, one.traits))
        self.assertEqual("testhost-2", two.name)
        self.assertEqual(
            objects.InventoryItem(resource_class="VCPU", total=3, max_unit=3),
            one.inventories[2])

    def test_one_refused_does_not_hold_the_others(self):
        self.config(group="fake", hosts=2)
        self.api.answers["report_inventory"] = [
            exception.TraitNotFound(names="X"), None]
        self.manager.report_inventory(self.admin_context)
        self.assertEqual(2, len(self.api.of("report_inventory")))

    def test_it_is_told_until_somebody_listens(self):
        self.api.answers["report_inventory"] = [
            oslo_messaging.MessagingTimeout("x"),
            exception.DriverUnavailable(reason="x"), None]
        self.manager.report_inventory(self.admin_context)
        self.assertEqual(3, len(self.api.of("report_inventory")))


class TestReconcile(ManagerCase):

    def reconcile(self):
        self.manager.reconcile(self.admin_context)
        self.idle()

    def test_what_must_go_goes(self):
        self.make(3)
        self.make(4, OTHER)
        self.driver.start(OTHER)
        self.api.answers["reconcile"] = [[ID, str(uuid.uuid4())]]
        self.reconcile()
        self.assertEqual([("testhost", objects.DomainList(objects=[
            objects.Domain(instance_id=ID, attempt=3, host="cn1",
                           state="STOPPED"),
            objects.Domain(instance_id=OTHER, attempt=4, host="cn1",
                           state="RUNNING")]))], self.api.of("reconcile"))
        self.assertIsNone(self.driver.get(ID))
        self.assertIsNotNone(self.driver.get(OTHER))

    def test_with_nothing_there_nobody_is_asked(self):
        self.reconcile()
        self.assertEqual([], self.api.calls)

    def test_what_is_worked_on_is_left_out(self):
        entered, gate = threading.Event(), threading.Event()
        self.make()
        self.api.before["begin_action"] = lambda *_: (
            entered.set(), gate.wait(DEADLINE))
        self.addCleanup(gate.set)
        self.execute("start", 2)
        self.assertTrue(entered.wait(DEADLINE))
        self.manager.reconcile(self.admin_context)
        self.assertEqual([], self.api.of("reconcile"))

    def test_what_was_adopted_meanwhile_stays(self):
        self.make(1)
        self.api.answers["reconcile"] = [[ID]]
        self.api.before["reconcile"] = lambda *_: self.make(2)
        self.reconcile()
        self.assertEqual(2, self.driver.get(ID).attempt)

    def test_many_are_asked_for_in_pages(self):
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.compute.manager.DOMAINS_PER_CALL", 2))
        ids = sorted(str(uuid.uuid4()) for _ in range(5))
        for each in ids:
            self.make(instance_id=each)
        self.reconcile()
        self.assertEqual([2, 2, 1], [
            len(domains) for _, domains in self.api.of("reconcile")])

    def test_a_copy_that_does_not_go_is_tried_again(self):
        self.make()
        self.api.answers["reconcile"] = [[ID]]

        def broken(driver, instance_id):
            raise exception.DomainError(action="destroy", id=instance_id,
                                        reason="busy")

        with fixtures.MonkeyPatch(
                "tachyon.compute.drivers.fake.FakeDriver.destroy", broken):
            self.reconcile()
            self.assertIsNotNone(self.driver.get(ID))
        self.reconcile()
        self.assertIsNone(self.driver.get(ID))


class TestStop(ManagerCase):

    def test_an_action_under_way_ends_and_its_result_is_told(self):
        entered, gate = threading.Event(), threading.Event()
        self.api.before["begin_action"] = lambda *_: (
            entered.set(), gate.wait(DEADLINE))
        self.execute()
        self.execute("delete", 2)
        self.assertTrue(entered.wait(DEADLINE))
        stopper = threading.Thread(target=self.manager.stop)
        stopper.start()
        wait_for(self.manager._stopping.is_set)
        gate.set()
        stopper.join(DEADLINE)
        self.assertIsNotNone(self.driver.get(ID))
        self.assertEqual([1], [result.attempt for result, in
                               self.api.of("finish_action")])

    def test_it_does_not_ask_for_ever(self):
        self.api.answers["begin_action"] = [
            oslo_messaging.MessagingTimeout("x")]
        self.execute()
        wait_for(lambda: len(self.api.of("begin_action")) > 2)
        self.manager.stop()
        self.assertIsNone(self.driver.get(ID))

    def test_nothing_new_is_taken(self):
        self.manager.stop()
        self.execute()
        self.assertEqual([], self.api.calls)
