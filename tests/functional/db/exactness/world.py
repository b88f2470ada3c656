"""A small cloud whose every state can be told from how far writers got.

Each writer goes from turn to turn, each turn one transaction. What a turn
writes follows from the seed and the turn alone, and writers don't get into
each other's way: so the turns that they have come to, a *vector*, say what is
in the store, to the last unit.
"""

import collections
import dataclasses
import datetime
import functools
import random
from collections.abc import Iterable, Mapping, Sequence, Set

from tachyon.db import base as db
from tachyon.db import models
from tests.functional.db.exactness import registers

WRITERS = 3
CELLS = 2                               # of each host, with processors
CONSUMERS = 2                           # of each writer
TURNS_KEPT = 64

DISK, CARD = "DISK_GB", "CUSTOM_CARD"
SHARES = "MISC_SHARES_VIA_AGGREGATE"
BITS = ("CUSTOM_BIT_0", "CUSTOM_BIT_1")
STORAGE = "storage"
# All that can be used of a cell or of the storage at the same time is less.
CELL_TOTALS = (14, 17, 20)
STORAGE_TOTAL = 40
_BIRTH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

uuid_of = registers.uuid_of
ZONES = tuple(uuid_of(f"zone-{letter}") for letter in "ab")

# Provider by name, what is taken of it by class.
_Takes = Mapping[str, Mapping[str, int]]


@dataclasses.dataclass(frozen=True)
class Own:
    """What one writer's turns have come to.

    ``takes`` is what each of its consumers has. ``total`` is that of the
    host's first cell, ``traits`` and ``zones`` are the host's. ``card`` is a
    provider below a cell: the cell's number, and how many cards it has, None
    for no inventory; the provider may not be there at all.
    """

    takes: tuple[_Takes, ...] = ({},) * CONSUMERS
    total: int = CELL_TOTALS[0]
    traits: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset(ZONES)
    card: tuple[int, int | None] | None = None


# ----------------------------------------------------------- turn by turn
class Story:
    """What a writer writes, turn after turn."""

    KINDS, WEIGHTS = ("take", "swap", "total", "traits", "zones", "card"), (
        6, 2, 2, 2, 2, 3)

    def __init__(self, seed: int, writer: int):
        self._dice = random.Random(f"{seed} story {writer}")
        self._after = [Own()]

    def after(self, turn: int) -> Own:
        """Return what is there after a turn; nothing is at turn 0."""
        while len(self._after) <= turn:
            kind, = self._dice.choices(self.KINDS, self.WEIGHTS)
            self._after.append(getattr(self, f"_{kind}")(self._after[-1]))
        return self._after[turn]

    def _take(self, own: Own) -> Own:
        """One consumer takes something else, or gives all of it back."""
        takes = list(own.takes)
        who = self._dice.randrange(CONSUMERS)
        if takes[who] and self._dice.random() < 0.2:
            takes[who] = {}
        else:
            while takes[who] == own.takes[who]:
                takes[who] = self._some()
        return dataclasses.replace(own, takes=tuple(takes))

    def _some(self) -> _Takes:
        cells = self._dice.sample([
            cell_name(host, cell) for host in range(WRITERS)
            for cell in range(CELLS)], self._dice.randint(1, 4))
        found = {cell: {"VCPU": self._dice.randint(1, 2)} for cell in cells}
        if self._dice.random() < 0.5:
            found[STORAGE] = {DISK: self._dice.randint(1, 4)}
        return found

    def _swap(self, own: Own) -> Own:
        """All consumers change places, in one transaction."""
        if not all(own.takes) or own.takes[0] == own.takes[1]:
            return self._take(own)
        return dataclasses.replace(own, takes=own.takes[::-1])

    def _total(self, own: Own) -> Own:
        return dataclasses.replace(own, total=self._other(
            CELL_TOTALS, own.total))

    def _traits(self, own: Own) -> Own:
        return dataclasses.replace(own, traits=self._flipped(
            own.traits, BITS))

    def _zones(self, own: Own) -> Own:
        return dataclasses.replace(own, zones=self._flipped(own.zones, ZONES))

    def _card(self, own: Own) -> Own:
        """It is made, gets its inventory, and goes, as often as not."""
        card: tuple[int, int | None] | None
        if own.card is None:
            card = self._dice.randrange(CELLS), None
        elif own.card[1] is None:
            card = own.card[0], self._dice.randint(1, 3)
        else:
            card = None
        return dataclasses.replace(own, card=card)

    def _other(self, values: Sequence[int], present: int) -> int:
        return self._dice.choice([one for one in values if one != present])

    def _flipped(self, present: frozenset[str],
                 names: Sequence[str]) -> frozenset[str]:
        return present ^ {self._dice.choice(names)}


# --------------------------------------------------------------- in the store
def prepare(driver: db.DataDriverBase) -> None:
    """Make the cloud as it is before the first turn."""
    for name in BITS:
        driver.traits.create(name)
    driver.resource_classes.create(CARD)
    state = State([Own()] * WRITERS)
    for name, provider in state.providers.items():
        generation = driver.resource_providers.create(
            provider.uuid, name, provider.parent_uuid).generation
        if provider.inventories:
            generation = driver.inventories.replace(
                provider.uuid, generation, provider.inventories).generation
        if provider.traits:
            generation = driver.traits.replace(
                provider.uuid, generation, provider.traits).generation
        if provider.aggregates:
            driver.aggregates.replace(provider.uuid, generation,
                                      provider.aggregates)


def write(driver: db.DataDriverBase, writer: int, old: Own, new: Own) -> None:
    """Go from one turn of a writer to the next, in one transaction.

    :raises ConcurrentUpdate: others wrote: try again.
    """
    host = uuid_of(host_name(writer))
    if new.takes != old.takes:
        _write_claims(driver, writer, old, new)
    elif new.total != old.total:
        cell = driver.resource_providers.get(uuid_of(cell_name(writer, 0)))
        driver.inventories.replace(cell.uuid, cell.generation, {
            "VCPU": _inventory(new.total)})
    elif new.traits != old.traits:
        driver.traits.replace(host, _generation(driver, host), new.traits)
    elif new.zones != old.zones:
        driver.aggregates.replace(host, _generation(driver, host), new.zones)
    else:
        _write_card(driver, writer, new)


def _generation(driver: db.DataDriverBase, uuid: str) -> int:
    return driver.resource_providers.get(uuid).generation


def _write_claims(driver: db.DataDriverBase, writer: int, old: Own,
                  new: Own) -> None:
    claims = []
    for number, (before, after) in enumerate(
            zip(old.takes, new.takes, strict=True)):
        if before != after:
            uuid = uuid_of(f"consumer-{writer}-{number}")
            claims.append(models.Claim(
                uuid, driver.allocations.get(uuid).generation
                if before else None, "demo", "alice",
                {uuid_of(name): amounts for name, amounts in after.items()}))
    if len(claims) == 1 and not claims[0].allocations:
        driver.allocations.delete(claims[0].consumer_uuid)
    else:
        driver.allocations.replace(claims)


def _write_card(driver: db.DataDriverBase, writer: int, new: Own) -> None:
    uuid = uuid_of(f"card-{writer}")
    if new.card is None:
        driver.resource_providers.delete(uuid)
    elif new.card[1] is None:
        driver.resource_providers.create(
            uuid, f"card-{writer}", uuid_of(cell_name(writer, new.card[0])))
    else:
        driver.inventories.replace(uuid, _generation(driver, uuid), {
            CARD: _inventory(new.card[1])})


# --------------------------------------------------------------- as it must be
def host_name(writer: int) -> str:
    return f"host-{writer}"


def cell_name(writer: int, cell: int) -> str:
    return f"cell-{writer}-{cell}"


class State:
    """The cloud at one vector: ``providers`` by name, parents first."""

    def __init__(self, owns: Sequence[Own]):
        self._used: collections.Counter[tuple[str, str]] = (
            collections.Counter())
        for own in owns:
            for takes in own.takes:
                for name, amounts in takes.items():
                    for resource_class, amount in amounts.items():
                        self._used[name, resource_class] += amount
        self.providers: dict[str, models.Provider] = {}
        self._add(STORAGE, None, {DISK: STORAGE_TOTAL}, {SHARES}, ZONES[:1])
        for writer, own in enumerate(owns):
            self._add_host(writer, own)

    def _add_host(self, writer: int, own: Own) -> None:
        name = host_name(writer)
        self._add(name, None, {"MEMORY_MB": 1024}, own.traits, own.zones)
        for cell in range(CELLS):
            self._add(cell_name(writer, cell), name, {
                "VCPU": CELL_TOTALS[0] if cell else own.total})
        if own.card is not None:
            cell, cards = own.card
            self._add(f"card-{writer}", cell_name(writer, cell),
                      {} if cards is None else {CARD: cards})

    def _add(self, name: str, parent: str | None, totals: Mapping[str, int],
             traits: Set[str] = frozenset(),
             aggregates: Iterable[str] = ()) -> None:
        above = None if parent is None else self.providers[parent]
        uuid = uuid_of(name)
        self.providers[name] = models.Provider(
            uuid=uuid, name=name, generation=0,
            parent_uuid=above.uuid if above else None,
            root_uuid=above.root_uuid if above else uuid,
            created_at=_BIRTH, updated_at=_BIRTH,
            inventories={
                each: _inventory(total, self._used[name, each])
                for each, total in totals.items()},
            traits=frozenset(traits), aggregates=frozenset(aggregates))


def _inventory(total: int, used: int = 0) -> models.Inventory:
    return models.Inventory(total=total, max_unit=total, used=used)


class World:
    """All stories together: a state for each vector."""

    def __init__(self, seed: int):
        self.stories = [Story(seed, writer) for writer in range(WRITERS)]
        self.state = functools.lru_cache(TURNS_KEPT)(self._state)

    def _state(self, vector: tuple[int, ...]) -> State:
        return State([story.after(turn) for story, turn
                      in zip(self.stories, vector, strict=True)])
