"""Claims of one process meet: what a claim costs, and who gets what."""

import random
import threading
from concurrent import futures
from unittest import mock

from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models
from tachyon.db.common import grouping
from tachyon.db.neo4j import claiming
from tachyon.db.neo4j import grants
from tachyon.db.neo4j import jobs
from tests.functional.db import neo4j_store
from tests.functional.db import test_neo4j
from tests.integration.parts import proxy
from tests.integration.parts import wait

DEADLINE = 60.0
HOSTS = 3


class ClaimingCase(test_neo4j.Neo4jCase):

    def setUp(self):
        super().setUp()
        self.make_provider("host", VCPU=8, MEMORY_MB=8)
        # There are types of consumers from now on.
        self.take(uuids.first)

    def writes(self):
        """Return how many transactions have written."""
        return self.server.run("MATCH (w:Write) RETURN count(w)")[0][0]


class TestRoundTrips(ClaimingCase):
    """How often the server is asked: one client, whose connection is there,
    and who knows the version of the schema."""

    def setUp(self):
        super().setUp()
        self.proxy = self.useFixture(proxy.Proxy(self.server.port))
        self.through = neo4j_store.open_neo4j(
            f"bolt://127.0.0.1:{self.proxy.port}", self.server.password)
        self.addCleanup(self.through.close)
        self.through.traits.list()
        patch = mock.patch.object(self.through._store, "_check_version")
        patch.start()
        self.addCleanup(patch.stop)

    def count(self, function, *args):
        """Return how many round trips and writes a call takes."""
        trips, writes = self.proxy.round_trips, self.writes()
        function(*args)
        return self.proxy.round_trips - trips, self.writes() - writes

    def replace(self, *claims):
        return self.count(self.through.allocations.replace, claims)

    def test_a_claim(self):
        self.assertEqual((1, 1), self.replace(self.claim(uuids.vm, {
            uuids.host: {"VCPU": 1, "MEMORY_MB": 1}})))

    def test_several_consumers_in_one_claim(self):
        self.assertEqual((1, 1), self.replace(self.claim(uuids.vm),
                                              self.claim(uuids.vm2)))

    def test_a_claim_with_generations(self):
        generation = self.driver.resource_providers.get(uuids.host).generation
        self.assertEqual((1, 1), self.replace(self.claim(
            uuids.vm, provider_generations={uuids.host: generation})))

    def test_a_landing(self):
        self.driver.allocations.replace([self.claim(
            uuids.other, consumer_type="INSTANCE")])
        self.submit("vm")
        attempt = self.claim_message(uuids.vm).attempt
        self.assertEqual((1, 1), self.count(
            self.through.instances.land, uuids.vm, attempt, "host",
            uuids.host, self.claim(uuids.vm, consumer_type="INSTANCE"),
            self.make_decision("req", uuids.vm)))

    def test_a_consumer_that_has_something(self):
        """BEGIN, lock, write, COMMIT."""
        self.assertEqual((4, 1), self.replace(
            self.claim(uuids.first, {uuids.host: {"VCPU": 2}}, 1)))

    def test_a_refusal(self):
        """Asked for at once, then BEGIN, lock, ROLLBACK."""
        def refused():
            self.assertRaises(
                exception.CapacityExceeded, self.through.allocations.replace,
                [self.claim(uuids.vm, {uuids.host: {"VCPU": 9}})])

        trips, writes = self.count(refused)
        self.assertEqual(0, writes)
        self.assertEqual(4, trips)


class TestGroups(ClaimingCase):
    """Who comes while the first one's transaction is under way."""

    def setUp(self):
        super().setUp()
        patch = mock.patch.object(grouping, "PATIENCE", DEADLINE)
        patch.start()
        self.addCleanup(patch.stop)

    def meet(self, controller, calls):
        """Make calls that go to the store in two transactions: the first one,
        then all others. Return their errors, or None each."""
        group = controller._claiming._group
        held, done = threading.Event(), threading.Event()
        self.addCleanup(done.set)

        def hold(txn):
            txn.all("MATCH (p:ResourceProvider {uuid: $uuid}) "
                    "SET p.locked = true", uuid=uuids.host)
            held.set()
            done.wait(DEADLINE)

        with futures.ThreadPoolExecutor(len(calls) + 1) as pool:
            holder = pool.submit(self.driver._store.look, hold)
            self.assertTrue(held.wait(DEADLINE))
            begun = []
            for length, call in enumerate(calls):
                begun.append(pool.submit(*call))
                wait.until(lambda length=length: group._leaders
                           and len(group._queue) == length, "it waits")
            done.set()
            holder.result()
            return [each.exception(DEADLINE) for each in begun]

    def replace(self, *claims):
        return (self.driver.allocations.replace, claims)

    def test_two_transactions(self):
        before, writes = self.driver.resource_providers.get(
            uuids.host).generation, self.writes()
        self.assertEqual([None] * 6, self.meet(self.driver.allocations, [
            self.replace(self.claim(uuidutils.generate_uuid()))
            for _index in range(6)]))
        self.assertEqual(writes + 2, self.writes())
        found = self.driver.resource_providers.get(uuids.host)
        self.assertEqual((before + 6, 7), (found.generation,
                                           found.inventories["VCPU"].used))

    def test_each_has_an_outcome_of_its_own(self):
        generation = self.driver.resource_providers.get(uuids.host).generation
        errors = self.meet(self.driver.allocations, [
            self.replace(self.claim(uuids.a)),
            self.replace(self.claim(uuids.b, {uuids.host: {"VCPU": 5}})),
            self.replace(self.claim(uuids.c, {uuids.host: {"VCPU": 5}})),
            self.replace(self.claim(uuids.first, None, 7)),
            self.replace(self.claim(uuids.d, {uuids.nowhere: {"VCPU": 1}})),
            self.replace(self.claim(uuids.e), self.claim(uuids.e)),
            self.replace(self.claim(uuids.f, provider_generations={
                uuids.host: generation})),
            self.replace(self.claim(uuids.g, consumer_type="NEW"))])
        self.assertEqual(
            [None, None, exception.CapacityExceeded,
             exception.ConcurrentUpdate, exception.ResourceProviderNotFound,
             exception.ConcurrentUpdate, exception.ConcurrentUpdate, None],
            [error and type(error) for error in errors])
        found, consumers = self.driver.allocations.list_by_provider(
            uuids.host)
        self.assertEqual((generation + 3, 8), (
            found.generation, found.inventories["VCPU"].used))
        self.assertEqual({uuids.first, uuids.a, uuids.b, uuids.g},
                         {one.uuid for one in consumers})

    def test_landings(self):
        calls = []
        for name in ("a", "b", "c"):
            self.submit(name)
            attempt = self.claim_message(getattr(uuids, name)).attempt
            calls.append((self.land, getattr(uuids, name),
                          attempt + (name == "b")))
        errors = self.meet(self.driver.instances, calls)
        self.assertEqual([None, exception.Fenced, None],
                         [error and type(error) for error in errors])
        self.assertEqual(
            ["host", None, "host"],
            [self.driver.instances.get(getattr(uuids, name)).host
             for name in ("a", "b", "c")])
        self.assertEqual(uuids.c, self.driver.decisions.get(
            f"req-{uuids.c}").consumer_uuid)
        self.assertEqual(3, self.used(uuids.host))

    def test_a_group_that_breaks_off_is_done_alone(self):
        once = mock.patch.object(
            claiming.Claiming, "_together",
            side_effect=grouping.Aborted("deadlock"))
        with once:
            self.in_threads(self.take, [uuidutils.generate_uuid()
                                        for _index in range(7)])
        self.assertEqual(8, self.used(uuids.host))


class TestTogetherAsApart(ClaimingCase):
    """Jobs by chance have the same outcomes in one transaction as in one
    each, in the same order, and leave the same behind."""

    def make_jobs(self, seed, hosts):
        chance = random.Random(seed)
        names = [uuidutils.generate_uuid() for _index in range(12)]
        wanted = []
        for name in names[:chance.randint(2, 12)]:
            claims = [models.Claim(
                one, chance.choice([None, None, None, 1]), "demo", "alice",
                {host: {chance.choice(["VCPU"] * 9 + ["DISK_GB"]):
                        chance.randint(1, 4)}
                 for host in chance.sample(hosts, chance.randint(0, 2))},
                consumer_type=chance.choice(["INSTANCE", None, "unknown"]),
                compared=chance.random() < 0.8,
                provider_generations={
                    host: chance.randint(1, 4) for host in hosts
                    if chance.random() < 0.1})
                for one in ([name] if chance.random() < 0.8
                            else [name, f"{name}-2"])]
            wanted.append(jobs.Job(claims))
        return wanted

    def make_modest_jobs(self, seed, hosts):
        """Return jobs that have a chance to be done all of them."""
        chance = random.Random(seed)
        return [jobs.Job([models.Claim(
            uuidutils.generate_uuid(), None, "demo", "alice",
            {host: {"VCPU": chance.randint(1, 3)}
             for host in chance.sample(hosts, chance.randint(1, 2))},
            provider_generations={
                host: chance.randint(1, 2) for host in hosts
                if chance.random() < 0.1})])
            for _index in range(chance.randint(1, 5))]

    def apart(self, job):
        try:
            return self.driver._store.write(claiming.do_one, job)
        except exception.TachyonException as exc:
            return exc

    def outcomes(self, seed, way, make):
        names = [f"{way}{seed}-{index}" for index in range(HOSTS)]
        hosts = [self.make_provider(name, VCPU=models.Inventory(
            total=9, min_unit=1, max_unit=3, step_size=1)).uuid
            for name in names]
        wanted = make(seed, hosts)
        if way == "apart":
            found = [self.apart(job) for job in wanted]
        elif way == "together":
            found = self.driver._store.write(claiming.decide, wanted)
        else:
            found = grants.grant(self.driver._store, wanted,
                                 self.driver._store.end())
        state = [self.driver.allocations.list_by_provider(host)
                 for host in hosts]
        return (None if found is None else [type(one) for one in found],
                [(provider.generation, provider.inventories["VCPU"].used,
                  sorted((one.type, one.generation,
                          one.allocations[provider.uuid].resources["VCPU"])
                         for one in consumers))
                 for provider, consumers in state])

    def test_decided(self):
        refused = 0
        for seed in range(10):
            apart, together = (self.outcomes(seed, way, self.make_jobs)
                               for way in ("apart", "together"))
            self.assertEqual(apart, together, seed)
            refused += sum(one is not type(None) for one in apart[0])
        self.assertLess(0, refused)

    def test_granted(self):
        granted = refused = 0
        for seed in range(12):
            outcomes, state = self.outcomes(seed, "granted",
                                            self.make_modest_jobs)
            apart = self.outcomes(seed, "apart", self.make_modest_jobs)
            if outcomes is None:
                refused += 1
                self.assertNotEqual({type(None)}, set(apart[0]), seed)
                self.assertEqual([(1, 0, [])] * HOSTS, state, seed)
            else:
                granted += 1
                self.assertEqual(apart, (outcomes, state), seed)
        self.assertLess(0, granted)
        self.assertLess(0, refused)
