"""tachyon-scheduler over the bus, as the other daemons see it."""

import threading
import time
from unittest import mock

from tachyon import context
from tachyon import exception
from tachyon import objects
from tachyon.rpc import compute as compute_rpc
from tachyon.rpc import scheduler as scheduler_rpc
from tachyon.rpc import server as rpc_server
from tachyon.scheduler import service
from tests.functional.scheduler import base

DEADLINE = 30.0


class Compute:
    """The other end of ComputeAPI."""

    def __init__(self):
        self.heard = []
        self.event = threading.Event()

    def execute(self, context, action):
        self.heard.append((context.request_id, action))
        self.event.set()


class TestService(base.SchedulerCase):
    def setUp(self):
        super().setUp()
        self.config("scheduler", sweep_interval=0.1)
        self.made = []
        self.service = service.SchedulerService(self.conf, self.make)
        self.service.start()
        self.addCleanup(self.service.stop)
        self.api = scheduler_rpc.SchedulerAPI(self.conf)
        self.listener = Compute()
        server = rpc_server.get_server(
            self.conf, compute_rpc.TOPIC, "c1", rpc_server.Endpoint(
                self.listener, ["execute"], "1.0"))
        server.start()
        self.addCleanup(server.wait)
        self.addCleanup(server.stop)
        self.uuid = self.add_host("h1")

    def make(self):
        self.compute = compute_rpc.ComputeAPI(self.conf)
        manager = self.make_scheduler()
        # The store is the test's own, and outlives the service.
        manager._driver = mock.Mock(wraps=self.driver)
        manager._driver.close = mock.Mock()
        self.made.append(manager)
        return manager

    def wait_for(self, condition):
        end = time.monotonic() + DEADLINE
        while not condition() and time.monotonic() < end:
            time.sleep(0.02)
        self.assertTrue(condition())

    def serve(self):
        self.api.heartbeat(self.admin_context, objects.HeartbeatReport(
            host="c1", binary="tachyon-compute", serves=["*"]))
        self.wait_for(lambda: any(each.host == "c1" for each
                                  in self.driver.services.list()))

    def test_a_whole_life(self):
        self.serve()
        instance = self.submit()
        message = self.message_of(instance)
        self.api.wake(self.context, objects.RequestNotice(
            message_id=message.id, instance_id=instance.id, action="create"))
        self.assertTrue(self.listener.event.wait(DEADLINE))
        (request_id, action), = self.listener.heard
        self.assertEqual((instance.request_id, instance.id, "h1", 1), (
            request_id, action.instance_id, action.host, action.attempt))
        self.assertTrue(self.api.begin_action(
            self.admin_context, instance.id, 1, "h1"))
        self.assertFalse(self.api.begin_action(
            self.admin_context, instance.id, 2, "h1"))
        self.assertTrue(self.api.finish_action(
            self.admin_context, objects.ActionResult(
                instance_id=instance.id, attempt=1, host="h1",
                action="create", succeeded=True, ip_address="192.0.2.1")))
        self.assertEqual("STOPPED", self.get(instance).status)
        self.assertEqual([], self.api.reconcile(
            self.admin_context, "c1", objects.DomainList(objects=[
                objects.Domain(instance_id=instance.id, attempt=1,
                               host="h1", state="STOPPED")])))

    def test_a_lost_wake_up_is_found_by_the_sweep(self):
        self.serve()
        instance = self.submit()
        self.assertTrue(self.listener.event.wait(DEADLINE))
        self.assertEqual("h1", self.get(instance).host)

    def test_it_reports_itself(self):
        self.wait_for(lambda: [
            (each.host, each.binary)
            for each in self.driver.services.list()] == [
                ("testhost", "tachyon-scheduler")])

    def test_explain_and_its_errors_cross_the_bus(self):
        self.serve()
        request = objects.SchedulingRequest(resources={"VCPU": 1},
                                            hosts=["h1"])
        found = self.api.explain(context.get_admin_context(), request)
        self.assertEqual(("scheduled", "h1", True), (
            found["verdict"], found["host"], found["hosts"][0]["fits"]))
        found = self.api.explain(context.get_admin_context(), request,
                                 capacity=True)
        self.assertEqual(4, found["capacity"]["total"])
        self.assertRaises(
            exception.SchedulingDataInvalid, self.api.explain_server,
            context.get_admin_context(), {"request_spec": {
                "nova_object.data": {}}}, ["h1"], True)
        self.assertRaises(exception.PolicyNotAuthorized, self.api.explain,
                          self.context, request)
        self.assertRaises(exception.SchedulingDataInvalid, self.api.explain,
                          context.get_admin_context(),
                          objects.SchedulingRequest())

    def test_inventory_over_the_bus(self):
        self.api.report_inventory(
            self.admin_context, objects.InventoryReport(
                provider_uuid=self.uuid, name="h1", inventories=[
                    objects.InventoryItem(resource_class="VCPU", total=9)]))
        provider = self.driver.resource_providers.get(self.uuid)
        self.assertEqual(9, provider.inventories["VCPU"].total)

    def test_state_is_made_when_it_starts_and_given_back(self):
        other = service.SchedulerService(self.conf, self.make)
        before = len(self.made)
        other.start()
        self.assertEqual(before + 1, len(self.made))
        other.stop()
        self.made[-1]._driver.close.assert_called_once_with()
        self.service.stop()
        self.service.wait()
