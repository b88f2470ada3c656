"""The write lock: order, deadlines, and what becomes of those who give up."""

import fcntl
import os
import threading
import time

import fixtures
import testtools

from tachyon.db.sqlite import lock

PATIENCE = 30.0                         # seconds; only what is broken waits


class LockCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.path = os.path.join(
            self.useFixture(fixtures.TempDir()).path, "file")

    def make_lock(self):
        made = lock.WriteLock(self.path)
        self.addCleanup(made.close)
        return made

    def start(self, target):
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)
        return thread

    def wait_until(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, "it never came true")
            time.sleep(0.001)


class TestAmongThreads(LockCase):

    def test_first_come_first_served(self):
        one = self.make_lock()
        waiting = one._threads._waiting
        order = []

        def take(name):
            self.assertTrue(one.acquire(PATIENCE))
            order.append(name)
            one.release()

        self.assertTrue(one.acquire(0))
        threads = []
        for name in range(5):
            threads.append(self.start(lambda name=name: take(name)))
            self.wait_until(lambda: len(waiting) == len(threads))
        one.release()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual([0, 1, 2, 3, 4], order)

    def test_who_gives_up_leaves_the_queue(self):
        one = self.make_lock()
        self.assertTrue(one.acquire(0))
        self.assertFalse(one.acquire(0.01))
        one.release()
        self.assertTrue(one.acquire(0))
        one.release()


class TestAmongProcesses(LockCase):
    """Two locks on one file stand for two processes: the kernel's locks
    belong to the open file, not to the process."""

    def test_one_at_a_time(self):
        one, two = self.make_lock(), self.make_lock()
        self.assertTrue(one.acquire(0))
        self.assertFalse(two.acquire(0.01))
        one.release()
        self.assertTrue(two.acquire(PATIENCE))
        self.assertFalse(one.acquire(0.01))
        two.release()

    def test_who_has_written_waits_behind_who_waits(self):
        one, two = self.make_lock(), self.make_lock()
        order = []
        self.assertTrue(one.acquire(0))

        def take():
            self.assertTrue(two.acquire(PATIENCE))
            order.append("two")
            two.release()

        thread = self.start(take)
        self.wait_until(lambda: two._files._helper_waits)
        self._wait_for_queue()
        one.release()
        self.assertTrue(one.acquire(PATIENCE))
        order.append("one")
        one.release()
        thread.join(PATIENCE)
        self.assertEqual(["two", "one"], order)

    def test_what_nobody_wants_any_more_is_let_go(self):
        one, two, three = (self.make_lock() for _index in range(3))
        self.assertTrue(one.acquire(0))
        self.assertFalse(two.acquire(0.01))
        one.release()
        self.assertTrue(three.acquire(PATIENCE))
        three.release()
        self.wait_until(lambda: not two._files._helper_waits)
        self.assertTrue(two.acquire(PATIENCE))
        two.release()

    def test_the_next_caller_takes_over_a_wait(self):
        one, two = self.make_lock(), self.make_lock()
        self.assertTrue(one.acquire(0))
        self.assertFalse(two.acquire(0.01))
        self.assertTrue(two._files._helper_waits)
        got = []
        thread = self.start(lambda: got.append(two.acquire(PATIENCE)))
        self.wait_until(lambda: two._files._caller_waits)
        one.release()
        thread.join(PATIENCE)
        self.assertEqual([True], got)
        two.release()

    def test_taking_turns(self):
        """Each writes as often as the others, whoever is quicker."""
        locks = [self.make_lock() for _index in range(4)]
        turns = []

        def take(index):
            for _turn in range(20):
                self.assertTrue(locks[index].acquire(PATIENCE))
                turns.append(index)
                locks[index].release()

        threads = [self.start(lambda index=index: take(index))
                   for index in range(4)]
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(80, len(turns))

    def test_no_directory(self):
        one = lock.WriteLock(os.path.join(self.path, "not", "there"))
        for _turn in range(2):
            self.assertRaises(FileNotFoundError, one.acquire, 1)

    def _wait_for_queue(self):
        """Wait until somebody holds the queue lock."""
        with open(self.path + "-queue") as file:
            def held():
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return True
                fcntl.flock(file, fcntl.LOCK_UN)
                return False
            self.wait_until(held)


class TestClose(LockCase):

    def test_closed_is_closed(self):
        one = self.make_lock()
        self.assertTrue(one.acquire(0))
        one.release()
        one.close()
        self.assertRaises(OSError, one.acquire, 1)

    def test_close_while_held(self):
        one, two = self.make_lock(), self.make_lock()
        self.assertTrue(one.acquire(0))
        one.close()
        self.assertFalse(two.acquire(0.01))
        one.release()
        self.assertTrue(two.acquire(PATIENCE))
        two.release()

    def test_close_while_waiting(self):
        one, two = self.make_lock(), self.make_lock()
        self.assertTrue(one.acquire(0))
        self.assertFalse(two.acquire(0.01))
        two.close()
        one.release()
        three = self.make_lock()
        self.assertTrue(three.acquire(PATIENCE))
        three.release()
