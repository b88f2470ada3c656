"""What computes ask and tell, in every order in which it can come."""

from unittest import mock

import fixtures
from oslo_utils import uuidutils

from tachyon import exception
from tachyon import objects
from tachyon.scheduler import results
from tests.functional.scheduler import base


class TestBegin(base.SchedulerCase):
    def setUp(self):
        super().setUp()
        self.add_host("h1")
        self.beat()
        self.landed = self.create()

    def begin(self, attempt=1, host="h1", id=None):
        return self.scheduler.begin_action(
            self.admin_context, id or self.landed.id, attempt, host)

    def test_only_the_current_delivery_on_its_own_host(self):
        for name, fields, expected in (
                ("current", {}, True),
                ("again", {}, True),
                ("older", {"attempt": 0}, False),
                ("newer", {"attempt": 2}, False),
                ("other host", {"host": "h2"}, False),
                ("unknown", {"id": uuidutils.generate_uuid()}, False)):
            with self.subTest(name):
                self.assertIs(expected, self.begin(**fields))

    def test_fenced_by_a_delete(self):
        self.driver.instances.submit_action(
            self.landed.id, self.get(self.landed).generation,
            self.make_message(self.landed.id, "delete"))
        self.assertFalse(self.begin())

    def test_nothing_is_under_way(self):
        self.finish(self.compute.casts[0].action)
        self.assertFalse(self.begin())

    def test_heartbeats_renew_the_claim(self):
        self.driver.messages.renew([(self.landed.id, 1)], 0.0)
        self.beat(work=[(self.landed.id, 1), (uuidutils.generate_uuid(), 1)])
        self.scheduler._deliveries.sweep(0.0)
        self.assertEqual(1, self.get(self.landed).attempt)


class TestFinish(base.SchedulerCase):
    def setUp(self):
        super().setUp()
        self.uuid = self.add_host("h1")
        self.beat()

    def test_an_answer_that_got_lost(self):
        """Told again, a compute must not destroy what it made."""
        landed = self.create()
        action = self.compute.casts[0].action
        for _ in range(3):
            self.assertTrue(self.finish(action))
        self.assertEqual("STOPPED", self.get(landed).status)

    def test_an_answer_that_got_lost_for_long(self):
        """Not even once something else has happened to the instance."""
        landed = self.create()
        action = self.compute.casts[0].action
        self.finish(action)
        self.act(landed, "start")
        self.assertTrue(self.finish(action))
        self.assertEqual(("STOPPED", "start"), (
            self.get(landed).status, self.get(landed).task))
        self.finish(self.compute.casts[1].action)
        self.assertTrue(self.finish(action))
        self.assertEqual("RUNNING", self.get(landed).status)

    def test_an_adopted_copy_is_kept(self):
        """An older delivery made it; a newer one, to the same host, is on
        its way and will find it there."""
        landed = self.create()
        self.release(landed)
        adopted = self.wake(landed)
        self.assertEqual(("h1", 2), (adopted.host, adopted.attempt))
        self.assertTrue(self.finish(self.compute.casts[0].action))
        self.assertEqual("BUILDING", self.get(landed).status)
        self.assertTrue(self.finish(self.compute.casts[1].action))
        self.assertEqual("STOPPED", self.get(landed).status)
        self.assertEqual(1, self.used(self.uuid))

    def release(self, instance):
        """Let the message claim run out."""
        self.driver.messages.renew([(instance.id, instance.attempt)], 0.0)

    def test_fenced_results_of_creates(self):
        for name, happen in (
                ("deleted", self.delete_at_once),
                ("moved", self.move),
                ("failed", self.fail)):
            with self.subTest(name):
                landed = self.create()
                action = self.compute.casts[-1].action
                happen(landed)
                before = self.get(landed)
                self.assertFalse(self.finish(action))
                self.assertFalse(self.finish(action, succeeded=False))
                self.assertEqual(before, self.get(landed))

    def delete_at_once(self, instance):
        self.driver.instances.end(instance.id,
                                  self.get(instance).generation)

    def move(self, instance):
        self.driver.instances.unland(instance.id, 1, failed_host="h1")
        self.driver.messages.claim("x", 30.0)

    def fail(self, instance):
        self.driver.instances.fail(instance.id, 1, "no reason")

    def test_unknown_instance(self):
        self.assertFalse(self.finish(objects.InstanceAction(
            instance_id=uuidutils.generate_uuid(), attempt=1,
            action="create", host="h1")))

    def test_a_result_from_another_host(self):
        landed = self.create()
        action = self.compute.casts[0].action
        action.host = "h2"
        self.assertFalse(self.finish(action))
        self.assertEqual("BUILDING", self.get(landed).status)


class TestReschedule(base.SchedulerCase):
    def test_another_host_then_error(self):
        uuids = [self.add_host(f"h{number}", VCPU=8 - number)
                 for number in range(3)]
        self.beat()
        created = self.create()
        for number in range(2):
            action = self.compute.casts[-1].action
            self.assertEqual((f"h{number}", number + 1),
                             (action.host, action.attempt))
            self.assertTrue(self.finish(action, False, "no disk"))
        found = self.get(created)
        self.assertEqual(("BUILDING", "h2", ("h0", "h1"), 3), (
            found.status, found.host, found.tried, found.attempt))
        document = self.document(found)
        self.assertEqual(["h0", "h1"], document["inputs"]["tried"])
        tried, = (row for row in document["funnel"]
                  if row["stage"] == "tried")
        self.assertEqual((3, 1), (tried["before"], tried["after"]))
        self.assertEqual({"filter": "tried", "detail":
                          "it failed to create this instance before"},
                         tried["removed"][0]["params"])
        self.assertEqual([0, 0, 1], [self.used(uuid) for uuid in uuids])
        self.assertTrue(self.finish(self.compute.casts[-1].action, False,
                                    "no disk"))
        failed = self.get(created)
        self.assertEqual(
            ("ERROR", None, None,
             "3 hosts failed to create it, the last: no disk"),
            (failed.status, failed.host, failed.task, failed.fault))
        self.assertEqual([0, 0, 0], [self.used(uuid) for uuid in uuids])
        document = self.document(failed)
        self.assertEqual(("retries_exhausted", failed.fault, None), (
            document["verdict"], document["summary"], document["host"]))
        self.assertIn("tried", [row["stage"] for row in document["funnel"]])

    def test_no_other_host(self):
        self.add_host("h1")
        self.beat()
        created = self.create()
        self.finish(self.compute.casts[0].action, False, "no disk")
        failed = self.get(created)
        self.assertEqual(
            ("ERROR", "0/1 hosts: 1 refused by tried (it failed to create "
             "this instance before); the last host that failed it: no disk"),
            (failed.status, failed.fault))
        self.assertEqual("no_candidates", self.document(failed)["verdict"])

    def test_what_was_postponed_costs_no_host(self):
        for number in range(2):
            self.add_host(f"h{number}", VCPU=8 - number)
        self.beat()
        instance = self.create()
        for _ in range(self.conf.scheduler.max_attempts):
            self.driver.messages.postpone(
                instance.id, self.get(instance).attempt, 0.0)
            self.wake(instance)
        self.finish(self.compute.casts[-1].action, False, "no disk")
        self.assertEqual("h1", self.get(instance).host)

    def test_a_single_attempt(self):
        self.config("scheduler", max_attempts=1)
        self.add_host("h1")
        self.add_host("h2")
        self.beat()
        created = self.create()
        self.finish(self.compute.casts[0].action, False, None)
        self.assertEqual(("ERROR", "create failed for no given reason."), (
            self.get(created).status, self.get(created).fault))
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, created.id)


class TestReconcile(base.SchedulerCase):
    def test_copies_that_must_go(self):
        self.add_host("h1", VCPU=100)
        self.beat()
        running = self.boot()
        building = self.create()
        broken = self.boot()
        self.act(broken, "start")
        self.finish(self.compute.casts[-1].action, False, "no power")
        deleted = self.boot()
        self.act(deleted, "delete")
        self.finish(self.compute.casts[-1].action)
        failed = self.create({"VCPU": 1000})
        moved = self.create()
        self.driver.instances.unland(moved.id, 1)
        self.assertEqual("ERROR", self.get(broken).status)
        unknown = uuidutils.generate_uuid()
        copies = [(running.id, "h1"), (building.id, "h1"), (broken.id, "h1"),
                  (deleted.id, "h1"), (failed.id, "h1"), (moved.id, "h1"),
                  (unknown, "h1"), (running.id, "h2")]
        stale = self.scheduler.reconcile(
            self.admin_context, "c1", objects.DomainList(objects=[
                objects.Domain(instance_id=id, attempt=1, host=host,
                               state="STOPPED") for id, host in copies]))
        self.assertEqual([deleted.id, failed.id, moved.id, running.id], stale)

    def test_one_question_and_one_line_for_what_is_unknown(self):
        unknown = [uuidutils.generate_uuid() for _ in range(2)]
        domains = objects.DomainList(objects=[
            objects.Domain(instance_id=id, attempt=1, host="h1",
                           state="STOPPED") for id in unknown])
        log = self.useFixture(fixtures.FakeLogger(results.__name__))
        with mock.patch.object(
                self.driver.instances, "get_many",
                wraps=self.driver.instances.get_many) as get_many:
            for _ in range(3):
                self.scheduler.reconcile(self.admin_context, "c1", domains)
        self.assertEqual([mock.call(unknown)] * 3, get_many.mock_calls)
        self.assertEqual([1, 1], [log.output.count(id) for id in unknown])

    def test_none(self):
        self.assertEqual([], self.scheduler.reconcile(
            self.admin_context, "c1", objects.DomainList()))


class TestReports(base.SchedulerCase):
    def test_inventory(self):
        uuid = uuidutils.generate_uuid()
        for total, traits in ((4, ["HW_CPU_X86_AVX2"]), (8, [])):
            self.scheduler.report_inventory(
                self.admin_context, objects.InventoryReport(
                    provider_uuid=uuid, name="h1", traits=traits,
                    inventories=[objects.InventoryItem(
                        resource_class="VCPU", total=total, reserved=1,
                        allocation_ratio=2.0)]))
            found = self.driver.resource_providers.get(uuid)
            inventory = found.inventories["VCPU"]
            self.assertEqual(
                ("h1", total, 1, 2.0),
                (found.name, inventory.total, inventory.reserved,
                 inventory.allocation_ratio))
        self.assertIn("HW_CPU_X86_AVX2", found.traits)

    def test_heartbeats(self):
        for serves in (["a*"], ["b*"]):
            self.beat(serves=serves)
            self.assertEqual((tuple(serves), True), (
                self.service("c1").serves, self.service("c1").enabled))
        self.driver.services.update(self.service("c1").id, enabled=False)
        self.beat(serves=["b*"])
        self.assertFalse(self.service("c1").enabled)
