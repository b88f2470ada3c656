"""Clients and servers over the bus, in one process."""

import logging
import sys
import time

import fixtures
import oslo_messaging
from oslo_messaging._drivers import common

from tachyon import exception
from tachyon import objects
from tachyon.rpc import compute
from tachyon.rpc import scheduler
from tachyon.rpc import server
from tachyon.rpc import transport
from tests import base

ID = "0d6c8c5e-3f1c-4b62-8a6e-0d1f6a1c0001"
DROPPED = "Dropped a message"


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


class Lines(logging.Handler):
    """What is logged from INFO on, a string a record, traceback and all."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


class Manager:

    def __init__(self):
        self.calls = []

    def wake(self, context, notice):
        self.calls.append(("wake", notice))

    def heartbeat(self, context, report):
        self.calls.append(("heartbeat", report))

    def report_inventory(self, context, report):
        self.calls.append(("report_inventory", report))

    def begin_action(self, context, instance_id: str, attempt: int, host):
        self.calls.append(("begin_action", instance_id, attempt, host))
        return True

    def finish_action(self, context, result):
        self.calls.append(("finish_action", result))
        return False

    def reconcile(self, context, service_host, domains):
        self.calls.append(("reconcile", service_host, domains))
        return [domain.instance_id for domain in domains]

    def explain(self, context, request):
        self.calls.append(("explain", request))
        return {"verdict": "scheduled", "hosts": [{"name": "cn1"}]}

    def execute(self, context, action):
        self.calls.append(("execute", action))

    def hidden(self, context):
        self.calls.append(("hidden",))


SCHEDULER_METHODS = ("wake", "heartbeat", "report_inventory", "begin_action",
                     "finish_action", "reconcile", "explain")


class BusCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.messaging_fixture.response_timeout = 10
        self.manager = Manager()

    def serve(self, topic, methods, host="h1"):
        running = server.get_server(
            self.conf, topic, host,
            server.Endpoint(self.manager, methods, "1.0"))
        running.start()
        self.addCleanup(running.wait)
        self.addCleanup(running.stop)
        return running


class TestScheduler(BusCase):

    def setUp(self):
        super().setUp()
        self.running = self.serve(scheduler.TOPIC, SCHEDULER_METHODS)
        self.api = scheduler.SchedulerAPI(self.conf)

    def test_every_method_of_the_client(self):
        notice = objects.RequestNotice(message_id=ID, instance_id=ID,
                                       action="create")
        report = objects.HeartbeatReport(host="h", binary="b")
        inventory = objects.InventoryReport(provider_uuid=ID, name="cn1")
        result = objects.ActionResult(instance_id=ID, attempt=1, host="cn1",
                                      action="create", succeeded=True)
        domains = objects.DomainList(objects=[objects.Domain(
            instance_id=ID, attempt=1, host="cn1", state="STOPPED")])
        request = objects.SchedulingRequest(resources={"VCPU": 1})
        ctx = self.context
        self.assertIsNone(self.api.wake(ctx, notice))
        self.assertIsNone(self.api.heartbeat(ctx, report))
        self.assertIsNone(self.api.report_inventory(ctx, inventory))
        self.assertIs(True, self.api.begin_action(ctx, ID, 3, "cn1"))
        self.assertIs(False, self.api.finish_action(ctx, result))
        self.assertEqual([ID], self.api.reconcile(ctx, "h", domains))
        self.assertEqual(
            {"verdict": "scheduled", "hosts": [{"name": "cn1"}]},
            self.api.explain(ctx, request))
        wait_for(lambda: len(self.manager.calls) == 7)
        self.assertCountEqual([
            ("wake", notice), ("heartbeat", report),
            ("report_inventory", inventory), ("begin_action", ID, 3, "cn1"),
            ("finish_action", result), ("reconcile", "h", domains),
            ("explain", request)], self.manager.calls)


class TestCompute(BusCase):

    def test_a_cast_goes_to_the_compute_of_that_name(self):
        other = Manager()
        self.serve(compute.TOPIC, ("execute",), "h1")
        self.manager, mine = other, self.manager
        self.serve(compute.TOPIC, ("execute",), "h2")
        action = objects.InstanceAction(instance_id=ID, attempt=1,
                                        action="start", host="cn1")
        api = compute.ComputeAPI(self.conf)
        for _ in range(3):
            api.execute(self.context, "h2", action)
        wait_for(lambda: len(other.calls) == 3)
        self.assertEqual([("execute", action)] * 3, other.calls)
        self.assertEqual([], mine.calls)


class TestNonsense(BusCase):
    """It is dropped with one line; who waits is told; the server lives."""

    def setUp(self):
        super().setUp()
        self.log = Lines()
        logging.getLogger().addHandler(self.log)
        self.addCleanup(logging.getLogger().removeHandler, self.log)
        self.running = self.serve(scheduler.TOPIC, SCHEDULER_METHODS)
        self.raw = oslo_messaging.get_rpc_client(
            transport.get(self.conf),
            oslo_messaging.Target(topic=scheduler.TOPIC, version="1.0",
                                  exchange=transport.EXCHANGE),
            serializer=oslo_messaging.NoOpSerializer())

    def refused(self, method, version="1.0", **args):
        self.log.lines.clear()
        error = self.assertRaises(
            (exception.MalformedMessage, oslo_messaging.RPCDispatcherError),
            self.raw.prepare(version=version).call,
            {}, method, **args)
        line, = self.log.lines
        self.assertIn(DROPPED, line)
        self.assertNotIn("\n", line)
        self.assertEqual([], self.manager.calls)
        return error

    def test_cases(self):
        good = {"tachyon_object.name": "RequestNotice",
                "tachyon_object.namespace": "tachyon",
                "tachyon_object.version": "1.0",
                "tachyon_object.data": {"message_id": ID, "instance_id": ID,
                                        "action": "create"}}
        cases = {
            "unknown method": ("nope", {}),
            "hidden method": ("hidden", {}),
            "attribute, no method": ("target", {}),
            "argument missing": ("wake", {}),
            "argument too many": ("wake", {"notice": good, "more": 1}),
            "no such class": ("wake", {"notice": {
                **good, "tachyon_object.name": "Nope"}}),
            "newer class": ("wake", {"notice": {
                **good, "tachyon_object.version": "1.9"}}),
            "no data": ("wake", {"notice": {
                **good, "tachyon_object.data": {}}}),
            "wrong value": ("wake", {"notice": {
                **good, "tachyon_object.data": {
                    **good["tachyon_object.data"], "action": "fly"}}}),
        }
        for name, (method, args) in cases.items():
            with self.subTest(name):
                self.refused(method, **args)
        self.assertTrue(scheduler.SchedulerAPI(self.conf).begin_action(
            self.context, ID, 1, "cn1"))

    def test_arguments_of_another_kind(self):
        for args in ({"instance_id": 7, "attempt": 1, "host": "h"},
                     {"instance_id": ID, "attempt": "1", "host": "h"},
                     {"instance_id": None, "attempt": 1, "host": "h"}):
            with self.subTest(args):
                self.refused("begin_action", **args)

    def test_nonsense_is_shortened(self):
        for text, shown in (("x" * server.SHOWN, "x" * server.SHOWN),
                            ("x" * (server.SHOWN + 1),
                             "x" * server.SHOWN + "..."),
                            ("a\nb", "a b"), ("", "")):
            self.assertEqual(shown, server.shorten(text))

    def test_context(self):
        with fixtures.MonkeyPatch(
                "tachyon.context.RequestContext.from_durable_dict",
                lambda values: 1 / 0):
            self.refused("begin_action", instance_id=ID, attempt=1,
                         host="cn1")

    def test_version(self):
        for version in ("1.1", "2.0"):
            with self.subTest(version):
                self.refused("begin_action", version=version, instance_id=ID,
                             attempt=1, host="cn1")

    def test_plain_args(self):
        """Whatever a broken sender puts in the place of the arguments."""
        for args in (None, 3, "x", [1]):
            with self.subTest(args=args):
                self.log.lines.clear()
                incoming = type("Incoming", (), {
                    "message": {"method": "wake", "args": args}, "ctxt": {}})
                self.assertRaises(
                    oslo_messaging.ExpectedException,
                    self.running.dispatcher.dispatch, incoming)
                line, = self.log.lines
                self.assertIn(DROPPED, line)


class TestTransport(base.TestCase):

    def test_one_a_process(self):
        self.assertIs(transport.get(self.conf), transport.get(self.conf))

    def test_it_is_made_again_after_a_fork(self):
        first = transport.get(self.conf)
        with fixtures.MonkeyPatch("os.getpid", lambda: -1):
            self.assertIsNot(first, transport.get(self.conf))
            transport.cleanup()

    def test_local(self):
        for url, local in (("fake://", True), ("fake:/", True),
                           ("kombu+memory://", True),
                           ("rabbit://u:p@127.0.0.1:5672/", False)):
            with self.subTest(url):
                self.messaging_fixture.transport_url = url
                self.assertIs(local, transport.is_local(self.conf))

    def test_check(self):
        transport.check(self.conf)
        for url in ("nope://x", "rabbit//x", "", "rabbit://[::1"):
            with self.subTest(url):
                self.messaging_fixture.transport_url = url
                error = self.assertRaises(exception.TachyonException,
                                          transport.check, self.conf)
                self.assertIn("transport_url", str(error))

    def test_an_error_from_afar_is_told_in_one_line(self):
        try:
            raise exception.DriverUnavailable(reason="it is cold")
        except exception.DriverUnavailable:
            sent = common.serialize_remote_exception(sys.exc_info())
        came = common.deserialize_remote_exception(
            sent, transport.ALLOWED_EXMODS)
        self.assertIsInstance(came, exception.DriverUnavailable)
        self.assertIn("Traceback", str(came))
        self.assertEqual("The store is unavailable: it is cold",
                         transport.tell(came))
        self.assertEqual("TimeoutError", transport.tell(TimeoutError()))

    def test_what_is_worth_asking_again(self):
        for error, worth in (
                (oslo_messaging.MessagingTimeout(), True),
                (oslo_messaging.MessageDeliveryFailure(), True),
                (exception.DriverUnavailable(reason="x"), True),
                (oslo_messaging.RemoteError("KeyError", "x"), False),
                (oslo_messaging.NoSuchMethod("x"), False),
                (exception.InstanceNotFound(id="x"), False),
                (exception.MalformedMessage(reason="x"), False),
                (ZeroDivisionError(), False)):
            with self.subTest(error=error):
                self.assertIs(worth, transport.is_unanswered(error))
