"""Dumps of the neo4j driver: what is in them, put back, and refused."""

import gzip
import hashlib
import json
import os
import threading
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db.common import versions
from tachyon.db.neo4j import backup
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import dump
from tachyon.db.neo4j import schema
from tests.functional.db import base
from tests.functional.db import contract_backup
from tests.functional.db import contract_schema
from tests.functional.db import test_neo4j
from tests.integration.parts import wait

PATIENCE = contract_backup.PATIENCE
BLOCKED = ("SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' "
           "RETURN status")


def restore_until_killed(opener, path, ready):
    """Begin to restore, and hang when the first nodes were made."""
    make = backup._Restorer._do

    def do(self, query, **params):
        found = make(self, query, **params)
        if "CREATE" in query:
            ready.send(True)
            threading.Event().wait()
        return found

    with mock.patch.object(backup._Restorer, "_do", do):
        opener().restore(path)


class TestBackup(contract_backup.BackupContract, test_neo4j.Neo4jCase):

    def lines(self):
        with gzip.open(self.backup) as file:
            return [json.loads(line) for line in file]

    def rewrite(self, lines, path):
        """Write lines as a dump whose end is right."""
        text = b"".join(json.dumps(line).encode() + b"\n"
                        for line in lines[:-1])
        end = {**lines[-1], "sha256": hashlib.sha256(text).hexdigest()}
        with gzip.open(path, "w") as file:
            file.write(text + json.dumps(end).encode() + b"\n")

    def other(self, name):
        return os.path.join(self.state_path, name)

    # ------------------------------------------------------- what is in it
    def test_all_labels_and_types_are_known(self):
        """Who adds one to the graph decides whether it is copied."""
        labels = {label for label, *_ in schema._UNIQUE}
        self.assertEqual(labels - {"Store"},
                         {*backup.KEYS, *backup.NOT_COPIED})
        self.fill()
        found = self.server.run(
            "MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN DISTINCT "
            "labels(n)[0], type(r)")
        self.assertEqual(labels, {label for label, _ in found})
        self.assertEqual({*backup.RELATIONS, None},
                         {kind for _, kind in found})
        for label, keys in backup.KEYS.items():
            self.assertIn((label, *keys), schema._UNIQUE)

    def test_it_says_what_it_is(self):
        self.fill()
        self.driver.backup(self.backup)
        head, *batches, end = self.lines()
        self.assertEqual(("tachyon-neo4j", schema.VERSION),
                         (head["dump"], head["schema"]))
        self.assertEqual({*backup.KEYS, *backup.RELATIONS}, set(end["end"]))
        self.assertEqual(5, end["end"]["Instance"])
        self.assertNotIn("locked", json.dumps(batches))

    def test_batches(self):
        with mock.patch.object(dump, "BATCH", 3):
            self.fill()
            before = contract_backup.content(self.driver)
            self.driver.backup(self.backup)
        self.spoil()
        self.driver.restore(self.backup)
        self.assertEqual(before, contract_backup.content(self.driver))

    def test_it_leaves_the_locks(self):
        self.fill()
        before = self.server.run("MATCH (n) RETURN count(n)")
        self.driver.backup(self.backup)
        self.assertEqual(before, self.server.run("MATCH (n) RETURN count(n)"))
        self.take(uuids.next)

    # --------------------------------------------------------------- refused
    def test_what_is_not_a_dump(self):
        self.fill()
        self.driver.backup(self.backup)
        before = contract_backup.content(self.driver)
        lines = self.lines()
        with open(self.backup, "rb") as file:
            raw = file.read()
        paths = {}
        for name, data in (
                ("empty", b""), ("text", b"hello"), ("cut", raw[:-30]),
                ("flipped", raw[:300] + bytes([raw[300] ^ 1]) + raw[301:]),
                ("no json", gzip.compress(b"hello\n")),
                ("foreign", gzip.compress(b'{"dump": "x"}\n')),
                ("list", gzip.compress(b"[]\n")),
                ("no end", gzip.compress(b"".join(
                    json.dumps(line).encode() + b"\n"
                    for line in lines[:-1]))),
                ("more", gzip.compress(gzip.decompress(raw) + b"{}\n")),
                ("changed", gzip.compress(gzip.decompress(raw).replace(
                    b"CUSTOM_GOLD", b"CUSTOM_GOLF")))):
            paths[name] = self.other(name)
            with open(paths[name], "wb") as file:
                file.write(data)
        for name, changed in (
                ("fewer", [*lines[:2], *lines[3:]]),
                ("unknown", [*lines[:-1], {"node": "Ghost", "rows": [{}]},
                             {"end": {**lines[-1]["end"], "Ghost": 1}}])):
            paths[name] = self.other(name)
            self.rewrite(changed, paths[name])
        for name, told in (
                ("missing", "No such file"), ("empty", "broken"),
                ("text", "gzip"), ("cut", "broken"), ("flipped", ""),
                ("no json", "broken"), ("foreign", "no dump"),
                ("list", "no dump"), ("no end", "end is missing"),
                ("more", "after its end"), ("changed", "checksum"),
                ("fewer", "what it says"), ("unknown", "Ghost")):
            with self.subTest(name):
                self.refuse(told, self.driver.restore,
                            paths.get(name, self.other("missing")))
        self.assertEqual(before, contract_backup.content(self.driver))

    def test_of_a_later_release(self):
        self.driver.backup(self.backup)
        head, *rest = self.lines()
        self.rewrite([{**head, "schema": schema.VERSION + 1}, *rest],
                     self.other("later"))
        error = self.assertRaises(exception.SchemaOutOfDate,
                                  self.driver.restore, self.other("later"))
        self.assertIn("upgrade Tachyon", str(error))
        self.assertEqual(self.made,
                         self.driver.resource_providers.get(uuids.host))

    # ------------------------------------------------------- other stores
    def test_into_an_empty_database(self):
        self.fill()
        before = contract_backup.content(self.driver)
        self.driver.backup(self.backup)
        self.server.clear()
        driver = self.open()
        driver.restore(self.backup)
        self.assertEqual("up to date", driver.schema().state)
        self.assertEqual(before, contract_backup.content(driver))

    def test_an_older_dump_is_brought_up_to_date(self):
        self.server.clear()
        former = contract_schema.open_former(self.opener)
        self.addCleanup(former.close)
        with contract_schema.former_version():
            former.sync()
        self.driver = former
        self.make_provider("old", VCPU=1)
        before = contract_backup.content(former)
        former.backup(self.backup)
        step = versions.Step(
            ("MATCH (f:Flavor) WHERE f.note IS NULL SET f.note = 'new'",),
            compatible=1)
        with mock.patch.multiple(
                schema, VERSION=schema.VERSION + 1,
                MIGRATIONS=(*schema.MIGRATIONS, step)):
            later = self.open()
            later.restore(self.backup)
            self.assertEqual("up to date", later.schema().state)
        self.assertEqual(before, contract_backup.content(later))
        self.assertEqual([["new"]], self.server.run(
            "MATCH (f:Flavor) RETURN DISTINCT f.note"))

    # --------------------------------------------------------- broken off
    def break_off(self):
        """Leave a store as a restore that was killed leaves it."""
        receiver, sender = base.PROCESSES.Pipe(duplex=False)
        process = base.PROCESSES.Process(
            target=restore_until_killed, daemon=True,
            args=(self.opener, self.backup, sender))
        process.start()
        sender.close()
        self.addCleanup(process.kill)
        self.assertTrue(receiver.poll(PATIENCE))
        process.kill()
        process.join()

    def test_one_that_broke_off_is_done_again(self):
        self.fill()
        before = contract_backup.content(self.driver)
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self.driver.backup(self.backup)
        self.break_off()

        for driver in (self.driver, self.open()):
            self.assertFalse(driver.is_alive())
            for call in (driver.traits.list, driver.snapshot, driver.health,
                         driver.schema, driver.sync, driver.new_epoch,
                         lambda driver=driver: driver.changes(cursor),
                         lambda driver=driver: driver.traits.create(
                             "CUSTOM_A"),
                         lambda driver=driver: driver.backup(
                             self.other("other"))):
                error = self.assertRaises(exception.DriverUnavailable, call)
                self.assertIn("tachyon-manage db restore", str(error))
        self.assertFalse(os.path.exists(self.other("other")))

        self.open().restore(self.backup)
        self.assertEqual(before, contract_backup.content(self.driver))
        self.assertTrue(self.driver.is_alive())

    def test_the_second_of_two_wins(self):
        """The first is told so, whatever it was about."""
        self.fill()
        before = contract_backup.content(self.driver)
        self.driver.backup(self.backup)
        begun, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)
        batches = dump.Dump.batches

        def slow(source):
            if not begun.is_set():
                begun.set()
                go.wait(PATIENCE)
            return batches(source)

        def first(_index):
            with mock.patch.object(dump.Dump, "batches", slow):
                self.refuse("another restore", self.driver.restore,
                            self.backup)

        def second(_index):
            self.assertTrue(begun.wait(PATIENCE))
            self.open().restore(self.backup)
            go.set()

        self.in_threads(lambda work: work(0), [first, second])
        self.assertEqual(before, contract_backup.content(self.driver))

    def test_somebody_who_does_not_end(self):
        """Before anything is lost."""
        self.driver.backup(self.backup)
        hasty = self.open()
        hasty._store._settling = 0.0
        held, done = threading.Event(), threading.Event()
        self.addCleanup(done.set)

        def hold(_txn):
            held.set()
            done.wait(PATIENCE)

        holder = threading.Thread(
            target=self.driver._store.look_long, args=(hold, PATIENCE))
        holder.start()
        try:
            self.assertTrue(held.wait(PATIENCE))
            error = self.assertRaises(exception.DriverUnavailable,
                                      hasty.restore, self.backup)
            self.assertIn("longer than a deadline", str(error))
        finally:
            done.set()
            holder.join()
        self.assertEqual(self.made,
                         self.driver.resource_providers.get(uuids.host))

    def test_writes_wait_for_a_backup(self):
        """And one that began before is in it, whole or not at all."""
        begun, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)
        write = backup._write

        def slow(*args):
            begun.set()
            go.wait(PATIENCE)
            return write(*args)

        def copy(_index):
            with mock.patch.object(backup, "_write", slow):
                self.driver.backup(self.backup)

        def claim(_index):
            self.assertTrue(begun.wait(PATIENCE))
            self.take(uuids.vm)

        def look(_index):
            wait.until(lambda: self.server.run(BLOCKED), "the claim waits",
                       deadline=PATIENCE)
            self.assertTrue(self.open().traits.list())
            go.set()

        self.in_threads(lambda work: work(0), [copy, claim, look])
        self.assertEqual(1, self.used(uuids.host))
        self.driver.restore(self.backup)
        self.assertEqual(0, self.used(uuids.host))

    def test_what_lands_before_the_number_is_locked(self):
        """Of an instance that came too late to be locked with the others."""
        lock = backup._lock_store

        def late(txn):
            for name in ("landed", "waiting", "ended"):
                self.submit(name)
            for name in (uuids.landed, uuids.ended):
                self.land(name, self.claim_message(name).attempt)
            ended = self.driver.instances.get(uuids.ended)
            self.driver.instances.end(ended.id, ended.generation)
            return lock(txn)

        with mock.patch.object(backup, "_lock_store", late):
            self.driver.backup(self.backup)
        self.driver.restore(self.backup)
        self.assertEqual(
            [(uuids.landed, "host")],
            [(one.id, one.host) for one in
             self.driver.instances.list(include_deleted=True)])
        self.assertEqual(1, self.used(uuids.host))
        self.assertEqual(
            [uuids.landed],
            [one.instance_id for one in self.driver.messages.list()])


class TestMark(test_neo4j.Neo4jCase):

    def test_it_is_seen_soon(self):
        """By who only reads, too: within the time that ``settle`` waits."""
        self.driver.traits.list()
        self.server.run("MATCH (s:Store) SET s.restoring = 'now'")
        self.assertRaises(exception.DriverUnavailable,
                          self.driver.traits.create, "CUSTOM_A")
        with mock.patch.object(connection.time, "monotonic",
                               return_value=self.driver._store._checked
                               + connection.FRESH):
            self.assertRaises(exception.DriverUnavailable,
                              self.driver._store._check_version)
