"""What goes wrong with a server, a connection, a lock or a commit."""

import contextlib
import functools
import os
import threading
from unittest import mock

import neo4j
import neo4j.exceptions
from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import context
from tachyon import exception
from tachyon.db import models
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import grants
from tachyon.db.neo4j import transaction
from tests.functional.db import contract_capacity
from tests.functional.db import neo4j_store
from tests.functional.db import test_neo4j
from tests.integration.parts import proxy
from tests.integration.parts import wait

HASTY, PATIENT = 2.0, 30.0              # seconds of deadline


class TroubleCase(test_neo4j.Neo4jCase):

    def open_through(self, port, deadline):
        """Open the store through a port, with a deadline of its own."""
        driver = neo4j_store.open_neo4j(
            f"bolt://127.0.0.1:{port}", self.server.password,
            deadline=deadline)
        self.addCleanup(driver.close)
        driver.traits.list()            # is connected, and knows the version
        return driver

    def open_hasty(self):
        return self.open_through(self.server.port, HASTY)

    def assert_one_claim(self):
        """``uuids.vm`` has one VCPU of the host, which was written once."""
        provider, consumers = self.driver.allocations.list_by_provider(
            uuids.host)
        self.assertEqual([(uuids.vm, 1)], [
            (one.uuid, one.generation) for one in consumers])
        self.assertEqual((1, 2), (provider.inventories["VCPU"].used,
                                  provider.generation))


class TestLostConnections(TroubleCase):

    def setUp(self):
        super().setUp()
        self.make_provider("host", VCPU=8)
        # The server has a plan for what has to be hasty.
        self.take(uuids.other, {self.make_provider("other", VCPU=1).uuid: {
            "VCPU": 1}})
        self.proxy = self.useFixture(proxy.Proxy(self.server.port))
        self.through = self.open_through(self.proxy.port, PATIENT)
        self.hasty = self.open_through(self.proxy.port, HASTY)

    def at_commit(self, act):
        """Call ``act`` once, when all but the commit has been sent."""
        seal = transaction.Transaction.seal
        at_once = connection.Store._write_at_once
        left = [act]
        self.addCleanup(self.assertEqual, [], left)

        def act_once():
            if left:
                left.pop()()

        def sealed(txn, write_id):
            found = seal(txn, write_id)
            act_once()
            return found

        def done_at_once(store, *args):
            act_once()
            return at_once(store, *args)

        for owner, name, acting in (
                (transaction.Transaction, "seal", sealed),
                (connection.Store, "_write_at_once", done_at_once)):
            patch = mock.patch.object(owner, name, acting)
            patch.start()
            self.addCleanup(patch.stop)

    def replace(self, driver=None):
        driver = driver or self.through
        driver.allocations.replace([self.claim(uuids.vm)])

    def replace_hastily(self):
        self.replace(self.hasty)

    def test_before_a_call(self):
        self.proxy._cut()
        self.replace()
        self.assert_one_claim()

    def test_a_commit_whose_answer_is_lost(self):
        self.at_commit(self.proxy.lose_answer)
        self.replace()
        self.assert_one_claim()

    def test_a_commit_that_does_not_arrive(self):
        self.at_commit(self.proxy.lose_request)
        self.replace()
        self.assert_one_claim()

    def test_a_result_survives_a_lost_answer(self):
        self.submit("vm")
        self.at_commit(self.proxy.lose_answer)
        (message, instance), = self.through.messages.claim("me", 30)
        self.assertEqual((1, 1), (message.attempt, message.deliveries))
        self.assertEqual(instance, self.driver.instances.get(uuids.vm))

    def test_nobody_can_tell(self):
        self.at_commit(functools.partial(self.proxy.lose_answer,
                                         then_refuse=True))
        self.assertRaises(exception.OutcomeUnknown, self.replace_hastily)
        self.proxy.heal()
        # Whether it happened is up to the server: see below for the rest.
        with contextlib.suppress(exception.ConcurrentUpdate):
            self.replace()
        self.assert_one_claim()

    def test_a_commit_while_the_server_hangs(self):
        self.at_commit(self.proxy.hang)
        self.assertRaises(exception.OutcomeUnknown, self.replace_hastily)

    def test_a_server_that_hangs(self):
        self.proxy.hang()
        for call in (self.hasty.traits.list, self.replace_hastily):
            self.assertRaises(exception.DriverUnavailable, call)
        self.assertFalse(self.hasty.is_alive())
        self.proxy.heal()
        wait.until(self.hasty.is_alive, "the server answers")
        self.replace()
        self.assert_one_claim()

    def test_a_server_that_is_gone_and_comes_back(self):
        self.proxy.refuse()
        for call in (self.replace_hastily, self.hasty.traits.list,
                     self.hasty.snapshot, self.hasty.health,
                     functools.partial(self.open_through, self.proxy.port,
                                       HASTY)):
            self.assertRaises(exception.DriverUnavailable, call)
        self.proxy.heal()
        self.replace()
        self.assert_one_claim()


class TestLostConnectionsAtLength(TestLostConnections):
    """Where claims are decided, not granted at once."""

    def setUp(self):
        super().setUp()
        patch = mock.patch.object(grants, "grant", return_value=None)
        patch.start()
        self.addCleanup(patch.stop)

    def test_nobody_can_tell_of_what_happened(self):
        self.at_commit(functools.partial(self.proxy.lose_answer,
                                         then_refuse=True))
        self.assertRaises(exception.OutcomeUnknown, self.replace_hastily)
        self.assert_one_claim()
        self.proxy.heal()
        self.assertRaises(exception.ConcurrentUpdate, self.replace)
        self.assert_one_claim()


class TestLostAnswers(TroubleCase):
    """Of statements that are a transaction by themselves, and happened."""

    def setUp(self):
        super().setUp()
        self.make_provider("host", VCPU=8)
        self.take(uuids.other, {self.make_provider("other", VCPU=1).uuid: {
            "VCPU": 1}})                # there are types of consumers now

    def lose_one(self):
        values = neo4j.Result.values
        left = [neo4j.exceptions.ServiceUnavailable("lost")]
        self.addCleanup(self.assertEqual, [], left)

        def lost(result, *args):
            found = values(result, *args)
            if left:
                raise left.pop()
            return found

        patch = mock.patch.object(neo4j.Result, "values", lost)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_claim(self):
        self.driver.traits.list()       # knows the version of the schema
        self.lose_one()
        self.driver.allocations.replace([self.claim(uuids.vm)])
        self.assert_one_claim()

    def test_a_landing(self):
        self.submit("vm")
        attempt = self.claim_message(uuids.vm).attempt
        self.lose_one()
        landed = self.driver.instances.land(
            uuids.vm, attempt, "host", uuids.host, self.claim(uuids.vm),
            self.make_decision("req", uuids.vm))
        self.assertEqual("host", landed.host)
        self.assertEqual(landed, self.driver.instances.get(uuids.vm))
        self.assert_one_claim()


class TestRestart(TroubleCase):

    def test_killed_and_started(self):
        self.make_provider("host", VCPU=8)
        hasty = self.open_hasty()
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self.addCleanup(self.server.wait_until_ready)
        self.server.process.kill()
        try:
            for call in (hasty.traits.list, hasty.health, hasty.snapshot,
                         functools.partial(hasty.allocations.replace,
                                           [self.claim(uuids.vm)])):
                self.assertRaises(exception.DriverUnavailable, call)
            self.assertFalse(hasty.is_alive())
        finally:
            self.server.process.start()
        self.server.wait_until_ready()
        wait.until(hasty.is_alive, "the driver finds the server again")
        self.driver.allocations.replace([self.claim(uuids.vm)])
        self.assertEqual([uuids.host], [
            one.uuid for one in self.driver.changes(cursor).providers])
        self.assert_one_claim()


class TestMisconfigured(TroubleCase):

    def test_what_does_not_let_us_in(self):
        for name, told, options in (
                ("password", "unauthorized", {"password": "wrong"}),
                ("database", "nope", {"database": "nope"}),
                ("scheme", "[neo4j_database]", {"uri": "http://127.0.0.1"}),
                ("port", "127.0.0.1:1", {"uri": "bolt://127.0.0.1:1"}),
                ("no TLS there", "", {
                    "uri": f"bolt+s://127.0.0.1:{self.server.port}"}),
                ("no such file", "No such file", {
                    "uri": f"bolt+s://127.0.0.1:{self.server.port}",
                    "ca_file": os.path.join(self.state_path, "nope.pem")})):
            with self.subTest(name):
                values = {"uri": self.server.uri,
                          "password": self.server.password,
                          "deadline": HASTY, **options}
                error = self.assertRaises(exception.DriverUnavailable,
                                          neo4j_store.open_neo4j, **values)
                self.assertIn(told, str(error))
                self.assertNotIn("\n", str(error))


class TestTransactions(TroubleCase):

    def test_deadlocks_are_tried_again(self):
        for name in ("a", "b"):
            self.make_provider(name)
        both = threading.Barrier(2)

        def lock(txn, uuid):
            txn.all("MATCH (p:ResourceProvider {uuid: $uuid}) "
                    "SET p.locked = true", uuid=uuid)

        def write(uuids_in_order):
            attempts = []

            def work(txn):
                attempts.append(1)
                lock(txn, uuids_in_order[0])
                if len(attempts) == 1:
                    both.wait(30)
                lock(txn, uuids_in_order[1])
                txn.touch(uuids_in_order)
                txn.write("RETURN 1")

            self.driver._store.write(work)
            return len(attempts)

        attempts = self.in_threads(
            write, [(uuids.a, uuids.b), (uuids.b, uuids.a)], threads=2)
        self.assertGreater(sum(attempts), 2)

    def test_a_held_lock_ends_at_the_deadline(self):
        self.make_provider("host", VCPU=8)
        hasty = self.open_hasty()
        held, done = threading.Event(), threading.Event()
        self.addCleanup(done.set)

        def hold(txn):
            txn.all("MATCH (p:ResourceProvider {uuid: $uuid}) "
                    "SET p.locked = true", uuid=uuids.host)
            held.set()
            done.wait(60)

        holder = threading.Thread(target=self.driver._store.look,
                                  args=(hold,))
        holder.start()
        self.assertTrue(held.wait(60))
        self.assertRaises(exception.DriverUnavailable,
                          hasty.allocations.replace, [self.claim(uuids.vm)])
        done.set()
        holder.join()
        self.driver.allocations.replace([self.claim(uuids.vm)])
        self.assert_one_claim()

    def test_our_mistakes_stay_what_they_are(self):
        self.assertRaisesRegex(
            Exception, "SyntaxError",
            self.driver._store.write, lambda txn: txn.write("NONSENSE"))

    def test_they_carry_the_request_id(self):
        with_context = context.RequestContext(request_id="req-here")
        self.addCleanup(context.RequestContext, overwrite=True)
        self.assertIsNotNone(with_context)
        found = self.driver._store.look(
            lambda txn: txn.all("CALL tx.getMetaData()"))
        self.assertEqual([[{"app": "tachyon", "request_id": "req-here"}]],
                         found)

    def test_nothing_written_leaves_nothing(self):
        before = self.server.run("MATCH (w:Write) RETURN count(w)")
        self.driver.traits.create("HW_CPU_X86_AVX")
        self.driver.allocations.replace([])
        self.assertEqual(before,
                         self.server.run("MATCH (w:Write) RETURN count(w)"))

    def test_gc_removes_old_writes(self):
        self.driver.traits.create("CUSTOM_A")
        self.server.run("MATCH (w:Write) SET w.id = '0' + w.id")
        self.driver.traits.create("CUSTOM_B")
        self.driver.gc()
        self.assertEqual([[1]],
                         self.server.run("MATCH (w:Write) RETURN count(w)"))


class TestHotHosts(TroubleCase):
    """24 threads want four hosts, each with room for 40."""

    def test_exactly_what_there_is(self):
        hosts = [self.make_provider(f"host{index}", VCPU=40, MEMORY_MB=400,
                                    DISK_GB=4000).uuid for index in range(4)]

        def fill(_index):
            return contract_capacity.fill(self.driver, hosts, (1,))

        self.assertEqual(160, sum(self.in_threads(fill, range(24), 24)))
        for host in hosts:
            provider, consumers = self.driver.allocations.list_by_provider(
                host)
            self.assertEqual((40, 40), (provider.inventories["VCPU"].used,
                                        len(consumers)))

    def test_several_classes_and_hosts_in_any_order(self):
        """Claims that name two hosts each, in opposite orders."""
        hosts = [self.make_provider(f"host{index}", VCPU=40,
                                    MEMORY_MB=40).uuid for index in range(4)]

        def take(index):
            first, second = hosts[index % 4], hosts[(index * 3 + 1) % 4]
            allocations = {first: {"VCPU": 1}, second: {"MEMORY_MB": 1}}
            try:
                self.driver.allocations.replace([models.Claim(
                    uuidutils.generate_uuid(), None, "demo", "alice",
                    allocations)])
            except exception.CapacityExceeded:
                return 0
            return 1

        got = sum(self.in_threads(take, range(200), 24))
        self.assertEqual(160, got)
        self.assertEqual([40] * 4, [self.used(host) for host in hosts])
