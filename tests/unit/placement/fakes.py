"""A store in a dict, for tests of the engine, and words to fill it with."""

import contextlib
import dataclasses
import datetime
import itertools
import uuid as uuid_module
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tachyon import exception
from tachyon.db import models
from tachyon.placement import snapshot as snapshot_module
from tachyon.placement import view as view_module

BIRTH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def uuid(name: str) -> str:
    """Return the uuid that stands for a name in all tests."""
    return str(uuid_module.uuid5(uuid_module.NAMESPACE_DNS, name))


def entry(name: str) -> models.CatalogueEntry:
    return models.CatalogueEntry(name, False, BIRTH, BIRTH)


class FakeStore:
    """What a view needs of a driver: snapshot and changes.

    Providers are known by name here. Amounts may be given as plain numbers.
    """

    def __init__(self, page_size: int = 2) -> None:
        self.providers: dict[str, models.Provider] = {}
        self.stamps: dict[str, int] = {}
        self.tombstones: dict[str, int] = {}
        self.number = 0
        self.floor = 0
        self.epoch = 0
        self.page_size = page_size
        self.traits: tuple[models.CatalogueEntry, ...] = ()
        self.traits_number = 0
        self.calls: list[str] = []

    # ----------------------------------------------------- as a driver does
    def snapshot(self) -> tuple[str, Iterator[Sequence[models.Provider]]]:
        self.calls.append("snapshot")
        # Children first: a store promises no order.
        everything = list(self.providers.values())[::-1]
        pages = (everything[start:start + self.page_size]
                 for start in range(0, len(everything), self.page_size))
        return f"{self.epoch}:0:{self.number}", pages

    def changes(self, cursor: str) -> models.Changes:
        self.calls.append("changes")
        epoch, seen_catalogue, number = map(int, cursor.split(":"))
        if epoch != self.epoch or number < self.floor:
            raise exception.CursorExpired()
        changed = list(itertools.takewhile(
            lambda provider: self.stamps[provider.uuid] > number,
            reversed(self.providers.values())))
        return models.Changes(
            cursor=f"{self.epoch}:1:{self.number}",
            providers=tuple(changed),
            gone=tuple(u for u, stamp in self.tombstones.items()
                       if stamp > number),
            traits=(self.traits if self.traits_number > number
                    or not seen_catalogue else None),
            resource_classes=None if seen_catalogue else (entry("VCPU"),),
            consumer_types=None if seen_catalogue else ("INSTANCE",))

    # ----------------------------------------------------------- to fill it
    def add(self, name: str, parent: str | None = None,
            inventory: Mapping[str, int | models.Inventory] | None = None,
            traits: Iterable[str] = (),
            aggregates: Iterable[str] = ()) -> models.Provider:
        """Add a provider; ``parent`` and ``aggregates`` are names."""
        above = self.providers[parent] if parent else None
        own = uuid(name)
        while own in self.stamps:        # by one that was renamed
            own = uuid(own)
        return self._store(models.Provider(
            uuid=own, name=name, generation=0,
            parent_uuid=above.uuid if above else None,
            root_uuid=above.root_uuid if above else own,
            created_at=BIRTH, updated_at=BIRTH,
            inventories=_inventories(inventory or {}),
            traits=frozenset(traits),
            aggregates=frozenset(map(uuid, aggregates))))

    def change(self, name: str, **fields: object) -> models.Provider:
        """Replace fields of a provider, and raise its generation."""
        old = self.providers[name]
        if "inventories" in fields:
            fields["inventories"] = _inventories(fields["inventories"])
        return self._store(dataclasses.replace(
            old, generation=old.generation + 1, **fields))

    def use(self, name: str, **amounts: int) -> models.Provider:
        """Make so much of each class be used."""
        inventories = dict(self.providers[name].inventories)
        for resource_class, used in amounts.items():
            inventories[resource_class] = dataclasses.replace(
                inventories[resource_class], used=used)
        return self.change(name, inventories=inventories)

    def rename(self, name: str, new: str) -> None:
        provider = self.providers.pop(name)
        self._store(dataclasses.replace(provider, name=new))

    def move(self, name: str, parent: str | None) -> None:
        """Put a provider, with its subtree, under another one."""
        above = self.providers[parent] if parent else None
        root = above.root_uuid if above else self.providers[name].uuid
        self._store(dataclasses.replace(
            self.providers[name], root_uuid=root,
            parent_uuid=above.uuid if above else None))
        for child in self.children(name):
            self.move(child, name)

    def children(self, name: str) -> list[str]:
        return [p.name for p in self.providers.values()
                if p.parent_uuid == self.providers[name].uuid]

    def delete(self, name: str) -> None:
        provider = self.providers.pop(name)
        self.number += 1
        del self.stamps[provider.uuid]
        self.tombstones[provider.uuid] = self.number

    def gc(self) -> None:
        """Forget what was deleted: older cursors are of no use any more."""
        self.tombstones.clear()
        self.floor = self.number

    def set_traits(self, *names: str) -> None:
        self.number += 1
        self.traits_number = self.number
        self.traits = tuple(map(entry, names))

    def _store(self, provider: models.Provider) -> models.Provider:
        self.number += 1
        provider = dataclasses.replace(
            provider,
            updated_at=BIRTH + datetime.timedelta(seconds=self.number))
        self.providers.pop(provider.name, None)
        self.providers[provider.name] = provider    # newest last
        self.stamps[provider.uuid] = self.number
        return provider


def _inventories(given: Mapping[str, int | models.Inventory]
                 ) -> dict[str, models.Inventory]:
    return {name: models.Inventory(total=amount, max_unit=max(amount, 1))
            if isinstance(amount, int) else amount
            for name, amount in given.items()}


@contextlib.contextmanager
def snapshot_of(store: FakeStore) -> Iterator[snapshot_module.Snapshot]:
    with view_module.View(store).read() as snapshot:
        yield snapshot


def make_forest(**trees: Mapping[str, object]) -> FakeStore:
    """Make a store of trees, each given as ``add`` takes it, by name.

    ``children`` of a tree are trees themselves.
    """
    store = FakeStore()
    waiting = [(name, None, dict(tree)) for name, tree in trees.items()]
    while waiting:
        name, parent, tree = waiting.pop(0)
        children = tree.pop("children", {})
        store.add(name, parent, **tree)
        waiting += [(child, name, dict(subtree))
                    for child, subtree in children.items()]
    return store


def names(snapshot: snapshot_module.Snapshot, rows: Iterable[int]
          ) -> list[str]:
    return [snapshot.names[row] for row in rows]


def allocations_of(snapshot: snapshot_module.Snapshot, candidate: object
                   ) -> dict[str, dict[str, int]]:
    return {snapshot.names[row]: dict(resources)
            for row, resources in candidate.allocations}


def flatten(lists: Iterable[Iterable[object]]) -> list[object]:
    return list(itertools.chain.from_iterable(lists))
