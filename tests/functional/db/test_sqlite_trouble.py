"""What goes wrong with a file, a disk, a lock or a process."""

import contextlib
import functools
import multiprocessing
import os
import resource
import signal
import sqlite3
import threading
import time
from unittest import mock

from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models
from tests.functional.db import base
from tests.functional.db import test_sqlite

PATIENCE = 60.0                         # seconds; only what is broken waits


def claim(driver, provider):
    """Claim one VCPU for a new consumer; return its uuid."""
    consumer = uuidutils.generate_uuid()
    driver.allocations.replace([models.Claim(
        consumer, None, "demo", "alice", {provider: {"VCPU": 1}})])
    return consumer


def claim_until_killed(opener, provider, acknowledged):
    """Tell of each claim as soon as it is made, for ever."""
    driver = opener()
    while True:
        acknowledged.send(claim(driver, provider))


def claim_all(opener, provider, barrier, result):
    """Claim, together with others, until nothing is left; tell how many."""
    driver = opener()
    turns = 0
    barrier.wait(PATIENCE)
    try:
        while True:
            claim(driver, provider)
            turns += 1
    except exception.CapacityExceeded:
        result.send(turns)


def hold_the_lock(opener, ready):
    """Say that the write lock is held, and stay inside the transaction."""
    driver = opener()
    with driver._store.write():
        ready.send(True)
        threading.Event().wait()


def fill_the_disk(args):
    """Claim on a disk that has room for a little more; return the consumers
    acknowledged, and what was said when it was full."""
    opener, provider, path = args
    driver = opener()
    done = [claim(driver, provider)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE,
                       (os.path.getsize(path + "-wal") + 20000, hard))
    try:
        for _turn in range(10000):
            done.append(claim(driver, provider))
        reason = None
    except exception.DriverUnavailable as exc:
        reason = str(exc)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    done.append(claim(driver, provider))
    driver.close()
    return done, reason


def open_and_list(opener):
    """Open a store; return how many traits it has."""
    driver = opener()
    try:
        return len(driver.traits.list())
    finally:
        driver.close()


class TroubleCase(test_sqlite.SQLiteCase):

    def assert_sound(self, *consumers):
        """These and no others have a VCPU each, and the file is intact."""
        provider, found = self.driver.allocations.list_by_provider(uuids.host)
        self.assertEqual(set(consumers), {one.uuid for one in found})
        self.assertEqual(len(consumers), provider.inventories["VCPU"].used)
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            self.assertEqual([("ok",)], connection.execute(
                "PRAGMA integrity_check").fetchall())
            self.assertEqual([], connection.execute(
                "PRAGMA foreign_key_check").fetchall())

    def assert_unavailable(self, told, call, *args):
        error = self.assertRaises(exception.DriverUnavailable, call, *args)
        self.assertIn(told, str(error))

    def open_with(self, **options):
        driver = functools.partial(test_sqlite.open_sqlite, self.path,
                                   **options)()
        self.addCleanup(driver.close)
        return driver

    def start_process(self, target, *args):
        """Start a process that ends with the test, and a pipe from it."""
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = base.PROCESSES.Process(
            target=target, args=(*args, sender), daemon=True)
        process.start()
        sender.close()
        self.addCleanup(process.join)
        self.addCleanup(process.kill)
        return process, receiver


class TestFile(TroubleCase):

    def test_the_state_path_is_made(self):
        directory = os.path.join(self.state_path, "a", "b")
        driver = test_sqlite.open_sqlite(os.path.join(directory, "x.sqlite"))
        self.addCleanup(driver.close)
        self.assertTrue(driver.is_alive())
        self.assertEqual(0o700, os.stat(directory).st_mode & 0o777)

    def test_another_directory_is_not_made(self):
        directory = os.path.join(self.state_path, "typo")
        path = os.path.join(directory, "x.sqlite")
        self.assert_unavailable(
            "no such directory", functools.partial(
                test_sqlite.open_sqlite, self.path, sqlite_path=path))
        self.assertFalse(os.path.exists(directory))

    def test_a_file_of_another_program(self):
        path = os.path.join(self.state_path, "theirs.sqlite")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE theirs (x)")
        before = _content(path)
        self.assert_unavailable("another program", test_sqlite.open_sqlite,
                                path)
        self.assertEqual(before, _content(path))

    def test_no_database_at_all(self):
        path = os.path.join(self.state_path, "text.sqlite")
        with open(path, "w") as file:
            file.write("text " * 1000)
        self.assert_unavailable("not a database", test_sqlite.open_sqlite,
                                path)

    def test_a_damaged_file(self):
        self.make_provider("host", VCPU=8)
        self.driver.close()
        size = os.path.getsize(self.path)
        with open(self.path, "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        self.assert_unavailable("malformed", lambda: self.open().traits.list())

    def test_it_is_taken_away(self):
        os.unlink(self.path)
        self.assert_unavailable("No such file", self.driver.traits.list)
        self.assert_unavailable("No such file", self.driver.traits.create,
                                "CUSTOM_A")
        self.assertFalse(self.driver.is_alive())
        self.assertFalse(os.path.exists(self.path))

    def test_it_is_replaced(self):
        self.make_provider("host", VCPU=8)
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        other = os.path.join(self.state_path, "other.sqlite")
        test_sqlite.open_sqlite(other).close()
        self._replace_file(other)
        self.assertRaises(exception.CursorExpired, self.driver.changes, cursor)
        self.assertRaises(exception.ResourceProviderNotFound,
                          self.driver.resource_providers.get, uuids.host)
        self.make_provider("new")
        self.assertEqual("new", self.open().resource_providers.get(
            uuids.new).name)

    def test_a_backup_takes_its_place(self):
        """Its numbers go on from where it was made: cursors of the file that
        it replaces would miss what was written since."""
        self.make_provider("host", VCPU=8)
        backup = os.path.join(self.state_path, "backup.sqlite")
        with (contextlib.closing(sqlite3.connect(self.path)) as source,
              contextlib.closing(sqlite3.connect(backup)) as target):
            source.backup(target)
        claim(self.driver, uuids.host)
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self._replace_file(backup)
        claim(self.driver, uuids.host)
        self.assertRaises(exception.CursorExpired, self.driver.changes, cursor)
        _provider, found = self.driver.allocations.list_by_provider(uuids.host)
        self.assertEqual(1, len(found))

    def test_read_only(self):
        before = self.make_provider("host", VCPU=8)
        connect = sqlite3.connect

        def connect_read_only(path, **kwargs):
            return connect(path.replace("mode=rw", "mode=ro"), **kwargs)

        with mock.patch("sqlite3.connect", connect_read_only):
            driver = self.open()
            self.assertEqual(before, driver.resource_providers.get(uuids.host))
            self.assert_unavailable("readonly", claim, driver, uuids.host)
        self.assert_sound()

    def test_disk_full(self):
        self.make_provider("host", VCPU=100000)
        (done, reason), = self.in_processes(
            fill_the_disk, [(self.opener, uuids.host, self.path)])
        self.assertIn("The store is unavailable", reason or "nothing")
        self.assertGreater(len(done), 1)
        self.assert_sound(*done)

    def _replace_file(self, other):
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path + suffix)
        os.rename(other, self.path)

    def test_a_wrong_statement_is_no_trouble_of_the_store(self):
        def run(sql):
            with self.driver._store.read() as txn:
                txn.run(sql)

        self.assertRaises(sqlite3.OperationalError, run, "SELECT nope")
        self.assertTrue(self.driver.is_alive())


class TestLock(TroubleCase):

    def test_the_deadline_holds(self):
        self.make_provider("host", VCPU=8)
        hasty = self.open_with(deadline=0.1)
        with self.driver._store.write():
            self.assert_unavailable("kept it locked for 0.1 s", claim, hasty,
                                    uuids.host)
            self.assertEqual("host", hasty.resource_providers.get(
                uuids.host).name)
        self.assert_sound(claim(hasty, uuids.host))

    def test_a_stopped_writer_stops_nobody_for_long(self):
        self.make_provider("host", VCPU=8)
        process, ready = self.start_process(hold_the_lock, self.opener)
        self.assertTrue(ready.poll(PATIENCE))
        os.kill(process.pid, signal.SIGSTOP)
        hasty = self.open_with(deadline=0.1)
        for _turn in range(3):
            self.assert_unavailable("locked", claim, hasty, uuids.host)
        os.kill(process.pid, signal.SIGKILL)
        process.join(PATIENCE)
        self.assert_sound(claim(self.driver, uuids.host))

    def test_somebody_else_has_the_file_locked(self):
        self.make_provider("host", VCPU=8)
        hasty = self.open_with(deadline=0.1)
        other = sqlite3.connect(self.path, isolation_level=None)
        with contextlib.closing(other):
            other.execute("BEGIN IMMEDIATE")
            self.assert_unavailable("locked", claim, hasty, uuids.host)
        self.assert_sound(claim(hasty, uuids.host))

    def test_processes_take_turns(self):
        """None of eight is left behind by the others."""
        self.make_provider("host", VCPU=400)
        barrier = base.PROCESSES.Barrier(8)
        pipes = [self.start_process(claim_all, self.opener, uuids.host,
                                    barrier)[1] for _index in range(8)]
        for pipe in pipes:
            self.assertTrue(pipe.poll(PATIENCE))
        turns = [pipe.recv() for pipe in pipes]
        self.assertEqual(400, sum(turns))
        self.assertGreaterEqual(min(turns), 25, turns)

    def test_lost_lock_files_lose_no_data(self):
        self.make_provider("host", VCPU=15)
        other = self.open()
        got = [claim(self.driver, uuids.host), claim(other, uuids.host)]
        for suffix in ("-queue", "-writer"):
            os.unlink(self.path + suffix)
        third = self.open()
        got += self.in_threads(
            lambda driver: claim(driver, uuids.host),
            [self.driver, other, third] * 4)
        self.assert_sound(*got)


class TestProcesses(TroubleCase):

    def test_a_killed_writer_loses_nothing_acknowledged(self):
        self.make_provider("host", VCPU=1000000)
        known = set()
        for turn in range(5):
            process, acknowledged = self.start_process(
                claim_until_killed, self.opener, uuids.host)
            for _claim in range(3 + 10 * turn):
                self.assertTrue(acknowledged.poll(PATIENCE))
                known.add(acknowledged.recv())
            process.kill()
            with contextlib.suppress(EOFError):
                while True:
                    known.add(acknowledged.recv())
            process.join()
            _provider, found = self.driver.allocations.list_by_provider(
                uuids.host)
            # The last one may be stored, yet not acknowledged any more.
            there = {one.uuid for one in found}
            self.assertEqual(set(), known - there)
            self.assertIn(len(there - known), (0, 1))
            known = there
            self.assert_sound(*known)
        self.assert_sound(claim(self.driver, uuids.host), *known)

    def test_a_writer_killed_in_its_transaction_leaves_nothing(self):
        self.make_provider("host", VCPU=8)
        process, ready = self.start_process(claim_halfway, self.opener,
                                            uuids.host)
        self.assertTrue(ready.poll(PATIENCE))
        process.kill()
        process.join()
        self.assert_sound(claim(self.driver, uuids.host))

    def test_many_processes_make_one_store(self):
        opener = functools.partial(
            test_sqlite.open_sqlite,
            os.path.join(self.state_path, "new.sqlite"), deadline=30.0)
        wanted = len(self.driver.traits.list())
        self.assertEqual([wanted] * 8,
                         self.in_processes(open_and_list, [opener] * 8))


class TestFork(TroubleCase):

    def test_parent_and_child_go_on(self):
        self.make_provider("host", VCPU=100)
        mine = [claim(self.driver, uuids.host)]
        theirs = self._in_child(
            lambda: [claim(self.driver, uuids.host) for _turn in range(5)])
        mine += [claim(self.driver, uuids.host) for _turn in range(5)]
        self.assert_sound(*mine, *theirs())

    def test_a_fork_waits_for_other_threads(self):
        self.make_provider("host", VCPU=100000)
        ended = threading.Event()
        done = []

        def write():
            while not ended.is_set():
                done.append(claim(self.driver, uuids.host))

        threads = [threading.Thread(target=write) for _index in range(3)]
        for thread in threads:
            thread.start()
        try:
            theirs = [self._in_child(
                lambda: [claim(self.driver, uuids.host) for _turn in range(3)])
                for _index in range(4)]
            children = [consumer for each in theirs for consumer in each()]
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        self.assertEqual(12, len(children))
        self.assert_sound(*done, *children)

    def test_out_of_a_transaction(self):
        self.make_provider("host", VCPU=8)

        def try_it():
            try:
                claim(self.driver, uuids.host)
            except exception.DriverUnavailable as exc:
                return str(exc)

        with mock.patch("tachyon.db.sqlite.pool.FORK_PATIENCE", 0.05):
            with self.driver._store.read() as txn:
                told = self._in_child(try_it)
                self.assertEqual([], txn.all("SELECT * FROM consumers"))
        self.assertIn("forked out of a transaction", told())
        self.assert_sound(claim(self.driver, uuids.host))

    def _in_child(self, function):
        """Call a function in a forked child; return what gets its result."""
        receiver, sender = multiprocessing.Pipe(duplex=False)
        pid = os.fork()
        if not pid:
            try:
                sender.send(function())
            finally:
                os._exit(0)
        sender.close()
        self.addCleanup(os.waitpid, pid, 0)

        def result():
            self.assertTrue(receiver.poll(PATIENCE), "the child is stuck")
            return receiver.recv()
        return result


def claim_halfway(opener, provider, ready):
    """Stop between the writes of one claim."""
    driver = opener()

    def stop(*_args):
        ready.send(True)
        time.sleep(PATIENCE)

    with mock.patch("tachyon.db.sqlite.claims._touch", stop):
        claim(driver, provider)


def _content(path):
    with open(path, "rb") as file:
        return file.read()
