import sys

import oslo_messaging
from oslo_messaging._drivers import common as messaging_common
from oslo_utils import uuidutils

from tachyon import exception
from tachyon.instances import requests
from tests.unit.instances import base
from tests.unit.instances import documents


class TestRequests(base.TestCase):

    def setUp(self):
        super().setUp()
        self.requests = requests.RequestsManager(self.conf, self.driver,
                                                 self.scheduler)

    def refuse(self, ctx=None):
        """Return the request that created an instance which fits nowhere."""
        instance = self.make_instance(ctx)
        decision = self.make_decision(instance, documents.make())
        return self.driver.instances.fail(
            instance.id, self.claim(instance.id), "nothing fits",
            decision).request_id

    def test_an_admin_sees_the_whole_document(self):
        decision = self.requests.get(self.admin, self.refuse())

        self.assertEqual(documents.make(), decision.document)

    def test_the_owner_sees_it_without_hosts(self):
        decision = self.requests.get(self.alice, self.refuse())

        self.assertEqual("no_candidates", decision.verdict)
        shown = decision.document
        self.assertNotIn(documents.HOST, str(shown))
        whole = documents.make()
        self.assertEqual(whole.keys(), shown.keys())
        for key in ("version", "verdict", "reason", "summary", "tries",
                    "limits"):
            self.assertEqual(whole[key], shown[key])
        self.assertEqual(1, shown["funnel"][0]["removed"][0]["count"])
        self.assertEqual(["A"], shown["inputs"]["preferred_traits"])

    def test_others_and_unknown_ones_do_not_exist(self):
        id = self.refuse()
        for ctx, which in ((self.bob, id), (self.admin, "req-nothing")):
            self.assertRaises(exception.RequestNotFound, self.requests.get,
                              ctx, which)

    def test_an_undecided_one_does_not_exist_yet(self):
        instance = self.make_instance()
        self.assertRaises(exception.RequestNotFound, self.requests.get,
                          self.alice, instance.request_id)

    def test_lists_hold_what_one_may_see(self):
        mine = self.refuse(self.make_context("alice", "demo"))
        theirs = self.refuse(self.make_context("bob", "other"))
        for ctx, project, expected in (
                (self.alice, None, [mine]), (self.bob, None, [theirs]),
                (self.admin, None, [theirs, mine]),
                (self.admin, "demo", [mine])):
            page = self.requests.list(ctx, project_id=project)
            self.assertEqual(
                expected, [item.request_id for item in page.items])
        self.assertRaises(exception.PolicyNotAuthorized, self.requests.list,
                          self.alice, project_id="other")
        listed, = self.requests.list(self.alice).items
        self.assertNotIn(documents.HOST, str(listed.document))

    def test_pages(self):
        ids = [self.refuse(self.make_context("alice", "demo"))
               for _ in range(3)][::-1]
        first = self.requests.list(self.alice, limit=2)
        self.assertEqual((ids[:2], ids[1]), (
            [item.request_id for item in first.items], first.marker))
        last = self.requests.list(self.alice, limit=2, marker=first.marker)
        self.assertEqual((ids[2:], None), (
            [item.request_id for item in last.items], last.marker))

    def test_of_one_instance(self):
        self.refuse(self.make_context("alice", "demo"))
        id = self.refuse(self.make_context("alice", "demo"))
        consumer = self.requests.get(self.admin, id).consumer_uuid

        page = self.requests.list(self.admin, consumer_uuid=consumer)

        self.assertEqual([id], [item.request_id for item in page.items])
        page = self.requests.list(self.admin,
                                  consumer_uuid=uuidutils.generate_uuid())
        self.assertEqual((), page.items)


class TestExplain(base.TestCase):

    def setUp(self):
        super().setUp()
        self.requests = requests.RequestsManager(self.conf, self.driver,
                                                 self.scheduler)

    def test_a_scheduler_is_asked_with_the_resolved_wish(self):
        self.scheduler.answer = documents.make("scheduled")

        document = self.requests.explain(self.admin, {
            **base.WISH, "resources": {"VCPU": 3},
            "required_traits": ["A"], "hosts": ["host-1"]})

        self.assertEqual(documents.make("scheduled"), document)
        (ctx, request, capacity), = self.scheduler.asked
        self.assertIs(False, capacity)
        self.assertIs(self.admin, ctx)
        self.assertEqual(
            ("web-1", "m1.small", "debian-12",
             {"VCPU": 3, "MEMORY_MB": 2048, "DISK_GB": 20}, ["A"],
             ["host-1"]),
            (request.name, request.flavor, request.image, request.resources,
             request.required_traits, request.hosts))
        self.assertEqual([], list(self.driver.messages.list()))

    def test_a_server_of_nova_is_asked_about_as_it_is(self):
        self.scheduler.answer = documents.make("scheduled")
        for asked in ({"server": {"flavor": {}}}, {"request_spec": {}}):
            for more in ({}, {"hosts": ["h"], "capacity": True}):
                self.assertEqual(documents.make("scheduled"),
                                 self.requests.explain(
                                     self.admin, {**asked, **more}))
                self.assertEqual(
                    (self.admin, asked, more.get("hosts", []),
                     more.get("capacity", False)), self.scheduler.asked[-1])
        self.assertRaises(exception.PolicyNotAuthorized,
                          self.requests.explain, self.alice,
                          {"request_spec": {}})

    def test_a_wish_that_makes_no_sense_is_not_asked(self):
        error = self.assertRaises(
            exception.ValidationError, self.requests.explain, self.admin,
            {**base.WISH, "flavor": "none"})
        self.assertEqual("flavor", error.field)
        self.assertEqual([], self.scheduler.asked)

    def test_it_is_for_admins(self):
        self.assertRaises(exception.PolicyNotAuthorized,
                          self.requests.explain, self.alice, base.WISH)

    def explain_failing(self, error, expected):
        self.scheduler.error = error
        return self.assertRaises(expected, self.requests.explain, self.admin,
                                 base.WISH)

    def test_an_error_from_the_bus_leaves_its_traceback_behind(self):
        try:
            raise exception.SchedulingDataInvalid(action="a", reason="b")
        except exception.SchedulingDataInvalid as e:
            text = str(e)
            sent = messaging_common.serialize_remote_exception(sys.exc_info())
        remote = messaging_common.deserialize_remote_exception(
            sent, ["tachyon.exception"])
        self.assertIn("Traceback", str(remote))

        error = self.explain_failing(remote, exception.SchedulingDataInvalid)

        self.assertEqual((text, "b"), (str(error), error.reason))

    def test_nobody_answers(self):
        for error in (oslo_messaging.MessagingTimeout(),
                      oslo_messaging.MessageDeliveryFailure(),
                      # As a scheduler says it that is not upgraded yet.
                      oslo_messaging.UnsupportedVersion("1.1"),
                      oslo_messaging.RemoteError("UnsupportedVersion", "x")):
            self.explain_failing(error, exception.SchedulerUnavailable)

    def test_a_bug_in_the_scheduler_stays_one(self):
        for error in (oslo_messaging.RemoteError("KeyError", "x"),
                      KeyError("x")):
            self.explain_failing(error, type(error))
