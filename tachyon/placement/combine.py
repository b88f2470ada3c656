"""Combinations: the candidates within one tree, one at a time.

This is the second half of a search. Each part of the request is given to one
of the providers that its pool holds for the tree; a part that was given
takes from what its provider has left, so that what the next ones may take is
known. Choices that can't lead to a candidate are left as soon as that shows:
room, isolation, subtrees and required traits are looked at with every
choice, the parts that have the least choice come first, and dead ends are
remembered.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tachyon.placement import masks
from tachyon.placement import query as query_module
from tachyon.placement import snapshot as snapshot_module

# Packing is a hard problem, and a request must not take forever: so many
# choices may be tried in one tree, and in a whole search, for each candidate
# that is found a few more; then it is given up.
TREE_PATIENCE = 20_000
SEARCH_PATIENCE = 200_000
_EARNED = 200
_DEAD_ENDS_KEPT = 20_000


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """One way to serve the request.

    ``root`` is the row of the root of the tree that is served: the anchor.
    ``allocations`` are (provider row, {resource class: amount}), by row;
    ``mappings`` tell which rows serve each group. Dicts are shared: not to
    be written to.
    """

    root: int
    allocations: tuple[tuple[int, Mapping[str, int]], ...]
    mappings: Mapping[str, tuple[int, ...]]


class Patience:
    """How many choices a search may still try, and how many trees it gave
    up for having tried too many."""

    def __init__(self) -> None:
        self.left = SEARCH_PATIENCE
        self.given_up = 0


@dataclasses.dataclass(slots=True)
class _Slot:
    """A part, with the providers that may serve it here."""

    part: masks.Part
    options: list[int]


class _Tree:
    """The search within one tree: which slot is given to whom."""

    def __init__(self, combiner: "Combiner", root: int,
                 slots: list[_Slot]) -> None:
        self._combiner = combiner
        self._snapshot = combiner.snapshot
        self._root = root
        # Parts that the constraints are about come first, so that from then
        # on these need no look; then those with the fewest providers.
        self._slots = sorted(slots, key=lambda slot: (
            not combiner.is_constrained(slot.part), len(slot.options)))
        self._constrained = sum(combiner.is_constrained(slot.part)
                                for slot in slots)
        self._picks: list[int] = []
        self._room: dict[tuple[int, str], int] = {}
        self._isolated: set[int] = set()
        self._ancestors: dict[int, frozenset[int]] = {}
        self._dead_ends: set[Any] = set()

    # ----------------------------------------------------------- the choices
    def candidates(self, patience: Patience) -> Iterator[Candidate]:
        """Yield all candidates, depth first."""
        slots, picks = self._slots, self._picks
        choices = [iter(slots[0].options)]
        fruits = [False]                 # did this level lead to any?
        left = TREE_PATIENCE
        while choices:
            if len(picks) == len(choices):
                self._take_back()
            row = next(choices[-1], None)
            if row is None:
                choices.pop()
                if not fruits.pop() and picks:
                    self._remember_dead_end()
                continue
            left -= 1
            patience.left -= 1
            if left < 0 or patience.left < 0:
                patience.given_up += 1
                return
            if not self._give(row):
                continue
            if len(picks) == len(slots):
                left += _EARNED
                patience.left += _EARNED
                fruits = [True] * len(fruits)
                yield self._combiner.candidate(self._root, zip(
                    (slot.part for slot in slots), picks, strict=True))
            elif not self._is_dead_end() and self._rest_can_be_served():
                choices.append(iter(slots[len(picks)].options))
                fruits.append(False)

    def _give(self, row: int) -> bool:
        """Give the next slot to a provider, if that can be."""
        slot = self._slots[len(self._picks)]
        if not self._can_serve(slot, row):
            return False
        for name, amount in slot.part.resources.items():
            self._room[row, name] -= amount
        if self._combiner.isolate and slot.part.suffix:
            self._isolated.add(row)
        self._picks.append(row)
        if (len(self._picks) <= self._constrained
                and not self._constraints_hold()):
            self._take_back()
            return False
        return True

    def _take_back(self) -> None:
        row = self._picks.pop()
        slot = self._slots[len(self._picks)]
        for name, amount in slot.part.resources.items():
            self._room[row, name] += amount
        if self._combiner.isolate and slot.part.suffix:
            self._isolated.discard(row)

    def _can_serve(self, slot: _Slot, row: int) -> bool:
        if (self._combiner.isolate and slot.part.suffix
                and row in self._isolated):
            return False
        for name, amount in slot.part.resources.items():
            room = self._room.get((row, name))
            if room is None:
                column = self._snapshot.column(name)
                assert column is not None
                room = self._room[row, name] = column.room(row)
            if room < amount:
                return False
        return True

    def _rest_can_be_served(self) -> bool:
        """Return whether each open slot still has a provider, alone."""
        return not self._combiner.contended or all(
            any(self._can_serve(slot, row) for row in slot.options)
            for slot in self._slots[len(self._picks):])

    # ------------------------------------------------------------- dead ends
    def _state(self) -> Any:
        """Return all that what follows depends on: that groups which ask for
        the same changed places makes no difference, mostly."""
        taken = frozenset(
            (row, name, self._room[row, name])
            for row, slot in zip(self._picks, self._slots,
                                 strict=False)
            for name in slot.part.resources)
        return len(self._picks), taken, frozenset(self._isolated)

    def _is_dead_end(self) -> bool:
        return bool(self._dead_ends) and self._state() in self._dead_ends

    def _remember_dead_end(self) -> None:
        # While constraints matter, the room does not tell all.
        if (len(self._picks) >= self._constrained
                and len(self._dead_ends) < _DEAD_ENDS_KEPT):
            self._dead_ends.add(self._state())

    # ----------------------------------------------------------- constraints
    def _constraints_hold(self) -> bool:
        return (all(self._subtree_holds(suffixes)
                    for suffixes in self._combiner.same_subtree)
                and all(self._trait_holds(one_of)
                        for one_of in self._combiner.required))

    def _lineage(self, row: int) -> frozenset[int]:
        """Return a row with all its ancestors."""
        known = self._ancestors.get(row)
        if known is None:
            lineage, member = [row], row
            while (member := int(self._snapshot.parents[member])) >= 0:
                lineage.append(member)
            known = self._ancestors[row] = frozenset(lineage)
        return known

    def _subtree_holds(self, suffixes: frozenset[str]) -> bool:
        """Return whether one of the providers can be above all others."""
        given, open_options = [], []
        for place, slot in enumerate(self._slots):
            if slot.part.suffix in suffixes:
                if place < len(self._picks):
                    given.append(self._picks[place])
                else:
                    open_options.append(slot.options)
        if not given:
            return True
        tops = frozenset.intersection(*(self._lineage(row) for row in given))
        tops &= frozenset(itertools.chain(given, *open_options))
        return any(
            all(any(top in self._lineage(row) for row in options)
                for options in open_options)
            for top in tops)

    def _trait_holds(self, one_of: frozenset[str]) -> bool:
        """Return whether those who give to the unsuffixed group have one of
        these traits among them, or can still come to have."""
        traits_of = self._snapshot.traits_of
        for place, slot in enumerate(self._slots):
            if slot.part.suffix:
                continue
            rows = (slot.options if place >= len(self._picks)
                    else (self._picks[place],))
            if any(one_of & traits_of[row] for row in rows):
                return True
        return False


class Combiner:
    """Makes the candidates of one query, tree by tree."""

    def __init__(self, snapshot: snapshot_module.Snapshot,
                 query: query_module.Query,
                 parts: Sequence[masks.Part]) -> None:
        self.snapshot = snapshot
        self.parts = parts
        self.isolate = query.group_policy == "isolate"
        self.same_subtree = query.same_subtree
        self.required = tuple(
            one_of for group in query.groups if not group.suffix
            for one_of in group.all_required)
        self._in_subtree = frozenset[str]().union(*self.same_subtree)
        self.contended = self._is_contended()
        self._sharing = snapshot.sharing
        self._flat = not snapshot.nested and not len(self._sharing)
        self._only = query.groups[0] if len(query.groups) == 1 else None

    def is_constrained(self, part: masks.Part) -> bool:
        """Return whether a subtree or required traits depend on a part."""
        return (part.suffix in self._in_subtree if part.suffix
                else bool(self.required))

    def _is_contended(self) -> bool:
        """Return whether what one part takes may be missed by another."""
        classes = [name for part in self.parts for name in part.resources]
        return len(classes) > len(set(classes)) or (
            self.isolate and sum(1 for part in self.parts if part.suffix) > 1)

    def candidates(self, root: int, patience: Patience
                   ) -> tuple[Iterator[Candidate], bool]:
        """Return the candidates of the tree of a fitting root, and whether
        there may be more than one."""
        if self._flat and self._only is not None:
            # One provider, one group: the masks have said all.
            allocations = ((root, self._only.resources),)
            mappings = {self._only.suffix: (root,)}
            return iter((Candidate(root, allocations, mappings),)), False
        slots = self._slots(root)
        if not all(slot.options for slot in slots):
            return iter(()), False
        several = any(len(slot.options) > 1 for slot in slots)
        if self.contended or any(map(self.is_constrained, self.parts)):
            return _Tree(self, root, slots).candidates(patience), several
        return self._product(root, slots), several

    def _product(self, root: int, slots: list[_Slot]) -> Iterator[Candidate]:
        """Yield all combinations: each of them is good."""
        for picks in itertools.product(*(slot.options for slot in slots)):
            yield self.candidate(root, zip(self.parts, picks, strict=True))

    def candidate(self, root: int, picks: Iterable[tuple[masks.Part, int]]
                  ) -> Candidate:
        """Return what it is when each part is given to a row."""
        allocations: dict[int, dict[str, int]] = {}
        mappings: dict[str, list[int]] = {
            part.suffix: [] for part in self.parts}
        for part, row in picks:
            if row not in mappings[part.suffix]:
                mappings[part.suffix].append(row)
            if row in allocations:
                taken = allocations[row]
                for name, amount in part.resources.items():
                    taken[name] = taken.get(name, 0) + amount
            elif part.resources:
                allocations[row] = dict(part.resources)
        return Candidate(root, tuple(sorted(allocations.items())),
                         {suffix: tuple(sorted(rows))
                          for suffix, rows in mappings.items()})

    def _slots(self, root: int) -> list[_Slot]:
        rows = self.snapshot.tree(root)
        sharers = self._sharing.providers_for(root)
        slots = []
        for part in self.parts:
            own, via = part.pool.own, part.pool.via
            options = [row for row in rows if own[row]]
            if via is not None:
                options += [row for row in sharers if via[row]]
            slots.append(_Slot(part, options))
        return slots
