"""One goes ahead with a statement that the server has yet to plan."""

import threading
from concurrent import futures

from tachyon.db.neo4j import planning
from tests import base

DEADLINE = 30.0


class TestPlanning(base.TestCase):
    def setUp(self):
        super().setUp()
        self.planning = planning.Planning()
        self.pool = futures.ThreadPoolExecutor(8)
        self.addCleanup(self.pool.shutdown)
        self.inside = threading.Semaphore(0)
        self.go = threading.Event()
        self.addCleanup(self.go.set)

    def run_one(self, statement, error=None):
        with self.planning.of(statement):
            self.inside.release()
            self.assertTrue(self.go.wait(DEADLINE))
            if error is not None:
                raise error

    def begin(self, statement="a", error=None):
        """Have somebody enter, and return the future of his leaving."""
        return self.pool.submit(self.run_one, statement, error)

    def entered(self, number):
        for _ in range(number):
            self.assertTrue(self.inside.acquire(timeout=DEADLINE))

    def finish(self, *running):
        self.go.set()
        for each in running:
            each.result(DEADLINE)
        self.go.clear()

    def test_others_wait_for_the_first(self):
        planning_patience = planning.PATIENCE
        self.addCleanup(setattr, planning, "PATIENCE", planning_patience)
        planning.PATIENCE = DEADLINE
        first = self.begin()
        self.entered(1)
        others = [self.begin() for _ in range(3)]
        self.assertFalse(self.inside.acquire(timeout=0.05))
        self.finish(first, *others)
        self.entered(3)

    def test_what_is_planned_keeps_nobody(self):
        self.finish(self.begin())
        self.entered(1)
        running = [self.begin() for _ in range(3)]
        self.entered(3)
        self.finish(*running)

    def test_another_statement_does_not_wait(self):
        running = [self.begin("a"), self.begin("b")]
        self.entered(2)
        self.finish(*running)

    def test_nobody_waits_for_long(self):
        self.addCleanup(setattr, planning, "PATIENCE", planning.PATIENCE)
        planning.PATIENCE = 0.01
        running = [self.begin() for _ in range(3)]
        self.entered(3)
        self.finish(*running)

    def test_one_that_failed_had_nothing_planned(self):
        failing = self.begin(error=ZeroDivisionError())
        self.entered(1)
        self.go.set()
        self.assertRaises(ZeroDivisionError, failing.result, DEADLINE)
        self.assertEqual(set(), self.planning._planned)
        self.finish(self.begin())
        self.assertEqual({"a"}, self.planning._planned)

    def test_another_server_has_planned_nothing(self):
        self.finish(self.begin())
        self.planning.forget()
        self.assertEqual(set(), self.planning._planned)
