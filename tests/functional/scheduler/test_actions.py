"""Start, stop, …, delete: at every stage, with computes up and down."""

from tachyon import exception
from tests.functional.scheduler import base


class TestActions(base.SchedulerCase):
    def setUp(self):
        super().setUp()
        self.uuid = self.add_host("h1")
        self.beat()

    def test_every_action(self):
        instance = self.boot()
        for action, status in (("start", "RUNNING"), ("pause", "PAUSED"),
                               ("resume", "RUNNING"), ("restart", "RUNNING"),
                               ("stop", "STOPPED")):
            with self.subTest(action):
                before = self.act(instance, action)
                cast = self.compute.casts[-1]
                self.assertEqual(
                    ("c1", action, "h1", before.attempt),
                    (cast.service_host, cast.action.action, cast.action.host,
                     cast.action.attempt))
                self.assertTrue(self.scheduler.begin_action(
                    self.admin_context, instance.id, before.attempt, "h1"))
                self.assertTrue(self.finish(cast.action))
                self.assertTrue(self.finish(cast.action))    # told twice
                after = self.get(instance)
                self.assertEqual((status, None), (after.status, after.task))
                self.assertIsNone(self.message_of(instance))
        self.assertEqual(1, self.used(self.uuid))

    def test_delete_gives_the_allocation_back(self):
        instance = self.boot()
        self.act(instance, "delete")
        self.assertEqual(1, self.used(self.uuid))
        for _ in range(2):
            self.assertTrue(self.finish(self.compute.casts[-1].action))
        self.assertEqual("DELETED", self.get(instance).status)
        self.assertEqual(0, self.used(self.uuid))

    def test_a_failed_action_ends_in_error(self):
        for action in ("start", "delete"):
            with self.subTest(action):
                instance = self.boot()
                self.act(instance, action)
                self.finish(self.compute.casts[-1].action, False, "no power")
                failed = self.get(instance)
                self.assertEqual(
                    ("ERROR", "no power", "h1", None),
                    (failed.status, failed.fault, failed.host, failed.task))
                self.act(instance, "delete")
                self.finish(self.compute.casts[-1].action)
                self.assertEqual("DELETED", self.get(instance).status)
        self.assertEqual(0, self.used(self.uuid))

    def test_disabled_computes_handle_what_they_have(self):
        instance = self.boot()
        self.driver.services.update(self.service("c1").id, enabled=False)
        self.act(instance, "start")
        self.assertEqual("start", self.compute.casts[-1].action.action)
        self.assertEqual("ERROR", self.create().status)

    def test_delete_without_its_compute(self):
        instance = self.boot()
        casts = len(self.compute.casts)
        self.silence("c1")
        self.act(instance, "delete")
        self.assertEqual("DELETED", self.get(instance).status)
        self.assertEqual(0, self.used(self.uuid))
        self.assertEqual(casts, len(self.compute.casts))

    def test_delete_where_no_compute_serves(self):
        instance = self.boot()
        self.driver.services.delete(self.service("c1").id)
        self.act(instance, "delete")
        self.assertEqual("DELETED", self.get(instance).status)

    def test_other_actions_wait_for_the_compute(self):
        instance = self.boot()
        self.silence("c1")
        started = self.act(instance, "start")
        self.assertEqual(("start", "STOPPED"),
                         (started.task, started.status))
        self.assertEqual("start", self.compute.casts[-1].action.action)

    def test_other_actions_where_no_compute_serves(self):
        instance = self.boot()
        self.driver.services.delete(self.service("c1").id)
        failed = self.act(instance, "start")
        self.assertEqual(("ERROR", "start: no compute serves its host."),
                         (failed.status, failed.fault))

    def test_an_action_of_an_instance_on_no_host(self):
        instance = self.create({"VCPU": 1000})
        failed = self.act(instance, "start")
        self.assertEqual(("ERROR", "start: the instance is on no host."),
                         (failed.status, failed.fault))
        self.act(instance, "delete")
        self.assertEqual("DELETED", self.get(instance).status)


class TestDeleteWhileBuilding(base.SchedulerCase):
    """Nothing is left, whenever the delete comes."""

    def setUp(self):
        super().setUp()
        self.uuid = self.add_host("h1")
        self.beat()

    def gone(self, instance):
        self.assertEqual("DELETED", self.get(instance).status)
        self.assertIsNone(self.message_of(instance))
        self.assertEqual(0, self.used(self.uuid))
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, instance.id)

    def end(self, instance):
        """What the API does to an instance that is on no host."""
        self.driver.instances.end(instance.id, self.get(instance).generation)

    def test_before_a_scheduler_has_it(self):
        instance = self.submit()
        message = self.message_of(instance)
        self.end(instance)
        self.scheduler._deliveries.noted.add(message.id)
        self.scheduler._deliveries.take()
        self.assertEqual([], self.compute.casts)
        self.gone(instance)

    def test_between_any_two_actions(self):
        for name in ("candidates", "filter", "weigh", "claim"):
            with self.subTest(before=name):
                instance = self.submit()
                action = self.scheduler._pipeline._actions[name]
                original = action.execute

                def execute(data, instance=instance, original=original):
                    self.end(instance)
                    original(data)

                action.execute = execute
                self.wake(instance)
                action.execute = original
                self.assertEqual([], self.compute.casts)
                self.gone(instance)

    def test_after_landing(self):
        instance = self.create()
        create = self.compute.casts[0].action
        self.act(instance, "delete")
        self.assertFalse(self.scheduler.begin_action(
            self.admin_context, instance.id, create.attempt, "h1"))
        self.finish(self.compute.casts[1].action)
        self.gone(instance)

    def test_while_the_compute_creates(self):
        instance = self.create()
        create = self.compute.casts[0].action
        self.assertTrue(self.scheduler.begin_action(
            self.admin_context, instance.id, create.attempt, "h1"))
        self.act(instance, "delete")
        # The delete waits for its turn at the compute, and removes the copy.
        self.assertTrue(self.finish(create))
        self.assertEqual("BUILDING", self.get(instance).status)
        self.finish(self.compute.casts[1].action)
        self.gone(instance)
        self.assertFalse(self.finish(create))

    def test_while_it_finds_another_host(self):
        self.add_host("h2", VCPU=1)
        instance = self.create()
        self.driver.instances.unland(instance.id, 1, failed_host="h1")
        self.end(instance)
        self.scheduler.sweep()
        self.gone(instance)
