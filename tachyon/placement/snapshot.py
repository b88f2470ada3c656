"""What a query sees: the forest at one moment.

A snapshot is handed out by ``tachyon.placement.view`` and only valid within
its ``with``. Arrays are by row; most are the forest's own and must not be
written to.
"""

import copy
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from tachyon.db import models
from tachyon.placement import columns
from tachyon.placement import forest as forest_module
from tachyon.placement import sharing

_T = TypeVar("_T")
_COMPUTE_CLASSES = frozenset(("VCPU", "PCPU"))


@dataclasses.dataclass(frozen=True, slots=True)
class Catalogue:
    """The names that exist, with their entries, in the store's order."""

    traits: Mapping[str, models.CatalogueEntry]
    resource_classes: Mapping[str, models.CatalogueEntry]
    consumer_types: tuple[str, ...]


class Derived:
    """What is computed from the topology once, and kept until it changes."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[int, Any]] = {}

    def get(self, name: str, topology: int, make: Callable[[], Any]) -> Any:
        known = self._values.get(name)
        if known is None or known[0] != topology:
            # Two readers may both compute it: they get the same.
            known = self._values[name] = (topology, make())
        return known[1]


class Snapshot:
    """The forest as of ``cursor``.

    ``topology`` is a number that stays the same while nothing but amounts,
    generations and times change: keep by it what you derive. It is
    comparable only between snapshots of the same ``life``.
    """

    def __init__(self, forest: forest_module.Forest, cursor: str,
                 derived: Derived) -> None:
        self._forest = forest
        self._derived = derived
        self._columns: Mapping[str, columns.InventoryColumn] = forest.columns
        self.cursor = cursor
        self.n = forest.n
        self.topology = forest.topology
        self.uuids = forest.uuids
        self.names = forest.names
        self.traits_of = forest.traits
        self.aggregates_of = forest.aggregates
        self.live = forest.live[:self.n]
        self.parents = forest.parents[:self.n]
        self.roots = forest.roots[:self.n]
        self.generations = forest.generations[:self.n]

    def less(self, taken: Mapping[str, Mapping[str, int]]) -> "Snapshot":
        """Return this snapshot with amounts used besides: by uuid of a
        provider and resource class, each of which it has. It is valid as
        long as this one is. Only amounts know: what a ``provider`` is told
        to use is what the store has."""
        by_class: dict[str, dict[int, int]] = {}
        for uuid, amounts in taken.items():
            for name, amount in amounts.items():
                by_class.setdefault(name, {})[
                    self._forest.by_uuid[uuid]] = amount
        left = copy.copy(self)
        left._columns = {**self._columns, **{
            name: self._columns[name].less(rows)
            for name, rows in by_class.items()}}
        return left

    @property
    def life(self) -> Derived:
        """Return a token: another one after the view was loaded afresh."""
        return self._derived

    # ------------------------------------------------------------ providers
    def row_of(self, uuid: str) -> int | None:
        """Return the row of the provider with a uuid."""
        return self._forest.by_uuid.get(uuid)

    def row_named(self, name: str) -> int | None:
        """Return the row of the provider with a name."""
        return self._forest.by_name.get(name)

    def provider(self, row: int) -> models.Provider:
        """Return a provider as the record it is in the store."""
        return self._forest.provider(row)

    def noted(self, name: str, row: int,
              make: Callable[[models.Provider], _T]) -> _T:
        """Return what ``make`` returns for a provider. It is kept, under a
        name, until anything of the provider changes."""
        notes = self._forest.notes.setdefault(name, {})
        found: _T | None = notes.get(row)
        if found is None:
            # Two readers may both make it: they get the same.
            found = notes[row] = make(self.provider(row))
        return found

    def tree(self, root: int) -> list[int]:
        """Return the rows of a tree, its root first, then ascending."""
        return self._forest.tree(root)

    @property
    def nested(self) -> bool:
        """Return whether any provider has a parent."""
        return self._forest.nested > 0

    @property
    def root_rows(self) -> np.ndarray:
        """Return the rows of all roots, ascending, int32."""
        return self._derived.get("root_rows", self.topology, lambda: (
            np.flatnonzero(self.live & (self.parents < 0)).astype(np.int32)))

    def members(self, root: int) -> tuple[np.ndarray, tuple[int, ...]]:
        """Return the rows of a tree, by name, and for each the place of its
        parent among them, -1 for the root. It is kept while the topology
        stays, unless there is only a root.

        Who names the providers of like hosts does so in like manner, while
        their rows are in any order.
        """
        known: dict[int, tuple[np.ndarray, tuple[int, ...]]] = (
            self._derived.get("members", self.topology, dict))
        found = known.get(root)
        if found is None:
            rows = sorted(self.tree(root), key=self.names.__getitem__)
            places = {row: place for place, row in enumerate(rows)}
            links = tuple(places.get(parent, -1) for parent in map(
                self.parents.item, rows))
            # Thousands of trees have the same few: one object for each.
            links = self._derived.get("links", self.topology, dict).setdefault(
                links, links)
            found = np.array(rows), links
            if len(rows) > 1:
                known[root] = found
        return found

    @property
    def host_rows(self) -> np.ndarray:
        """Return the rows of the roots that are hosts, ascending, int32.

        All roots are, save those that only share: with the trait for that,
        and without processors in their tree.
        """
        return self._derived.get("host_rows", self.topology, self._hosts)

    def _hosts(self) -> np.ndarray:
        hosts = self.live & (self.parents < 0)
        for row in self.trait_rows(sharing.SHARES):
            tree = self.tree(row) if hosts[row] else ()
            if not any(_COMPUTE_CLASSES & self._forest.classes[member]
                       for member in tree):
                hosts[row] = False
        return np.flatnonzero(hosts).astype(np.int32)

    @property
    def sharing(self) -> sharing.Sharing:
        """Return who shares with which trees."""
        return self._derived.get("sharing", self.topology, lambda: (
            sharing.Sharing(self._forest)))

    # ------------------------------------------------------------- catalogue
    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self._forest.trait_entries,
                         self._forest.class_entries,
                         self._forest.consumer_types)

    # ---------------------------------------------------- traits, aggregates
    def trait_rows(self, name: str) -> np.ndarray:
        """Return the rows that have a trait, in no order."""
        found = self._forest.trait_rows.get(name)
        return np.zeros(0, np.int32) if found is None else found.rows

    def aggregate_rows(self, uuid: str) -> np.ndarray:
        """Return the rows that are in an aggregate, in no order."""
        found = self._forest.aggregate_rows.get(uuid)
        return np.zeros(0, np.int32) if found is None else found.rows

    def has_trait(self, name: str) -> np.ndarray:
        """Return bool[n]: who has a trait itself."""
        mask = np.zeros(self.n, bool)
        mask[self.trait_rows(name)] = True
        return mask

    def in_aggregate(self, uuid: str) -> np.ndarray:
        """Return bool[n]: who is in an aggregate itself."""
        mask = np.zeros(self.n, bool)
        mask[self.aggregate_rows(uuid)] = True
        return mask

    # --------------------------------------------------------------- amounts
    def column(self, resource_class: str) -> columns.InventoryColumn | None:
        """Return the inventories of a class, None if nobody has any."""
        return self._columns.get(resource_class)

    def free(self, resource_class: str) -> np.ndarray:
        """Return int64[n]: what is left of a class, 0 without inventory."""
        return self._spread(resource_class, "free")

    def capacity(self, resource_class: str) -> np.ndarray:
        """Return int64[n]: all that can be allocated, used or not."""
        return self._spread(resource_class, "capacity")

    def used(self, resource_class: str) -> np.ndarray:
        """Return int64[n]: what is allocated."""
        return self._spread(resource_class, "used")

    def _spread(self, resource_class: str, name: str) -> np.ndarray:
        column = self.column(resource_class)
        if column is None:
            return np.zeros(self.n, np.int64)
        return column.spread(getattr(column, name), self.n)

    def fits(self, resource_class: str, amount: int) -> np.ndarray:
        """Return bool[n]: who can give an amount of a class at once."""
        column = self.column(resource_class)
        if column is None:
            return np.zeros(self.n, bool)
        return column.spread(column.enough(amount) & column.allowed(amount),
                             self.n)

    def tree_sum(self, values: np.ndarray) -> np.ndarray:
        """Return int64[n]: at each root's row, the sum over its tree."""
        sums = np.zeros(self.n, np.int64)
        live = np.flatnonzero(self.live)
        np.add.at(sums, self.roots[live], values[live])
        return sums
