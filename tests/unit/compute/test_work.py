import threading
import uuid

from tachyon.compute import work
from tests import base

DEADLINE = 10.0


class TestWork(base.TestCase):

    def setUp(self):
        super().setUp()
        self.work = work.Work(8)
        self.addCleanup(self.work.stop)
        self.gate = threading.Event()
        self.addCleanup(self.gate.set)
        self.ran = []

    def add(self, instance_id, attempt, *, blocks=False, fails=False):
        entered, ended = threading.Event(), threading.Event()

        def run():
            entered.set()
            if blocks:
                self.gate.wait(DEADLINE)
            self.ran.append((instance_id, attempt))
            ended.set()
            if fails:
                raise ZeroDivisionError("oops")

        taken = self.work.add(work.Job(instance_id, attempt, run))
        return taken, entered, ended

    def test_one_at_a_time_and_in_order(self):
        _, entered, _ = self.add("a", 1, blocks=True)
        entered.wait(DEADLINE)
        _, second, ended = self.add("a", 2)
        _, _, last = self.add("a", None)
        self.assertFalse(second.is_set())
        self.assertEqual([("a", 1), ("a", 2)], self.work.deliveries())
        self.gate.set()
        self.assertTrue(last.wait(DEADLINE))
        self.assertEqual([("a", 1), ("a", 2), ("a", None)], self.ran)

    def test_instances_do_not_wait_for_each_other(self):
        self.add("a", 1, blocks=True)
        _, _, ended = self.add("b", 1)
        self.assertTrue(ended.wait(DEADLINE))

    def test_what_fails_does_not_hold_up_the_next(self):
        self.add("a", 1, fails=True)
        _, _, ended = self.add("a", 2)
        self.assertTrue(ended.wait(DEADLINE))

    def test_a_delivery_is_taken_once(self):
        _, entered, _ = self.add("a", 1, blocks=True)
        entered.wait(DEADLINE)
        self.assertFalse(self.add("a", 1)[0])
        self.assertTrue(self.add("a", 2)[0])
        self.assertFalse(self.add("a", 2)[0])
        self.assertTrue(self.add("a", None)[0])
        self.assertTrue(self.add("a", None)[0])

    def test_newer_and_busy(self):
        self.assertFalse(self.work.is_busy("a"))
        self.add("a", 3, blocks=True)
        self.assertTrue(self.work.is_busy("a"))
        self.assertFalse(self.work.is_busy("b"))
        self.assertEqual([True, False, False], [
            self.work.has_newer("a", attempt) for attempt in (2, 3, 4)])
        self.add("b", None, blocks=True)
        self.assertFalse(self.work.has_newer("b", 0))

    def test_stop_ends_what_runs_and_drops_the_rest(self):
        _, entered, _ = self.add("a", 1, blocks=True)
        entered.wait(DEADLINE)
        self.add("a", 2)
        stopper = threading.Thread(target=self.work.stop)
        stopper.start()
        while self.add("b", 1)[0]:
            pass
        self.gate.set()
        stopper.join(DEADLINE)
        self.assertIn(("a", 1), self.ran)
        self.assertNotIn(("a", 2), self.ran)
        self.assertEqual([], self.work.deliveries())

    def test_what_comes_as_the_last_one_ends_is_run_once(self):
        look, looks = self.work._head, threading.Semaphore(0)

        def look_late(instance_id):
            if self.ran == [("a", 1)]:
                looks.release()
                self.gate.wait(DEADLINE)
            return look(instance_id)

        self.work._head = look_late
        self.add("a", 1)
        self.assertTrue(looks.acquire(timeout=DEADLINE))
        _, _, ended = self.add("a", 2)
        # Nobody else comes to look.
        self.assertFalse(looks.acquire(timeout=0.1))
        self.gate.set()
        self.assertTrue(ended.wait(DEADLINE))
        self.work.stop()
        self.assertEqual([("a", 1), ("a", 2)], self.ran)

    def test_many(self):
        ids = [str(uuid.uuid4()) for _ in range(20)]
        lasts = []
        for attempt in range(1, 11):
            lasts = [self.add(each, attempt)[2] for each in ids]
        for last in lasts:
            self.assertTrue(last.wait(DEADLINE))
        for each in ids:
            self.assertEqual(list(range(1, 11)), [
                attempt for instance_id, attempt in self.ran
                if instance_id == each])
