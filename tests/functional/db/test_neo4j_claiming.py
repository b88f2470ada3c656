"""What a claim costs, and whether it matters in which way it is made."""

import random
from unittest import mock

from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models
from tachyon.db.neo4j import changes
from tachyon.db.neo4j import claiming
from tachyon.db.neo4j import grants
from tachyon.db.neo4j import jobs
from tests.functional.db import neo4j_store
from tests.functional.db import test_neo4j
from tests.integration.parts import proxy

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


class RoundTripCase(ClaimingCase):
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


class TestRoundTripsOfReads(RoundTripCase):

    def commits(self):
        """Return what the server calls its last commit."""
        with self.server.session() as session:
            session.run("RETURN 1").consume()
            return session.last_bookmarks().raw_values

    def test_what_is_read_under_its_own_lock(self):
        """And nothing is written by that, though the lock leaves a mark."""
        self.submit("vm")
        for name, read in (
                ("provider", self.through.resource_providers.get),
                ("consumer", self.through.allocations.get),
                ("instance", self.through.instances.get)):
            uuid = {"provider": uuids.host, "consumer": uuids.first,
                    "instance": uuids.vm}[name]
            with self.subTest(name):
                read(uuid)
                before = self.commits()
                self.assertEqual((1, 0), self.count(read, uuid))
                self.assertEqual(before, self.commits())

    def test_what_others_have(self):
        self.assertEqual((1, 0), self.count(
            self.through.allocations.list_by_provider, uuids.host))
        self.assertEqual((1, 0), self.count(
            self.through.allocations.usages, "demo", "alice"))

    def test_a_snapshot(self):
        """The cursor, and a page after the other until there is none."""
        made = {uuids.host} | {self.make_provider(f"host{index}").uuid
                               for index in range(4)}
        with mock.patch.object(changes, "PAGE", 2):
            found = []
            self.assertEqual((5, 0), self.count(lambda: found.extend(
                one.uuid for page in self.through.snapshot()[1]
                for one in page)))
        self.assertEqual(sorted(made), found)

    def test_changes(self):
        cursor, pages = self.through.snapshot()
        list(pages)
        cursor = self.through.changes(cursor).cursor
        self.assertEqual((1, 0), self.count(self.through.changes, cursor))
        self.take(uuids.vm)
        self.assertEqual((2, 0), self.count(self.through.changes, cursor))


class TestRoundTrips(RoundTripCase):

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
        self.assertEqual((1, 1), self.replace(
            self.claim(uuids.first, {uuids.host: {"VCPU": 2}}, 1)))

    def test_what_fits_only_in_place_of_what_there_is(self):
        """Asked for at once, then BEGIN, lock, write, COMMIT."""
        self.assertEqual((5, 1), self.replace(
            self.claim(uuids.first, {uuids.host: {"VCPU": 8}}, 1)))

    def test_a_delete(self):
        self.assertEqual((1, 1), self.count(self.through.allocations.delete,
                                            uuids.first))

    def test_a_refusal(self):
        """Asked for at once, then BEGIN, lock, ROLLBACK."""
        def refused():
            self.assertRaises(
                exception.CapacityExceeded, self.through.allocations.replace,
                [self.claim(uuids.vm, {uuids.host: {"VCPU": 9}})])

        trips, writes = self.count(refused)
        self.assertEqual(0, writes)
        self.assertEqual(4, trips)


class TestTogetherAsApart(ClaimingCase):
    """Jobs by chance have the same outcomes in one transaction as in one
    each, in the same order, and leave the same behind."""

    def make_jobs(self, seed, hosts, _held):
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

    def make_modest_jobs(self, seed, hosts, held):
        """Return jobs that have a chance to be done all of them."""
        chance = random.Random(seed)
        consumers = [(uuid, chance.choice([1, 1, 1, 2])) for uuid in held
                     if chance.random() < 0.5]
        consumers += [(uuidutils.generate_uuid(), None)
                      for _index in range(chance.randint(1, 5))]
        chance.shuffle(consumers)
        return [jobs.Job([models.Claim(
            *consumer, "demo", "alice",
            {host: {"VCPU": chance.randint(1, 3)}
             for host in chance.sample(hosts, chance.randint(1, 2))},
            consumer_type=chance.choice(["INSTANCE", None, "unknown"]),
            provider_generations={
                host: chance.randint(1, 3) for host in hosts
                if chance.random() < 0.1})])
            for consumer in consumers]

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
        held = [self.take(uuidutils.generate_uuid(), {host: {"VCPU": 1}},
                          consumer_type="INSTANCE").uuid
                for host in hosts[1:]]
        before = self.state(hosts)
        wanted = make(seed, hosts, held)
        if way == "apart":
            found = [self.apart(job) for job in wanted]
        elif way == "together":
            found = self.driver._store.write(claiming.decide, wanted)
        else:
            found = grants.grant(self.driver._store, wanted,
                                 self.driver._store.end())
        if found is None:
            self.assertEqual(before, self.state(hosts), seed)
        return (None if found is None else [type(one) for one in found],
                self.state(hosts))

    def state(self, hosts):
        state = [self.driver.allocations.list_by_provider(host)
                 for host in hosts]
        return [(provider.generation, provider.inventories["VCPU"].used,
                 sorted((one.type, one.generation,
                         one.allocations[provider.uuid].resources["VCPU"])
                        for one in consumers))
                for provider, consumers in state]

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
            else:
                granted += 1
                self.assertEqual(apart, (outcomes, state), seed)
        self.assertLess(0, granted)
        self.assertLess(0, refused)
