"""Messages that meet: what goes in one, and what each sender gets."""

import json
import threading
from concurrent import futures

import fixtures
import oslo_messaging
from oslo_context import context as oslo_context

from tachyon import context
from tachyon import exception
from tachyon import objects
from tachyon.rpc import bundles
from tachyon.rpc import scheduler
from tachyon.rpc import server
from tests import base
from tests.integration.parts import wait

DEADLINE = 30.0
ID = "0d6c8c5e-3f1c-4b62-8a6e-0d1f6a1c0001"


def make_context(name):
    return context.RequestContext(user_id=name, project_id="demo",
                                  request_id=f"req-{name}", overwrite=False)


class Bus:
    """A client whose messages arrive when the test lets them."""

    def __init__(self):
        self.sent = []
        self.answers = {}
        self.entered = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def prepare(self, **target):
        return Prepared(self, target)

    def send(self, target, method, args):
        self.sent.append((target["version"], method, args))
        self.entered.release()
        assert self.go.acquire(timeout=DEADLINE)
        answer = self.answers.get(method)
        if isinstance(answer, Exception):
            raise answer
        return answer(args) if callable(answer) else answer


class Prepared:

    def __init__(self, bus, target):
        self.bus, self.target = bus, target

    def call(self, ctx, method, **args):
        return self.bus.send(self.target, method, args)

    def cast(self, ctx, method, **args):
        self.bus.send(self.target, method, args)


class BundleCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch("tachyon.grouping.PATIENCE",
                                             DEADLINE))


class TestSender(BundleCase):

    def setUp(self):
        super().setUp()
        self.bus = Bus()
        self.bus.answers["double"] = lambda args: 2 * args["number"]
        self.sender = bundles.Sender(self.bus, "1.1", server="c1")
        self.threads = futures.ThreadPoolExecutor(8)
        self.addCleanup(self.threads.shutdown)
        self.addCleanup(self.bus.go.release, 100)

    def meet(self, send, queue, count=3):
        """Have one send, and then others, one by one; let all of them
        arrive, and return what came of each."""
        found = []
        for number in range(count + 1):
            found.append(self.threads.submit(
                send, make_context(f"u{number}"), "double", number=number))
            if number:
                wait.until(lambda wanted=number: len(queue) == wanted,
                           "it waits for its turn", deadline=DEADLINE,
                           interval=0.001)
            else:
                self.assertTrue(self.bus.entered.acquire(timeout=DEADLINE))
        self.bus.go.release(100)
        futures.wait(found, DEADLINE)
        return found

    def calls(self):
        return self.meet(self.sender.call, self.sender._calls._queue)

    def test_who_meets_nobody_sends_his_own_as_ever(self):
        self.bus.go.release()
        self.assertEqual(14, self.sender.call(self.context, "double",
                                              number=7))
        self.assertEqual([("1.0", "double", {"number": 7})], self.bus.sent)

    def test_calls_that_meet_go_in_one_message(self):
        self.bus.answers["call_all"] = lambda args: [
            {"answer": 2 * each["args"]["number"]} for each in args["calls"]]
        self.assertEqual([0, 2, 4, 6], [one.result() for one in self.calls()])
        one, (version, method, args) = self.bus.sent
        self.assertEqual(("1.0", "double", {"number": 0}), one)
        self.assertEqual(("1.1", "call_all"), (version, method))
        self.assertEqual(
            [("req-u1", "double", {"number": 1}),
             ("req-u2", "double", {"number": 2}),
             ("req-u3", "double", {"number": 3})],
            [(json.loads(each["context"])["request_id"], each["method"],
              each["args"])
             for each in args["calls"]])

    def test_a_part_that_failed_is_asked_by_itself(self):
        self.bus.answers["call_all"] = [{"answer": 2}, {}, {"answer": 6}]
        self.assertEqual([0, 2, 4, 6], [one.result() for one in self.calls()])
        self.assertEqual(("1.0", "double", {"number": 2}), self.bus.sent[2])

    def test_a_bundle_without_an_answer_has_none_for_anybody(self):
        self.bus.answers["call_all"] = oslo_messaging.MessagingTimeout()
        first, *others = self.calls()
        self.assertEqual(0, first.result())
        for each in others:
            self.assertIsInstance(each.exception(),
                                  oslo_messaging.MessagingTimeout)
        self.assertEqual(2, len(self.bus.sent))

    def test_who_knows_no_bundles_is_asked_one_by_one(self):
        self.bus.answers["call_all"] = oslo_messaging.RemoteError(
            "UnsupportedVersion")
        self.assertEqual([0, 2, 4, 6], [one.result() for one in self.calls()])
        self.assertCountEqual(
            [("1.0", "double", {"number": number}) for number in (1, 2, 3)],
            self.bus.sent[2:])

    def test_casts_that_meet_go_in_one_message(self):
        found = self.meet(self.sender.cast, self.sender._casts._queue)
        self.assertEqual([None] * 4, [one.result() for one in found])
        _one, (version, method, args) = self.bus.sent
        self.assertEqual(("1.1", "cast_all"), (version, method))
        self.assertEqual([1, 2, 3], [each["args"]["number"]
                                     for each in args["casts"]])

    def test_casts_that_do_not_get_away_say_so_to_each(self):
        self.bus.answers["cast_all"] = oslo_messaging.MessageDeliveryFailure()
        first, *others = self.meet(self.sender.cast,
                                   self.sender._casts._queue)
        self.assertIsNone(first.result())
        for each in others:
            self.assertIsInstance(each.exception(),
                                  oslo_messaging.MessageDeliveryFailure)


def packed(number, method="double"):
    return {"context": json.dumps(
                make_context(f"u{number}").to_durable_dict()),
            "method": method, "args": {"number": number}}


class TestReceiver(base.TestCase):

    def setUp(self):
        super().setUp()
        self.together = threading.Barrier(3)
        self.seen = []
        self.receiver = bundles.Receiver({"double": self.double,
                                          "note": self.note})

    def double(self, ctx, number):
        # None of them gets on unless all are under way.
        self.together.wait(DEADLINE)
        self.seen.append((ctx.request_id,
                          oslo_context.get_current().request_id))
        if number == 2:
            raise oslo_messaging.ExpectedException
        return 2 * number

    def note(self, ctx, number):
        if number == 2:
            raise ZeroDivisionError
        self.seen.append((ctx.user_id, number))

    def test_calls_are_made_at_the_same_time_each_in_its_context(self):
        self.assertEqual(
            [{"answer": 2}, {}, {"answer": 6}],
            self.receiver.call_all(self.context,
                                   [packed(number) for number in (1, 2, 3)]))
        self.assertCountEqual([(f"req-u{number}", f"req-u{number}")
                               for number in (1, 2, 3)], self.seen)

    def test_casts_are_done_in_order_whatever_becomes_of_one(self):
        self.receiver.cast_all(self.context, [
            packed(number, "note") for number in (1, 2, 3)])
        self.assertEqual([("u1", 1), ("u3", 3)], self.seen)

    def test_nonsense(self):
        for nonsense in ([], [None], [{}], [{**packed(1), "args": None}],
                         [{**packed(1), "context": "no JSON"}],
                         [{**packed(1), "context": "[]"}],
                         [packed(1, "call_all")],
                         [packed(1, "note"), packed(2, "unknown")]):
            with self.subTest(nonsense=nonsense):
                self.assertRaises(
                    exception.MalformedMessage, self.receiver.cast_all,
                    self.context, nonsense)
        self.assertEqual([], self.seen)


class TestBus(BundleCase):
    """All the way, and back."""

    def test_finishes_that_meet(self):
        self.finish(scheduler.SchedulerAPI.VERSION, bundled=True)

    def test_a_scheduler_of_the_release_before_is_asked_one_by_one(self):
        self.finish("1.0")

    def finish(self, version, **kwargs):
        self.messaging_fixture.response_timeout = DEADLINE
        entered, go, seen = threading.Event(), threading.Event(), []

        class Manager:
            def finish_action(self, ctx, result: objects.ActionResult):
                seen.append((ctx.request_id, result))
                entered.set()
                assert go.wait(DEADLINE)
                return result.attempt != 2

        running = server.get_server(
            self.conf, scheduler.TOPIC, "h1", server.Endpoint(
                Manager(), ["finish_action"], version, **kwargs))
        running.start()
        self.addCleanup(running.wait)
        self.addCleanup(running.stop)
        api = scheduler.SchedulerAPI(self.conf)
        results = [objects.ActionResult(
            instance_id=ID, attempt=attempt, host="cn1", action="create",
            succeeded=True) for attempt in range(1, 5)]
        with futures.ThreadPoolExecutor(4) as threads:
            answers = [threads.submit(api.finish_action, make_context("u1"),
                                      results[0])]
            self.assertTrue(entered.wait(DEADLINE))
            answers += [threads.submit(api.finish_action,
                                       make_context(f"u{result.attempt}"),
                                       result) for result in results[1:]]
            wait.until(lambda: len(api._sender._calls._queue) == 3,
                       "all wait", deadline=DEADLINE, interval=0.001)
            go.set()
            self.assertEqual([True, False, True, True],
                             [answer.result(DEADLINE) for answer in answers])
        self.assertCountEqual([(f"req-u{result.attempt}", result)
                               for result in results], seen)
