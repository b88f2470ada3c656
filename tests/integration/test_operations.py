"""What operators do to daemons of several workers, and what they see."""

import json
import os
import pathlib
import re
import signal

import amqp

from tests.integration import base
from tests.integration.parts import daemons
from tests.integration.parts import wait

EXCHANGE, TOPIC = "tachyon", "tachyon-scheduler"
BIG = "x" * 5_000_000
DROPPED = "Dropped a message"
WORKERS = 2


def workers_of(daemon):
    """Return the process ids of a daemon's workers."""
    return sorted({int(pid) for path in pathlib.Path(
        f"/proc/{daemon.pid}/task").glob("*/children")
        for pid in path.read_text().split()})


class OperationsCase(base.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cloud = cls.share(daemons.Cloud(
            cls.share_directory(), api_workers=WORKERS, schedulers=1,
            computes=1, options={"scheduler": {"workers": WORKERS}},
            compute_options={"fake": {"hosts": 3}}))
        cls.client = cls.cloud.client
        cls.scheduler, = cls.cloud.schedulers


class ReloadTest(OperationsCase):
    """SIGHUP to a daemon, as ``systemctl reload`` sends it: every worker
    takes the new options, and serves on."""

    def explain(self):
        return self.client.tell("POST", "/api/v1/explain", {
            "name": "x", "flavor": "m1.tiny", "image": "i"})

    def reload(self, **options):
        for name, value in options.items():
            self.scheduler.options["scheduler"][name] = value
        self.scheduler.configure()
        before = workers_of(self.scheduler)
        self.assertEqual(WORKERS, len(before))
        os.kill(self.scheduler.pid, signal.SIGHUP)
        self.addCleanup(lambda: self.assertEqual(
            before, workers_of(self.scheduler)))

    def wait_for_all(self, check):
        """Any worker may answer: return when all of many answers agree."""
        wait.until(lambda: all(check(self.explain()) for _ in range(12)),
                   "both workers decide anew")

    def test_weights(self):
        def weight(document):
            return document["inputs"]["weighers"]["RAMWeigher"]

        self.assertEqual(1.0, weight(self.explain()))
        self.reload(ram_weight_multiplier=-7.5)
        self.wait_for_all(lambda document: weight(document) == -7.5)

    def test_filters(self):
        def stages(document):
            return [stage["stage"] for stage in document["funnel"]]

        self.assertIn("ComputeFilter", stages(self.explain()))
        self.reload(enabled_filters="")
        self.wait_for_all(
            lambda document: "ComputeFilter" not in stages(document))
        self.reload(enabled_filters="ComputeFilter")
        self.wait_for_all(
            lambda document: "ComputeFilter" in stages(document))

    def test_what_can_not_be_read_changes_nothing(self):
        known = self.scheduler.output.count("stays as it was")
        self.scheduler.file.write_text("[[nonsense")
        os.kill(self.scheduler.pid, signal.SIGHUP)
        wait.until(lambda: self.scheduler.output.count("stays as it was")
                   >= known + WORKERS, "each worker says so")
        self.scheduler.configure()
        self.assertTrue(self.explain()["scores"])
        self.assertNotIn("Traceback", self.scheduler.output)

    def test_the_api_serves_on(self):
        before = workers_of(self.cloud.api)
        self.assertEqual(WORKERS, len(before))
        os.kill(self.cloud.api.pid, signal.SIGHUP)
        for _ in range(20):
            self.client.get("/api/v1/services")
        self.assertEqual(before, workers_of(self.cloud.api))


class LogTest(OperationsCase):

    def test_each_line_names_the_request_and_its_caller(self):
        answer = self.client.ask("POST", "/api/v1/instances", {
            "name": "vm", "flavor": "m1.tiny", "image": "i"},
            headers={"X-Auth-Token": "alice:demo", "X-Roles": "member"})
        self.assertEqual(202, answer.status_code, answer.text)
        request_id = answer.headers["X-Openstack-Request-Id"]
        self.client.wait_for(answer.json()["id"], "STOPPED")
        for daemon in (self.cloud.api, self.scheduler,
                       self.cloud.computes[0]):
            lines = wait.until(lambda daemon=daemon: [
                line for line in daemon.output.splitlines()
                if request_id in line], f"{daemon.name} names it")
            for line in lines:
                self.assertRegex(
                    line, rf"\[\S+ {request_id} alice demo ", daemon.name)


class NonsenseOnTheBusTest(OperationsCase):
    """One line for each message that makes no sense; the rest goes on."""

    def setUp(self):
        super().setUp()
        match = re.fullmatch(
            r"rabbit://(.*):(.*)@(.*)/(.*)",
            str(self.scheduler.options["DEFAULT"]["transport_url"]))
        user, password, address, host = match.groups()
        connection = amqp.Connection(address, userid=user, virtual_host=host,
                                     password=password)
        connection.connect()
        self.addCleanup(connection.close)
        self.channel = connection.channel()

    def publish(self, body, kind="application/json"):
        self.channel.basic_publish(
            amqp.Message(body, content_type=kind, content_encoding="utf-8"),
            exchange=EXCHANGE, routing_key=TOPIC)

    def lines(self):
        return [line for line in self.scheduler.output.splitlines()
                if DROPPED in line]

    def test_it_is_dropped_with_a_line(self):
        def envelope(message):
            return json.dumps({"oslo.version": "2.0",
                               "oslo.message": json.dumps(message)})

        def call(method="wake", args=None, **more):
            return envelope({"method": method, "args": args or {},
                             "version": "1.0", **more})

        notice = {"tachyon_object.name": "RequestNotice",
                  "tachyon_object.namespace": "tachyon",
                  "tachyon_object.version": "1.0",
                  "tachyon_object.data": {
                      "message_id": "m", "instance_id": "i",
                      "action": "create"}}
        cases = {
            "not JSON": "{nonsense",
            "not UTF-8": b"\xff\xfe\x00",
            "nothing": "",
            "a list": "[1, 2]",
            "a number": "7",
            "no envelope": json.dumps({"a": 1}),
            "later envelope": json.dumps({"oslo.version": "9.0",
                                          "oslo.message": "{}"}),
            "no JSON in the envelope": json.dumps(
                {"oslo.version": "2.0", "oslo.message": "{"}),
            "a list in the envelope": envelope([1]),
            "no method": envelope({"args": {}}),
            "unknown method": call("explode"),
            "huge method": call(BIG),
            "later version": call(version="1.99"),
            "args that are none": envelope({"method": "wake", "args": [1],
                                            "version": "1.0"}),
            "argument missing": call(),
            "later object": call(args={"notice": {
                **notice, "tachyon_object.version": "9.0"}}),
            "unknown object": call(args={"notice": {
                **notice, "tachyon_object.name": "Nope"}}),
            "field missing": call(args={"notice": {
                **notice, "tachyon_object.data": {"message_id": "m"}}}),
            "no object": call(args={"notice": BIG}),
        }
        instance = self.client.create()["id"]
        for name, body in cases.items():
            with self.subTest(name):
                before = len(self.lines())
                self.publish(body)
                wait.until(lambda before=before: len(self.lines()) > before,
                           f"{name}: a line")
                self.assertEqual(before + 1, len(self.lines()))
                line = self.lines()[-1]
                self.assertTrue(len(line) < 1000, (name, line[:2000]))
        self.publish(BIG, "text/plain")
        self.client.wait_for(instance, "STOPPED")
        self.client.wait_for(self.client.create()["id"], "STOPPED")
        self.assertNotIn("Traceback", self.scheduler.output)

    def test_queues_are_replicated_ones(self):
        # Declared otherwise than it is, a queue is refused.
        with self.assertRaises(amqp.PreconditionFailed) as caught:
            self.channel.queue_declare(TOPIC, durable=True,
                                       auto_delete=False)
        self.assertIn("quorum", str(caught.exception))
