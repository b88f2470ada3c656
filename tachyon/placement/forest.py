"""The provider forest in columns: what the view keeps, and how it changes.

A provider has a row from the moment it is seen until it is deleted; then the
row is given to another one. Everything about it is in arrays and lists by
row, in a column for each resource class, and in row sets for each trait and
aggregate. A tree is a ring: each row knows the next and the previous one of
its tree, so that moving one costs O(1).

Nothing here locks: ``tachyon.placement.view`` does.
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tachyon.db import models
from tachyon.placement import columns

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_NOTHING: frozenset[str] = frozenset()


def _time(microseconds: int) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(microseconds=microseconds)


class Forest:
    """All providers, by row.

    ``topology`` counts changes of anything but generations, times and
    amounts: what is derived from structure, names, traits, aggregates and
    classes stays valid while it stays the same.
    """

    _ARRAYS = {"live": bool, "parents": np.int32, "roots": np.int32,
               "generations": np.int64, "_created": np.int64,
               "_updated": np.int64, "_next": np.int32,
               "_previous": np.int32}

    def __init__(self) -> None:
        self.n = 0
        self.topology = 0
        self.nested = 0
        self.uuids: list[str] = []
        self.names: list[str] = []
        self.traits: list[frozenset[str]] = []
        self.aggregates: list[frozenset[str]] = []
        self.classes: list[frozenset[str]] = []
        self.by_uuid: dict[str, int] = {}
        self.by_name: dict[str, int] = {}
        self.columns: dict[str, columns.InventoryColumn] = {}
        self.trait_rows: dict[str, columns.RowSet] = {}
        self.aggregate_rows: dict[str, columns.RowSet] = {}
        self.trait_entries: dict[str, models.CatalogueEntry] = {}
        self.class_entries: dict[str, models.CatalogueEntry] = {}
        self.consumer_types: tuple[str, ...] = ()
        # What others made of a provider, by name and row: forgotten when
        # anything of it changes.
        self.notes: dict[str, dict[int, Any]] = {}
        self.live = np.zeros(16, bool)
        self.parents = np.zeros(16, np.int32)
        self.roots = np.zeros(16, np.int32)
        self.generations = np.zeros(16, np.int64)
        self._created = np.zeros(16, np.int64)
        self._updated = np.zeros(16, np.int64)
        self._next = np.zeros(16, np.int32)
        self._previous = np.zeros(16, np.int32)
        self._free_rows: list[int] = []
        self._unlinked: dict[int, tuple[str | None, str]] = {}
        # Thousands of providers have the same few sets: one object for each.
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    # ------------------------------------------------------------- changing
    def apply(self, changes: models.Changes) -> None:
        """Bring the forest to the state that ``changes`` lead to.

        If this raises, the forest is torn and of no use any more.
        """
        for uuid in changes.gone:
            self._remove(uuid)
        if len(self._sets) > 4 * self.n + 1000:
            self._sets.clear()           # mostly sets that nobody has now
        self.load(changes.providers)
        self.link()
        if changes.traits is not None:
            self.trait_entries = {e.name: e for e in changes.traits}
        if changes.resource_classes is not None:
            self.class_entries = {e.name: e for e in changes.resource_classes}
        if changes.consumer_types is not None:
            self.consumer_types = changes.consumer_types

    def load(self, providers: Iterable[models.Provider]) -> None:
        """Take in providers whose parents may be yet to come: see link."""
        for provider in providers:
            row = self.by_uuid.get(provider.uuid)
            if row is None:
                row = self._add(provider.uuid)
            self._put(row, provider)

    def link(self) -> None:
        """Join what ``load`` brought to its parents and roots.

        :raises KeyError: a parent or root never came.
        """
        waiting = self._unlinked
        self._unlinked = {}
        for row, (parent_uuid, root_uuid) in waiting.items():
            if not self._link(row, parent_uuid, root_uuid):
                raise KeyError(f"provider {self.uuids[row]} is in a tree "
                               f"that is not there")

    def _link(self, row: int, parent_uuid: str | None,
              root_uuid: str) -> bool:
        """Join a row to its parent and root, if they are there already, and
        the root is no part of another tree any more."""
        parent = (-1 if parent_uuid is None
                  else self.by_uuid.get(parent_uuid))
        root = self.by_uuid.get(root_uuid)
        if parent is None or root is None or (
                root != row and self.roots[root] != root):
            return False
        self._relink(row, parent, root)
        return True

    def _add(self, uuid: str) -> int:
        if self._free_rows:
            row = self._free_rows.pop()
            self.uuids[row] = uuid
        else:
            row = self.n
            if row == len(self.live):
                for name in self._ARRAYS:
                    array = getattr(self, name)
                    setattr(self, name, columns.grown(array, 2 * row))
            self.n += 1
            self.uuids.append(uuid)
            self.names.append("")
            self.traits.append(_NOTHING)
            self.aggregates.append(_NOTHING)
            self.classes.append(_NOTHING)
        self.by_uuid[uuid] = row
        self.live[row] = True
        self.parents[row] = -1
        self.roots[row] = self._next[row] = self._previous[row] = row
        self.topology += 1
        return row

    def _remove(self, uuid: str) -> None:
        row = self.by_uuid.pop(uuid, None)
        if row is None:
            return                       # it came and went between two syncs
        self._forget_notes(row)
        if self.by_name.get(self.names[row]) == row:
            del self.by_name[self.names[row]]
        self._put_inventories(row, {})
        self.traits[row] = self._put_set(row, self.traits[row], _NOTHING,
                                         self.trait_rows)
        self.aggregates[row] = self._put_set(
            row, self.aggregates[row], _NOTHING, self.aggregate_rows)
        if self.roots[row] == row:
            # What is left of its tree comes anew in the same changes, perhaps
            # with a successor in this row: it must not look joined already.
            for member in self.tree(row):
                self.roots[member] = -1
        self._leave_ring(row)
        self.nested -= int(self.parents[row] >= 0)
        self.parents[row] = self.roots[row] = -1
        self._unlinked.pop(row, None)
        self.live[row] = False
        self.uuids[row] = self.names[row] = ""
        self._free_rows.append(row)
        self.topology += 1

    def _forget_notes(self, row: int) -> None:
        for notes in self.notes.values():
            notes.pop(row, None)

    def _put(self, row: int, provider: models.Provider) -> None:
        self._forget_notes(row)
        if provider.name != self.names[row]:
            if self.by_name.get(self.names[row]) == row:
                del self.by_name[self.names[row]]
            self.names[row] = provider.name
            self.by_name[provider.name] = row
            self.topology += 1
        self.generations[row] = provider.generation
        self._created[row] = (provider.created_at - _EPOCH) // _MICROSECOND
        self._updated[row] = (provider.updated_at - _EPOCH) // _MICROSECOND
        if provider.traits != self.traits[row]:
            self.traits[row] = self._put_set(
                row, self.traits[row], provider.traits, self.trait_rows)
        if provider.aggregates != self.aggregates[row]:
            self.aggregates[row] = self._put_set(
                row, self.aggregates[row], provider.aggregates,
                self.aggregate_rows)
        self._put_inventories(row, provider.inventories)
        # What a page said of its place, while it moved, holds no longer.
        self._unlinked.pop(row, None)
        if not self._link(row, provider.parent_uuid, provider.root_uuid):
            self._unlinked[row] = (provider.parent_uuid, provider.root_uuid)

    def _put_set(self, row: int, old: frozenset[str], new: frozenset[str],
                 index: dict[str, columns.RowSet]) -> frozenset[str]:
        for name in old - new:
            index[name].discard(row)
            if not index[name]:
                del index[name]
        for name in new - old:
            if name not in index:
                index[name] = columns.RowSet()
            index[name].add(row)
        if old != new:
            self.topology += 1
        return self._sets.setdefault(new, new)

    def _put_inventories(self, row: int,
                         inventories: Mapping[str, models.Inventory]) -> None:
        if inventories.keys() != self.classes[row]:
            for name in self.classes[row] - inventories.keys():
                self.columns[name].remove(row)
                if not self.columns[name]:
                    del self.columns[name]
            names = frozenset(inventories)
            self.classes[row] = self._sets.setdefault(names, names)
            self.topology += 1
        for name, inventory in inventories.items():
            if name not in self.columns:
                self.columns[name] = columns.InventoryColumn()
            self.columns[name].put(row, inventory)

    def _relink(self, row: int, parent: int, root: int) -> None:
        if self.parents[row] == parent and self.roots[row] == root:
            return
        self.nested += int(parent >= 0) - int(self.parents[row] >= 0)
        self._leave_ring(row)
        if root != row:
            after = self._next[root]
            self._next[root], self._previous[row] = row, root
            self._next[row], self._previous[after] = after, row
        self.parents[row], self.roots[row] = parent, root
        self.topology += 1

    def _leave_ring(self, row: int) -> None:
        before, after = self._previous[row], self._next[row]
        self._next[before], self._previous[after] = after, before
        self._next[row] = self._previous[row] = row

    # -------------------------------------------------------------- reading
    def tree(self, root: int) -> list[int]:
        """Return the rows of a tree, the root first, then ascending."""
        follow = self._next.item
        rows = []
        row = follow(root)
        while row != root:
            rows.append(row)
            row = follow(row)
        rows.sort()
        return [int(root), *rows]

    def provider(self, row: int) -> models.Provider:
        """Return a row as the record it came from."""
        parent = self.parents.item(row)
        inventories = {}
        for name in sorted(self.classes[row]):
            column = self.columns[name]
            slot = column.slot(row)
            assert slot is not None
            inventories[name] = column.inventory(slot)
        return models.Provider(
            uuid=self.uuids[row], name=self.names[row],
            generation=self.generations.item(row),
            parent_uuid=None if parent < 0 else self.uuids[parent],
            root_uuid=self.uuids[self.roots.item(row)],
            created_at=_time(self._created.item(row)),
            updated_at=_time(self._updated.item(row)),
            inventories=inventories, traits=self.traits[row],
            aggregates=self.aggregates[row])
