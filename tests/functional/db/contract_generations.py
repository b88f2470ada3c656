"""Generations under 32 writers, in four processes: what every driver must do.

No update is lost: every write that was accepted had seen the one before it.
"""

import concurrent.futures
import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence

from oslo_utils import uuidutils

from tachyon import exception
from tachyon.db import base as db
from tachyon.db import models

PROCESSES = 4
THREADS = 8                             # of each
ATTEMPTS = 8                            # of each thread
# The same in each process.
CONSUMER = "5b7f1d52-6d3c-4f0e-8a55-0d3f2d1c9b7e"
OTHER = "0c4be1f6-3a58-4d1b-9c27-6f0e2d9a8b31"

# Reads a generation, writes with it, and returns the one that was read.
Write = Callable[[db.DataDriverBase, str, int], int]


def replace_inventories(driver: db.DataDriverBase, uuid: str,
                        mark: int) -> int:
    seen = driver.resource_providers.get(uuid)
    found = driver.inventories.replace(uuid, seen.generation, {
        **seen.inventories, "CUSTOM_MARK": models.Inventory(mark)})
    assert found.inventories["CUSTOM_MARK"].total == mark
    assert found.generation == seen.generation + 1
    return seen.generation


def replace_traits(driver: db.DataDriverBase, uuid: str, mark: int) -> int:
    seen = driver.resource_providers.get(uuid)
    names = frozenset(f"CUSTOM_BIT_{bit}" for bit in range(10)
                      if mark >> bit & 1)
    if names == seen.traits:            # it would be no write
        names ^= {"CUSTOM_BIT_0"}
    found = driver.traits.replace(uuid, seen.generation, names)
    assert found.traits == names
    assert found.generation == seen.generation + 1
    return seen.generation


def replace_aggregates(driver: db.DataDriverBase, uuid: str, mark: int) -> int:
    seen = driver.resource_providers.get(uuid)
    found = driver.aggregates.replace(
        uuid, seen.generation, frozenset([uuidutils.generate_uuid()]))
    assert found.generation == seen.generation + 1
    return seen.generation


def claim_of_new_consumer(driver: db.DataDriverBase, uuid: str,
                          mark: int) -> int:
    """The provider's generation is what is compared."""
    seen = driver.resource_providers.get(uuid)
    driver.allocations.replace([models.Claim(
        uuidutils.generate_uuid(), None, "demo", "alice",
        {uuid: {"VCPU": 1}}, provider_generations={uuid: seen.generation})])
    return seen.generation


def claim_of_one_consumer(driver: db.DataDriverBase, uuid: str,
                          mark: int) -> int:
    """The consumer's generation is what is compared."""
    seen = driver.allocations.get(CONSUMER)
    driver.allocations.replace([models.Claim(
        CONSUMER, seen.generation, "demo", "alice",
        {uuid: {"VCPU": mark}})])
    return seen.generation


def reshape(driver: db.DataDriverBase, uuid: str, mark: int) -> int:
    seen = driver.resource_providers.get(uuid)
    driver.allocations.reshape(
        [models.Reshape(uuid, seen.generation, {
            **seen.inventories, "CUSTOM_MARK": models.Inventory(mark)})], [])
    return seen.generation


def reshape_with_claim(driver: db.DataDriverBase, uuid: str,
                       mark: int) -> int:
    """A consumer comes along, and both generations are compared."""
    seen = driver.allocations.get(CONSUMER)
    provider = driver.resource_providers.get(uuid)
    driver.allocations.reshape(
        [models.Reshape(uuid, provider.generation, provider.inventories)],
        [models.Claim(CONSUMER, seen.generation, "demo", "alice",
                      {uuid: {"VCPU": mark}})])
    return seen.generation


def move_several(driver: db.DataDriverBase, uuid: str, mark: int) -> int:
    """One consumer changes what it has while another one comes."""
    seen = driver.allocations.get(CONSUMER)
    other = uuidutils.generate_uuid()
    driver.allocations.replace([
        models.Claim(CONSUMER, seen.generation, "demo", "alice",
                     {uuid: {"VCPU": mark}}),
        models.Claim(other, None, "demo", "alice", {uuid: {"VCPU": 1}})])
    return seen.generation


def move(driver: db.DataDriverBase, uuid: str, mark: int) -> int:
    """One consumer goes to the other host; what it had there is left to one
    that is new, as in a migration."""
    seen = driver.allocations.get(CONSUMER)
    (here, held), = seen.allocations.items()
    there = uuid if here == OTHER else OTHER
    migration = uuidutils.generate_uuid()
    driver.allocations.replace([
        models.Claim(CONSUMER, seen.generation, "demo", "alice",
                     {there: {"VCPU": mark}}),
        models.Claim(migration, None, "demo", "alice",
                     {here: held.resources})])
    return seen.generation


KINDS: Sequence[Write] = (
    replace_inventories, replace_traits, replace_aggregates,
    claim_of_new_consumer)


def write_from_process(args: tuple[Callable[[], db.DataDriverBase], str,
                                   Sequence[Write], int]) -> list[int]:
    """Write from several threads; return the generation that each accepted
    write had seen."""
    opener, uuid, kinds, process = args

    def run(thread: int) -> Iterator[int]:
        writer = process * THREADS + thread
        for attempt in range(ATTEMPTS):
            kind = kinds[(writer + attempt) % len(kinds)]
            with contextlib.suppress(exception.ConcurrentUpdate):
                yield kind(driver, uuid, writer * ATTEMPTS + attempt + 1)

    with (contextlib.closing(opener()) as driver,
          concurrent.futures.ThreadPoolExecutor(THREADS) as executor):
        return [seen for found in executor.map(
            lambda thread: list(run(thread)), range(THREADS))
            for seen in found]


class GenerationsContract:

    def setUp(self):
        super().setUp()
        self.driver.resource_classes.create("CUSTOM_MARK")
        for bit in range(10):
            self.driver.traits.create(f"CUSTOM_BIT_{bit}")

    def test_no_update_of_a_provider_is_lost(self):
        for name, kinds in (*((kind.__name__, (kind,)) for kind in KINDS),
                            ("all of them", KINDS)):
            with self.subTest(name):
                start = self.make_provider(name, VCPU=100000)
                seen = self._write(start.uuid, kinds)
                found = self.driver.resource_providers.get(start.uuid)
                self._assert_counted(start.generation, seen, found.generation)
                _provider, consumers = (
                    self.driver.allocations.list_by_provider(start.uuid))
                self.assertEqual(len(consumers),
                                 found.inventories["VCPU"].used)
                if kinds == (claim_of_new_consumer,):
                    self.assertEqual(len(seen), len(consumers))

    def test_no_update_of_a_consumer_is_lost(self):
        # kind, how far a provider's generation is raised, what others get
        for kind, raised, given in ((claim_of_one_consumer, 1, 0),
                                    (reshape_with_claim, 3, 0),
                                    (move_several, 1, 1)):
            with self.subTest(kind.__name__):
                host = self.make_provider(kind.__name__, VCPU=100000)
                self.take(CONSUMER, {host.uuid: {"VCPU": 1}})
                seen = self._write(host.uuid, (kind,))
                consumer = self.driver.allocations.get(CONSUMER)
                self._assert_counted(1, seen, consumer.generation)
                found = self.driver.resource_providers.get(host.uuid)
                self.assertEqual(
                    host.generation + 1 + raised * len(seen),
                    found.generation)
                self.assertEqual(
                    consumer.allocations[host.uuid].resources["VCPU"]
                    + given * len(seen), found.inventories["VCPU"].used)
                self.driver.allocations.delete(CONSUMER)

    def test_no_move_is_lost(self):
        hosts = [self.make_provider("host", VCPU=100000).uuid, OTHER]
        self.driver.inventories.replace(
            OTHER, self.driver.resource_providers.create(
                OTHER, "other").generation, {"VCPU": models.Inventory(100000)})
        self.take(CONSUMER, {hosts[0]: {"VCPU": 1}})
        seen = self._write(hosts[0], (move,))
        consumer = self.driver.allocations.get(CONSUMER)
        self._assert_counted(1, seen, consumer.generation)
        self.assertEqual({hosts[len(seen) % 2]}, set(consumer.allocations))
        migrations = 0
        for uuid in hosts:
            host, consumers = self.driver.allocations.list_by_provider(uuid)
            self.assertEqual(sum(one.allocations[uuid].resources["VCPU"]
                                 for one in consumers),
                             host.inventories["VCPU"].used)
            migrations += len({one.uuid for one in consumers} - {CONSUMER})
        self.assertEqual(len(seen), migrations)

    def test_nothing_is_lost_beside_a_reshape(self):
        """A reshape raises the generation by two, anything else by one."""
        start = self.make_provider("host", VCPU=100000)
        seen = self._write(start.uuid, (*KINDS, reshape))
        found = self.driver.resource_providers.get(start.uuid)
        steps = {after - before for before, after in itertools.pairwise(
            [*seen, found.generation])}
        self.assertEqual(start.generation, seen[0])
        self.assertLessEqual(steps, {1, 2})
        _provider, consumers = (
            self.driver.allocations.list_by_provider(start.uuid))
        self.assertEqual(len(consumers), found.inventories["VCPU"].used)

    def test_no_reshape_is_lost(self):
        start = self.make_provider("host", VCPU=100000)
        seen = self._write(start.uuid, (reshape,))
        found = self.driver.resource_providers.get(start.uuid)
        # Each raises it twice: they saw every second one.
        self.assertEqual(list(range(start.generation, found.generation, 2)),
                         seen)
        self.assertGreater(len(seen), 0)

    def _write(self, uuid, kinds):
        return sorted(
            seen for found in self.in_processes(
                write_from_process, [(self.opener, uuid, kinds, process)
                                     for process in range(PROCESSES)],
                PROCESSES)
            for seen in found)

    def _assert_counted(self, start, seen, end):
        """Every generation from the first to the last but one was seen by
        exactly one accepted write."""
        self.assertEqual(list(range(start, end)), seen)
        self.assertGreater(len(seen), 0)
