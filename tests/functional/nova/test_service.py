"""tachyon-scheduler over nova's bus, as nova-conductor sees it."""

import logging
import time
from unittest import mock

import oslo_messaging
from nova import exception as nova_exception
from oslo_messaging._drivers import common

from tachyon import exception
from tachyon.scheduler import service
from tachyon.scheduler.nova import errors
from tachyon.scheduler.nova import wire
from tests.functional.nova import base
from tests.unit.rpc import test_rpc
from tests.unit.scheduler.nova import messages

DEADLINE = 30.0
SERVER = "e15287df-ced7-41ee-8101-db95e800901a"
AGGREGATE = messages.envelope(
    "Aggregate", "1.3", id=1, uuid=messages.CELL, name="ag1",
    hosts=["n1-service"], metadata={"availability_zone": "east"})
HEARD = {"id": 1, "uuid": messages.CELL, "name": "ag1",
         "hosts": ("n1-service",), "metadata": {"availability_zone": "east"}}


class ServiceCase(base.NovaCase):
    """``self.conductor`` calls a service that listens."""

    db_driver = "sqlite"

    def setUp(self):
        super().setUp()
        self.node = self.add_node("n1")
        manager = self.scheduler
        manager._driver = mock.Mock(wraps=self.driver, close=mock.Mock())
        self.service = service.SchedulerService(self.conf, lambda: manager)
        self.service.start()
        self.addCleanup(self.service.stop)
        self.transport = oslo_messaging.get_rpc_transport(
            self.conf, allowed_remote_exmods=["nova.exception"])
        self.addCleanup(self.transport.cleanup)
        self.conductor = self.client("4.5")
        self.lines = test_rpc.Lines()
        logger = logging.getLogger("tachyon")
        logger.addHandler(self.lines)
        self.addCleanup(logger.removeHandler, self.lines)

    def client(self, version, fanout=None, **target):
        return oslo_messaging.get_rpc_client(
            self.transport, oslo_messaging.Target(
                topic="scheduler", exchange="nova", version=version,
                fanout=fanout, **target), timeout=DEADLINE)

    def call(self, client=None, **args):
        made = messages.captured("boot")
        return (client or self.conductor).call(
            made["context"], "select_destinations",
            **{**made["args"], **args})

    def cast(self, method, **args):
        self.client("4.2", fanout=True).cast(
            messages.captured("boot")["context"], method, **args)

    def heard(self, count):
        end = time.monotonic() + DEADLINE
        while len(self.source.heard) < count and time.monotonic() < end:
            time.sleep(0.01)
        return self.source.heard


class TestCalls(ServiceCase):

    db_driver = "sqlite"

    def test_a_captured_call(self):
        captured = messages.captured("boot")
        (chosen,), = self.call()
        wanted = captured["reply"][0][0]
        self.assertEqual(
            wanted["nova_object.data"].keys(),
            chosen["nova_object.data"].keys())
        self.assertEqual("1.1", chosen["nova_object.version"])
        self.assertEqual("n1", wire.read(chosen, "Selection").text(
            "nodename"))
        decision, = self.decisions(SERVER)
        self.assertEqual(captured["context"]["request_id"],
                         decision.request_id)

    def test_no_valid_host_is_nova_s_own(self):
        error = self.assertRaises(
            errors.NoValidHost, self.call,
            spec_obj=messages.spec(flavor={"vcpus": 9}))
        self.assertEqual([], [line for line in self.lines.lines
                              if "Traceback" in line])
        # The fake bus hands errors over as they are; brokers do this.
        arrived = common.deserialize_remote_exception(
            common.serialize_remote_exception((type(error), error, None)),
            ["nova.exception"])
        self.assertIsInstance(arrived, nova_exception.NoValidHost)
        self.assertEqual(
            "No valid host was found. 0/1 hosts: 1 short of VCPU.",
            str(arrived).partition("\n")[0])
        self.assertEqual({"reason": "0/1 hosts: 1 short of VCPU.",
                          "code": 500}, arrived.kwargs)

    def test_nothing_is_known_of_hosts(self):

        self.source.error = exception.HostSourceUnavailable(reason="no cell")
        error = self.assertRaises(errors.NoValidHost, self.call)
        self.assertIn("Nothing is known of the hosts", str(error))

    def test_secrets_are_not_logged(self):
        self.call(spec_obj=messages.spec(
            requested_destination=messages.destination(cell=messages.cell())))
        self.assertNotIn(messages.SECRET, "\n".join(self.lines.lines))

    def test_ping(self):
        client = self.client("1.0", namespace="baseapi")
        self.assertEqual({"service": "scheduler", "arg": "hello"},
                         client.call({}, "ping", arg="hello"))
        self.assertIsNone(self.client("1.1", namespace="baseapi").call(
            {}, "get_backdoor_port"))


class TestFanouts(ServiceCase):

    db_driver = "sqlite"

    def test_what_changed_on_hosts(self):
        self.cast("update_aggregates", aggregates=[AGGREGATE])
        self.cast("update_aggregates", aggregates=messages.envelope(
            "AggregateList", "1.3", objects=[AGGREGATE]))
        self.cast("delete_aggregate", aggregate=AGGREGATE)
        heard = self.heard(3)
        self.assertEqual(2, heard.count(("update_aggregates", [HEARD])))
        self.assertIn(("delete_aggregate", 1), heard)

        self.source.heard.clear()
        instance = messages.envelope("Instance", "2.8", uuid=SERVER,
                                     host="n1-service", key_data="hush")
        self.cast("update_instance_info", host_name="n1-service",
                  instance_info=messages.envelope(
                      "InstanceList", "2.6", objects=[instance]))
        self.cast("delete_instance_info", host_name="n1-service",
                  instance_uuid=SERVER)
        self.cast("sync_instance_info", host_name="n1-service",
                  instance_uuids=[SERVER])
        self.assertEqual(
            [("delete_instance_info", "n1-service", SERVER),
             ("sync_instance_info", "n1-service", [SERVER]),
             ("update_instance_info", "n1-service", [{"uuid": SERVER}])],
            sorted(self.heard(3), key=lambda each: each[0]))


class TestNonsense(ServiceCase):
    """The caller is told; there is one line in the log; the next call is
    answered."""

    db_driver = "sqlite"

    def setUp(self):
        super().setUp()
        self.lines.setLevel(logging.WARNING)

    def test_is_dropped(self):
        later = messages.spec()
        later["nova_object.version"] = "7.0"
        bad_cell = {**messages.cell(), "nova_object.version": "3.0"}
        for name, args in (
                ("no spec", {"spec_obj": {}}),
                ("fields are missing", {"spec_obj": messages.envelope(
                    "RequestSpec", "1.15")}),
                ("another major version", {"spec_obj": later}),
                ("ten megabytes", {"spec_obj": messages.spec(
                    ignore_hosts=["x" * 10_000_000, 1])}),
                ("an argument too many", {"colour": "red"}),
                ("no uuids", {"instance_uuids": [1, 2]}),
                ("no flag", {"return_objects": "maybe"}),
                ("a cell of another time", {"spec_obj": messages.spec(
                    requested_destination=messages.destination(
                        cell=bad_cell))})):
            with self.subTest(name):
                self.lines.lines.clear()
                self.assertRaises(exception.MalformedMessage, self.call,
                                  **args)
                self.told_once()
        self.assertEqual(1, len(self.call()))

    def test_what_is_not_there(self):
        self.assertRaises(oslo_messaging.NoSuchMethod, self.conductor.call,
                          {}, "select", what="all")
        self.told_once()
        self.lines.lines.clear()
        self.assertRaises(oslo_messaging.UnsupportedVersion, self.call,
                          client=self.client("5.0"))
        self.told_once()

    def told_once(self):
        line, = self.lines.lines
        self.assertTrue(line.startswith("Dropped a message"), line)
        self.assertNotIn("Traceback", line)
        self.assertNotIn(messages.SECRET, line)
        self.assertTrue(len(line) < 1000)


class TestPeriodics(ServiceCase):

    def intervals(self):
        return {task.__qualname__: seconds
                for task, seconds in self.service.periodics()
                if task.__qualname__.startswith("NovaManager.")}

    def test_intervals(self):
        self.assertEqual({"NovaManager.sweep": 60.0}, self.intervals())
        for option, seconds in ((0, 60.0), (5, 5.0)):
            self.config(group="nova", sweep_interval=7.0,
                        discover_hosts_in_cells_interval=option)
            self.assertEqual({
                "NovaManager.sweep": 7.0,
                "NovaManager.discover_hosts": seconds}, self.intervals())
