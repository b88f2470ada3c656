"""What a scheduler was woken for is claimed once for all who are free."""

import threading
from concurrent import futures
from unittest import mock

import fixtures

from tachyon import exception
from tachyon.scheduler import noted
from tests import base

DEADLINE = 30.0


class TestNoted(base.TestCase):

    def setUp(self):
        super().setUp()
        self.set_pace(0.0)
        self.claims = []
        self.others = set()
        self.noted = noted.Noted(self.claim, 3)

    def set_pace(self, seconds):
        self.useFixture(fixtures.MonkeyPatch("tachyon.scheduler.noted.PACE",
                                             seconds))

    def claim(self, ids):
        self.claims.append(list(ids))
        return [(id, f"instance of {id}") for id in ids
                if id not in self.others]

    def add(self, *ids):
        for id in ids:
            self.noted.add(id)

    def test_the_oldest_are_claimed_together(self):
        self.add("d", "a", "c", "b", "a")
        self.assertEqual(["d", "a", "c", "b"],
                         [self.noted.take()[0] for _ in range(4)])
        self.assertIsNone(self.noted.take())
        self.assertEqual([["d", "a", "c"], ["b"]], self.claims)

    def test_what_others_have_is_nobodys_here(self):
        self.add("a", "b", "c", "d")
        self.others = {"a", "b"}
        self.assertEqual("c", self.noted.take()[0])
        self.others = {"d"}
        self.assertIsNone(self.noted.take())
        self.assertIsNone(self.noted.take())
        self.assertEqual(2, len(self.claims))

    def test_next_claims_nothing(self):
        self.add("a", "b")
        self.assertIsNone(self.noted.next())
        self.noted.take()
        self.assertEqual("b", self.noted.next()[0])
        self.assertIsNone(self.noted.next())

    def test_discard(self):
        self.add("a", "b", "c", "d")
        for id in ("b", "unknown"):
            self.noted.discard(id)
        self.noted.take()
        self.noted.discard("c")                 # too late
        self.assertEqual(["c", "d"], [self.noted.next()[0] for _ in "cd"])

    def test_an_error_leaves_them_to_the_sweep(self):
        def claim(ids):
            raise exception.DriverUnavailable(reason="away")

        self.add("a", "b", "c", "d")
        self.noted._claim, claim = claim, self.noted._claim
        self.assertRaises(exception.DriverUnavailable, self.noted.take)
        self.noted._claim = claim
        self.assertEqual("d", self.noted.take()[0])

    def test_who_comes_meanwhile_gets_one_of_the_same_claim(self):
        entered, go = threading.Event(), threading.Event()
        claim = self.noted._claim

        def wait(ids):
            entered.set()
            assert go.wait(DEADLINE)
            return claim(ids)

        self.noted._claim = wait
        self.add("a", "b", "c")
        with futures.ThreadPoolExecutor(3) as threads:
            taken = [threads.submit(self.noted.take)]
            self.assertTrue(entered.wait(DEADLINE))
            taken += [threads.submit(self.noted.take) for _ in range(2)]
            go.set()
            self.assertCountEqual(["a", "b", "c"], [
                each.result(DEADLINE)[0] for each in taken])
        self.assertEqual([["a", "b", "c"]], self.claims)

    def test_the_second_waits_for_its_time(self):
        self.set_pace(60.0)
        waits = []
        self.noted._enough = mock.Mock(wait=waits.append)
        for id in "ab":
            self.add(id)
            self.assertEqual(id, self.noted.take()[0])
        self.assertEqual(0.0, waits[0])
        self.assertTrue(0.0 < waits[1] <= 60.0, waits)

    def test_what_is_enough_waits_for_nothing(self):
        self.set_pace(2 * DEADLINE)
        self.add("a")
        self.noted.take()
        with futures.ThreadPoolExecutor(1) as threads:
            self.add("b")
            waiting = threads.submit(self.noted.take)
            self.add("c", "d", "e")
            self.assertEqual("b", waiting.result(DEADLINE)[0])
        self.assertEqual([["a"], ["b", "c", "d"]], self.claims)

    def test_nobody_waits_in_a_hurry(self):
        self.set_pace(2 * DEADLINE)
        self.add("a", "b")
        self.noted.take()
        self.noted.next()
        self.add("c")
        with futures.ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(self.noted.take)
            self.noted.hurry()
            self.assertEqual("c", waiting.result(DEADLINE)[0])
