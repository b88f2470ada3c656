"""Shapes: what trees look like to a query.

A cloud has thousands of trees, and few kinds of them: most have the same
members in the same places, of which the same may serve the same parts of a
request. What is worked out for one of them is good for all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tachyon.placement import masks
from tachyon.placement import packing
from tachyon.placement import query as query_module
from tachyon.placement import snapshot as snapshot_module

_MOST = np.iinfo(np.int64).max


class Look(NamedTuple):
    """How a tree looks: trees with the same ``shape`` are packed alike.

    ``members`` are the rows in its places: those of the tree, which are
    ``own``, by name, then those that share with it.
    """

    shape: tuple[object, ...]
    members: list[int]
    own: int


class _Part(NamedTuple):
    """A part as its slot begins: what it offers, and what is scarce, is a
    tree's."""

    resources: Mapping[str, int]
    isolated: bool
    subtrees: tuple[int, ...]
    trait_giver: bool


class Shapes:
    """Looks at trees for one query. ``sharing``: somebody shares something.

    :param parts: what the query was split into.
    """

    def __init__(self, snapshot: snapshot_module.Snapshot,
                 query: query_module.Query,
                 parts: Sequence[masks.Part]) -> None:
        self._snapshot = snapshot
        self._sharing = snapshot.sharing
        self.sharing = bool(len(self._sharing))
        self._related = bool(query.same_subtree)
        required = [one_of for group in query.groups if not group.suffix
                    for one_of in group.all_required]
        isolate = query.group_policy == "isolate"
        self._asked = _contended(parts)
        self._rooms = {name: self._room(name, asked)
                       for name, asked in self._asked.items()}
        self._parts = [_Part(
            part.resources, isolate and bool(part.suffix),
            tuple(index for index, suffixes in enumerate(query.same_subtree)
                  if part.suffix in suffixes),
            bool(required) and not part.suffix) for part in parts]
        self._traits = [self._any_of(one_of) for one_of in required]
        self._own = [part.pool.own for part in parts]
        self._own_records = self._records(self._own)
        nobody = np.zeros(snapshot.n if self.sharing else 0, bool)
        self._via = [nobody if part.pool.via is None else part.pool.via
                     for part in parts]
        if self.sharing:
            self._via_records = self._records(self._via)

    # ---------------------------------------------------------------- columns
    def _room(self, resource_class: str, asked: int) -> np.ndarray:
        """Return int64[n]: what a candidate can take of a class from each
        provider, as far as it could be of any use."""
        column = self._snapshot.column(resource_class)
        if column is None:
            return np.zeros(self._snapshot.n, np.int64)
        room = np.minimum(column.free, column.max_unit)
        np.minimum(room, min(asked, _MOST), out=room)
        return column.spread(room, self._snapshot.n)

    def _any_of(self, traits: Iterable[str]) -> np.ndarray:
        mask = np.zeros(self._snapshot.n, bool)
        for name in traits:
            mask[self._snapshot.trait_rows(name)] = True
        return mask

    def _records(self, pools: Sequence[np.ndarray]) -> np.ndarray:
        """Return for each row, as bytes, all that matters of a provider that
        may serve these parts."""
        flags = [*pools, *self._traits]
        columns = [np.packbits(np.array(flags, bool), axis=0).T]
        columns += [room.reshape(-1, 1).view(np.uint8)
                    for room in self._rooms.values()]
        table = np.ascontiguousarray(np.hstack(columns))
        return table.view(f"V{table.shape[1]}").reshape(-1)

    # ------------------------------------------------------------------ trees
    def look(self, root: int) -> Look:
        """Return how the tree of a root looks."""
        rows, links = self._snapshot.members(root)
        members: list[int] = rows.tolist()
        own = len(members)
        shape: tuple[object, ...] = (
            self._own_records[rows].tobytes(),
            links if self._related else ())
        sharers = self._sharing.providers_for(root)
        if sharers:
            members += sharers
            shape += (self._via_records[sharers].tobytes(),)
            if self._related:
                shape += (self._above(members),)
        return Look(shape, members, own)

    def tree(self, look: Look) -> packing.Tree:
        """Return what counts of a tree that looks so."""
        members = look.members
        offered = [self._options(look, index)
                   for index in range(len(self._parts))]
        scarce = self._scarce(members, offered)
        names = list(scarce)
        slots = [
            packing.Slot(tuple((names.index(name), amount)
                               for name, amount in part.resources.items()
                               if name in scarce),
                         part.isolated, part.subtrees, part.trait_giver,
                         options)
            for part, options in zip(self._parts, offered, strict=True)]
        return packing.Tree(
            slots, list(scarce.values()),
            self._above(members) if self._related else (),
            [packing.bits(np.flatnonzero(mask[members]).tolist())
             for mask in self._traits])

    def _options(self, look: Look, index: int) -> list[int]:
        """Return the places that may serve a part."""
        own, via = self._own[index], self._via[index]
        return [place for place, row in enumerate(look.members)
                if (own if place < look.own else via)[row]]

    def _scarce(self, members: Sequence[int], offered: Sequence[Sequence[int]]
                ) -> dict[str, list[int]]:
        """Return what each place can give of those classes of which one that
        is offered can't give all that is asked."""
        scarce = {}
        for name, asked in self._asked.items():
            rooms = self._rooms[name][members].tolist()
            if any(rooms[place] < asked
                   for part, options in zip(self._parts, offered, strict=True)
                   if name in part.resources for place in options):
                scarce[name] = rooms
        return scarce

    def _above(self, members: Sequence[int]) -> tuple[int, ...]:
        """Return the places above each place, and itself, in bits."""
        places = {row: place for place, row in enumerate(members)}
        parent_of = self._snapshot.parents.item
        found = []
        for row in members:
            lineage, above = 0, row
            while above >= 0:
                if above in places:
                    lineage |= 1 << places[above]
                above = parent_of(above)
            found.append(lineage)
        return tuple(found)


def _contended(parts: Iterable[masks.Part]) -> dict[str, int]:
    """Return the classes that several parts ask for, and how much of each
    they do together."""
    amounts: dict[str, list[int]] = {}
    for part in parts:
        for name, amount in part.resources.items():
            amounts.setdefault(name, []).append(amount)
    return {name: sum(each) for name, each in amounts.items()
            if len(each) > 1}
