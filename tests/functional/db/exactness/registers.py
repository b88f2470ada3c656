"""What is written in a trial, and how a view must show it.

A register has one writer and goes from turn to turn, each turn one
transaction. What it is at a turn follows from the seed and the turn alone, so
a reader can tell which turn a view shows, or that it shows none: half a
transaction, or something that nobody ever wrote.
"""

import abc
import functools
import random
import uuid as uuid_module
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base as db
from tachyon.db import models
from tachyon.placement import snapshot as snapshot_module

WRITERS = 4
SPAN = 100                              # providers that bands lie on
RACKS = 5
HOT_HOSTS = 8
HOT_UNITS = 16                          # VCPUs of each hot host
CONSUMERS = 10                          # of each writer, on the hot hosts
UNITS = 2                               # VCPUs of each of these
BITS = 8
PLENTY = 1_000_000

_SPACE = uuid_module.UUID("5a1f6f0e-8a3e-4a0e-9e9b-6f8a1c2d3e4f")


@functools.lru_cache(4096)
def uuid_of(name: str) -> str:
    """Return the uuid that stands for a name, in every process the same."""
    return str(uuid_module.uuid5(_SPACE, name))


def _bits(turn: int) -> list[int]:
    return [bit for bit in range(BITS) if turn >> bit & 1]


class Register(abc.ABC):
    """One thing that is written over and over."""

    def __init__(self, seed: int, writer: int):
        self.seed = seed
        self.writer = writer
        self.name = f"{type(self).__name__} {writer}"

    @abc.abstractmethod
    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        """Go from the turn before to this one, in one transaction.

        :raises ConcurrentUpdate: others wrote: try again.
        """

    @abc.abstractmethod
    def expect(self, turn: int) -> Hashable:
        """Return what this is after a turn. No turn looks like its
        neighbours."""

    @abc.abstractmethod
    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        """Return what a view says that this is."""

    def dice(self, turn: int) -> random.Random:
        return random.Random(f"{self.seed} {self.name} {turn}")


class Band(Register):
    """Consumers who together claim the same amount, the turn, of 1 to 100
    providers, in one transaction; or give all of it back."""

    CONSUMERS = 3

    def __init__(self, seed: int, writer: int):
        super().__init__(seed, writer)
        self.resource_class = f"CUSTOM_BAND_{writer}"
        self._planned = functools.lru_cache(256)(self._plan)

    def _plan(self, turn: int) -> Mapping[str, int]:
        """Return which of the consumers claims, by provider."""
        if turn % 7 == 0:
            return {}
        dice = self.dice(turn)
        size = dice.choice((1, 2, 5, 20, SPAN, dice.randint(1, SPAN)))
        count = dice.randint(1, self.CONSUMERS)
        return {uuid_of(f"span-{index}"): dice.randrange(count)
                for index in dice.sample(range(SPAN), size)}

    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        plan = self._planned(turn)
        claims = []
        for index in range(self.CONSUMERS):
            consumer = uuid_of(f"band-{self.writer}-{index}")
            try:
                generation = driver.allocations.get(consumer).generation
            except exception.ConsumerNotFound:
                generation = None
            wanted = {provider: {self.resource_class: turn}
                      for provider, owner in plan.items() if owner == index}
            if generation is not None or wanted:
                claims.append(models.Claim(
                    consumer, generation, "demo", "alice", wanted,
                    consumer_type=f"TYPE_{turn % 20}",
                    provider_generations=self._compared(driver, turn, wanted)))
        if len(claims) == 1 and not claims[0].allocations:
            driver.allocations.delete(claims[0].consumer_uuid)
        else:
            driver.allocations.replace(claims)

    def _compared(self, driver: db.DataDriverBase, turn: int,
                  wanted: Mapping[str, Any]) -> Mapping[str, int]:
        """Compare the generation of a provider now and then."""
        if turn % 5 or not wanted:
            return {}
        uuid = min(wanted)
        return {uuid: driver.resource_providers.get(uuid).generation}

    def expect(self, turn: int) -> Hashable:
        return frozenset((uuid, turn) for uuid in self._planned(turn))

    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        column = snapshot.column(self.resource_class)
        if column is None:
            return "no inventory at all"
        return frozenset(
            (snapshot.uuids[row], used) for row, used in zip(
                column.rows.tolist(), column.used.tolist(), strict=True)
            if used)


class Inventories(Register):
    """Two classes of one provider with the same total; a third comes and
    goes. Bands claim from the same provider, so generations collide."""

    def __init__(self, seed: int, writer: int):
        super().__init__(seed, writer)
        self.uuid = uuid_of(f"span-{writer}")

    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        provider = driver.resource_providers.get(self.uuid)
        others = {name: inventory
                  for name, inventory in provider.inventories.items()
                  if not name.startswith("CUSTOM_TURN_")}
        driver.inventories.replace(self.uuid, provider.generation, {
            **others, **{name: models.Inventory(total)
                         for name, total in self._totals(turn)}})

    def _totals(self, turn: int) -> list[tuple[str, int]]:
        return [(f"CUSTOM_TURN_{letter}", turn + 1)
                for letter in ("ABC" if turn % 2 else "AB")]

    def expect(self, turn: int) -> Hashable:
        return tuple(self._totals(turn))

    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        row = snapshot.row_of(self.uuid)
        if row is None:
            return "no such provider"
        return tuple(sorted(
            (name, inventory.total) for name, inventory
            in snapshot.provider(row).inventories.items()
            if name.startswith("CUSTOM_TURN_")))


class Traits(Register):
    """The turn's last bits, as traits of one provider."""

    def __init__(self, seed: int, writer: int):
        super().__init__(seed, writer)
        self.uuid = uuid_of(f"span-{WRITERS + writer}")

    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        generation = (driver.resource_providers.get(self.uuid).generation
                      if turn % 2 else None)
        driver.traits.replace(self.uuid, generation, self._names(turn))

    def _names(self, turn: int) -> frozenset[str]:
        return frozenset(f"CUSTOM_BIT_{bit}" for bit in _bits(turn))

    def expect(self, turn: int) -> Hashable:
        return self._names(turn)

    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        row = snapshot.row_of(self.uuid)
        return None if row is None else frozenset(snapshot.traits_of[row])


class Aggregates(Register):
    """The turn's last bits, as aggregates of one provider."""

    def __init__(self, seed: int, writer: int):
        super().__init__(seed, writer)
        self.uuid = uuid_of(f"span-{2 * WRITERS + writer}")

    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        generation = (driver.resource_providers.get(self.uuid).generation
                      if turn % 2 else None)
        driver.aggregates.replace(self.uuid, generation, self._uuids(turn))

    def _uuids(self, turn: int) -> frozenset[str]:
        return frozenset(uuid_of(f"aggregate-{bit}") for bit in _bits(turn))

    def expect(self, turn: int) -> Hashable:
        return self._uuids(turn)

    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        row = snapshot.row_of(self.uuid)
        return None if row is None else frozenset(snapshot.aggregates_of[row])


class Tree(Register):
    """A subtree of seven that moves as a whole: alone, below a rack, below
    the shelf of a rack. Its top is renamed in the same transaction."""

    SIZE = 7

    def __init__(self, seed: int, writer: int):
        super().__init__(seed, writer)
        self.members = [uuid_of(f"tree-{writer}-{index}")
                        for index in range(self.SIZE)]

    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        driver.resource_providers.update(
            self.members[0], self._top_name(turn), self._place(turn)[0])

    def _top_name(self, turn: int) -> str:
        return f"tree-{self.writer}-turn-{turn}"

    def _place(self, turn: int) -> tuple[str | None, str]:
        """Return the parent of the top, and the root of all."""
        rack = turn % RACKS
        if turn % 3 == 0:
            return None, self.members[0]
        root = uuid_of(f"rack-{rack}")
        return (root if turn % 3 == 1 else uuid_of(f"shelf-{rack}")), root

    def expect(self, turn: int) -> Hashable:
        parent, root = self._place(turn)
        return self._top_name(turn), parent, (root,) * self.SIZE

    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        rows = [snapshot.row_of(uuid) for uuid in self.members]
        if None in rows:
            return "a part of the tree is missing"
        parent = snapshot.parents.item(rows[0])
        return (snapshot.names[rows[0]],
                snapshot.uuids[parent] if parent >= 0 else None,
                tuple(snapshot.uuids[snapshot.roots.item(row)]
                      for row in rows))


class Visitor(Register):
    """A provider that is made below a part of the moving tree, deleted, and
    made again, under one of three uuids."""

    UUIDS = 3

    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        uuid, name = self._identity(turn)
        if turn % 2:
            parent = (None if turn % 4 == 1 else
                      uuid_of(f"tree-{self.writer}-{turn % Tree.SIZE}"))
            driver.resource_providers.create(uuid, name, parent)
        else:
            driver.resource_providers.delete(uuid)

    def _identity(self, turn: int) -> tuple[str, str]:
        """Return who is there after an odd turn, and goes at the next."""
        turn = turn if turn % 2 else turn - 1
        index = turn // 2 % self.UUIDS
        return (uuid_of(f"visitor-{self.writer}-{index}"),
                f"visitor-{self.writer}-turn-{turn}")

    def expect(self, turn: int) -> Hashable:
        return (self._identity(turn),) if turn % 2 else ()

    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        found = []
        for index in range(self.UUIDS):
            uuid = uuid_of(f"visitor-{self.writer}-{index}")
            row = snapshot.row_of(uuid)
            if row is not None:
                found.append((uuid, snapshot.names[row]))
        return tuple(found)


class Marks(Register):
    """Fifty providers, one of which gets the turn into its name. What a view
    missed here is not soon mended by the next write."""

    SIZE = 50

    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        index = self.dice(turn).randrange(self.SIZE)
        driver.resource_providers.update(
            uuid_of(f"mark-{self.writer}-{index}"),
            f"mark-{self.writer}-{index}-{turn}", None)

    def expect(self, turn: int) -> Hashable:
        return turn

    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        rows = [snapshot.row_of(uuid_of(f"mark-{self.writer}-{index}"))
                for index in range(self.SIZE)]
        if None in rows:
            return "a mark is missing"
        return max(int(snapshot.names[row].rpartition("-")[2])
                   for row in rows)


class Names(Register):
    """A trait, or a resource class, that is made and deleted again."""

    KINDS = ("traits", "resource_classes")

    def __init__(self, seed: int, writer: int):
        super().__init__(seed, writer)
        self.kind = self.KINDS[writer % 2]
        self.prefix = f"CUSTOM_NAME_{writer}_"

    def write(self, driver: db.DataDriverBase, turn: int) -> None:
        controller = getattr(driver, self.kind)
        if turn % 2:
            controller.create(f"{self.prefix}{turn}")
        else:
            controller.delete(f"{self.prefix}{turn - 1}")

    def expect(self, turn: int) -> Hashable:
        return (f"{self.prefix}{turn}",) if turn % 2 else ()

    def observe(self, snapshot: snapshot_module.Snapshot) -> Hashable:
        return tuple(name for name in getattr(snapshot.catalogue, self.kind)
                     if name.startswith(self.prefix))


KINDS: tuple[type[Register], ...] = (
    Band, Inventories, Traits, Aggregates, Tree, Visitor, Marks, Names)
WEIGHTS = (6, 2, 1, 1, 2, 2, 4, 1)       # how often each is written


def make(seed: int) -> Sequence[Register]:
    """Return all registers, those of one writer next to each other."""
    return [kind(seed, writer) for writer in range(WRITERS) for kind in KINDS]


def of_writer(writer: int) -> range:
    """Return the places of a writer's registers."""
    return range(writer * len(KINDS), (writer + 1) * len(KINDS))


# ------------------------------------------------------------------ the cloud
def hot_host(index: int) -> str:
    return uuid_of(f"hot-{index}")


def hot_consumer(writer: int, index: int) -> str:
    return uuid_of(f"hot-{writer}-{index}")


def prepare(driver: db.DataDriverBase) -> None:
    """Make the cloud as it is at turn 0 of every register."""
    for bit in range(BITS):
        driver.traits.create(f"CUSTOM_BIT_{bit}")
    bands = [f"CUSTOM_BAND_{writer}" for writer in range(WRITERS)]
    for name in (*bands, "CUSTOM_TURN_A", "CUSTOM_TURN_B", "CUSTOM_TURN_C"):
        driver.resource_classes.create(name)
    for index in range(SPAN):
        totals = dict.fromkeys(bands, PLENTY)
        if index < WRITERS:
            totals |= {"CUSTOM_TURN_A": 1, "CUSTOM_TURN_B": 1}
        _make_provider(driver, f"span-{index}", None, totals)
    for index in range(RACKS):
        _make_provider(driver, f"rack-{index}", None, {})
        _make_provider(driver, f"shelf-{index}", f"rack-{index}", {})
    for writer in range(WRITERS):
        top = f"tree-{writer}-0"
        driver.resource_providers.create(
            uuid_of(top), f"tree-{writer}-turn-0")
        for index in range(1, Tree.SIZE):
            _make_provider(driver, f"tree-{writer}-{index}",
                           f"tree-{writer}-{(index - 1) // 2}", {})
        for index in range(Marks.SIZE):
            driver.resource_providers.create(
                uuid_of(f"mark-{writer}-{index}"), f"mark-{writer}-{index}-0")
    for index in range(HOT_HOSTS):
        _make_provider(driver, f"hot-{index}", None, {"VCPU": HOT_UNITS})
    driver.allocations.replace([
        models.Claim(hot_consumer(writer, index), None, "demo", "alice",
                     {hot_host((writer * CONSUMERS + index) % HOT_HOSTS):
                      {"VCPU": UNITS}})
        for writer in range(WRITERS) for index in range(CONSUMERS)])


def _make_provider(driver: db.DataDriverBase, name: str, parent: str | None,
                   totals: Mapping[str, int]) -> None:
    uuid = uuid_of(name)
    driver.resource_providers.create(
        uuid, name, None if parent is None else uuid_of(parent))
    if totals:
        driver.inventories.replace(uuid, 0, {
            resource_class: models.Inventory(total)
            for resource_class, total in totals.items()})
