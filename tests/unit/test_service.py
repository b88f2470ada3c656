import threading
import time

import fixtures
import oslo_messaging

from tachyon import exception
from tachyon import objects
from tachyon import service
from tachyon.rpc import scheduler as scheduler_rpc
from tests import base

ID = "5f8ad6ee-6a9e-4c33-b2c1-5d8e3a2f0001"
DEADLINE = 10.0


def wait_for(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


class Manager:

    def __init__(self):
        self.calls = []
        self.gate = threading.Event()
        self.entered = threading.Event()

    def begin_action(self, context, instance_id, attempt, host):
        self.calls.append((context.request_id, instance_id, attempt, host))
        if host == "gone":
            raise exception.InstanceNotFound(id=instance_id)
        if host == "bug":
            raise ZeroDivisionError("oops")
        return attempt == 1

    def explain(self, context, request):
        self.entered.set()
        self.gate.wait(DEADLINE)
        return {"name": request.name, "user": context.user_id}

    def secret(self, context):
        raise AssertionError("never exposed")


class Service(service.RpcService):
    binary = topic = scheduler_rpc.TOPIC
    methods = ("begin_action", "explain")

    def __init__(self, conf, make_manager):
        super().__init__(conf, make_manager)
        self.beats = 0
        self.order = []

    def report(self):
        self.beats += 1
        raise exception.DriverUnavailable(reason="as ever")

    def drain(self):
        self.order.append("drain")

    def close(self):
        self.order.append("close")


class ServiceCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.config(report_interval=0.1)
        self.messaging_fixture.response_timeout = 10
        self.manager = Manager()
        self.service = Service(self.conf, lambda: self.manager)
        self.service.start()
        self.addCleanup(self.service.stop)
        self.addCleanup(self.manager.gate.set)
        self.api = scheduler_rpc.SchedulerAPI(self.conf)


class TestRpcService(ServiceCase):

    def test_call_carries_the_callers_context(self):
        self.assertTrue(self.api.begin_action(self.context, ID, 1, "cn1"))
        self.assertFalse(self.api.begin_action(self.context, ID, 2, "cn1"))
        self.assertEqual([(self.context.request_id, ID, 1, "cn1"),
                          (self.context.request_id, ID, 2, "cn1")],
                         self.manager.calls)

    def test_errors_on_purpose_reach_the_caller(self):
        self.assertRaises(exception.InstanceNotFound, self.api.begin_action,
                          self.context, ID, 1, "gone")

    def test_a_bug_reaches_the_caller_too_and_the_service_lives(self):
        self.assertRaises(ZeroDivisionError, self.api.begin_action,
                          self.context, ID, 1, "bug")
        self.assertTrue(self.api.begin_action(self.context, ID, 1, "cn1"))

    def test_failing_heartbeats_go_on(self):
        wait_for(lambda: self.service.beats >= 3)

    def test_stop_lets_a_call_under_way_end(self):
        answers = []
        caller = threading.Thread(target=lambda: answers.append(
            self.api.explain(self.context,
                             objects.SchedulingRequest(name="vm"))))
        caller.start()
        self.assertTrue(self.manager.entered.wait(DEADLINE))
        stopper = threading.Thread(target=self.service.stop)
        stopper.start()
        self.manager.gate.set()
        for thread in (stopper, caller):
            thread.join(DEADLINE)
        self.assertEqual([{"name": "vm", "user": "alice"}], answers)
        self.assertEqual(["drain", "close"], self.service.order)

    def test_wait_returns_after_stop_and_stop_is_done_once(self):
        waiter = threading.Thread(target=self.service.wait)
        waiter.start()
        self.service.stop()
        self.service.stop()
        waiter.join(DEADLINE)
        self.assertFalse(waiter.is_alive())
        self.service.wait()
        self.assertEqual(["drain", "close"], self.service.order)


class TestFailedStart(base.TestCase):

    def test_it_raises_and_leaves_nothing(self):
        def make_manager():
            raise exception.PluginError(name="x", namespace="y", reason="z")

        failing = Service(self.conf, make_manager)
        self.assertRaises(exception.PluginError, failing.start)
        failing.wait()
        self.assertEqual([], failing.order)


class TestStopWhileStarting(base.TestCase):

    def test_it_does_not_wait_for_the_broker(self):
        entered, broker = threading.Event(), threading.Event()

        class Server:
            def start(self, override_pool_size):
                entered.set()
                broker.wait(DEADLINE)

            def stop(self):
                raise AssertionError("waits for start to end")

        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.rpc.server.get_server", lambda *args: Server()))
        starting = Service(self.conf, Manager)
        starter = threading.Thread(target=starting.start)
        starter.start()
        self.assertTrue(entered.wait(DEADLINE))
        starting.stop()
        starting.wait()
        self.assertEqual(["drain", "close"], starting.order)
        broker.set()
        starter.join(DEADLINE)
        starting._periodics.stop()


class TestPeriodics(base.TestCase):

    def test_each_runs_at_once_and_again_whatever_it_raises(self):
        runs = {"fine": 0, "broken": 0, "known": 0}

        def task(name, error=None):
            def run():
                runs[name] += 1
                if error:
                    raise error
            return run

        worker = service.Periodics([
            (task("fine"), 0.01), (task("broken", KeyError("x")), 0.01),
            (task("known", oslo_messaging.MessagingTimeout("x")), 0.01)])
        worker.start()
        self.addCleanup(worker.stop)
        wait_for(lambda: min(runs.values()) >= 3)

    def test_a_slow_one_does_not_hold_the_others(self):
        gate = threading.Event()
        runs = []
        worker = service.Periodics([(lambda: gate.wait(DEADLINE), 0.01),
                                    (lambda: runs.append(1), 0.01)])
        worker.start()
        self.addCleanup(worker.stop)
        self.addCleanup(gate.set)
        wait_for(lambda: len(runs) >= 3)

    def test_stop_waits_for_a_run_under_way(self):
        entered, gate, ended = (threading.Event() for _ in range(3))

        def task():
            entered.set()
            gate.wait(DEADLINE)
            ended.set()

        worker = service.Periodics([(task, 60)])
        worker.start()
        self.assertTrue(entered.wait(DEADLINE))
        stopper = threading.Thread(target=worker.stop)
        stopper.start()
        gate.set()
        stopper.join(DEADLINE)
        self.assertTrue(ended.is_set())

    def test_stop_without_start(self):
        service.Periodics([(list, 1)]).stop()
