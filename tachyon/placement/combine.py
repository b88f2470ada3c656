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
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What all candidates share that differ in nothing but their providers.

    Providers are called by their places, from 0 on: ``resources`` tells what
    each gives, ``mappings`` the places that serve the group of each suffix.
    A search has one object for each pattern: compare and hash by identity.
    """

    resources: tuple[Mapping[str, int], ...]
    mappings: Mapping[str, tuple[int, ...]]


class Candidate(NamedTuple):
    """One way to serve the request.

    ``root`` is the row of the root of the tree that is served: the anchor.
    ``rows`` are the providers in the places of the pattern, ascending.
    """

    root: int
    rows: tuple[int, ...]
    pattern: Pattern

    @property
    def allocations(self) -> tuple[tuple[int, Mapping[str, int]], ...]:
        """Return (provider row, {resource class: amount}) of those which
        give anything, by row. Not to be written to."""
        return tuple((row, resources) for row, resources in zip(
            self.rows, self.pattern.resources, strict=True) if resources)

    @property
    def mappings(self) -> dict[str, tuple[int, ...]]:
        """Return the rows that serve each group, by its suffix."""
        return {suffix: tuple(self.rows[place] for place in places)
                for suffix, places in self.pattern.mappings.items()}


class Patience:
    """How many choices a search may still try, and how many trees it gave
    up for having tried too many."""

    def __init__(self) -> None:
        self.left = SEARCH_PATIENCE
        self.given_up = 0


class _Slot(NamedTuple):
    """A part, with the providers that may serve it here.

    ``needs`` are its resources as pairs; ``isolated``: no other such part may
    have the same provider; ``constrained``: a subtree or required traits
    depend on it, ``subtrees`` being the former, by their indices.
    """

    part: masks.Part
    needs: tuple[tuple[str, int], ...]
    isolated: bool
    constrained: bool
    subtrees: tuple[int, ...]
    options: list[int]


class _Tree:
    """The search within one tree: which slot is given to whom."""

    def __init__(self, combiner: "Combiner", root: int,
                 slots: list[_Slot]) -> None:
        self._combiner = combiner
        self._root = root
        # Parts that the constraints are about come first, so that from then
        # on these need no look; then those with the fewest providers.
        order = sorted(range(len(slots)), key=lambda place: (
            not slots[place].constrained,
            len(slots[place].options)))
        self._slots = [slots[place] for place in order]
        # Where the slot of each part is among these.
        self._places = sorted(range(len(slots)), key=order.__getitem__)
        self._constrained = sum(slot.constrained for slot in slots)
        # Which of these slots each subtree is about.
        self._members = [
            [place for place, slot in enumerate(self._slots)
             if index in slot.subtrees]
            for index in range(len(combiner.same_subtree))]
        self._picks: list[int] = []
        self._room: dict[tuple[int, str], int] = {}
        self._isolated: set[int] = set()
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
                yield self._combiner.candidate(
                    self._root, [picks[place] for place in self._places])
            elif not self._is_dead_end() and self._rest_can_be_served():
                choices.append(iter(slots[len(picks)].options))
                fruits.append(False)

    def _give(self, row: int) -> bool:
        """Give the next slot to a provider, if that can be."""
        slot = self._slots[len(self._picks)]
        if not self._can_serve(slot, row):
            return False
        for name, amount in slot.needs:
            self._room[row, name] -= amount
        if slot.isolated:
            self._isolated.add(row)
        self._picks.append(row)
        if slot.constrained and not self._constraints_hold(slot):
            self._take_back()
            return False
        return True

    def _take_back(self) -> None:
        row = self._picks.pop()
        slot = self._slots[len(self._picks)]
        for name, amount in slot.needs:
            self._room[row, name] += amount
        if slot.isolated:
            self._isolated.discard(row)

    def _can_serve(self, slot: _Slot, row: int) -> bool:
        if slot.isolated and row in self._isolated:
            return False
        for name, amount in slot.needs:
            room = self._room.get((row, name))
            if room is None:
                room = self._room[row, name] = self._combiner.room(row, name)
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
            for name, _ in slot.needs)
        return len(self._picks), taken, frozenset(self._isolated)

    def _is_dead_end(self) -> bool:
        return bool(self._dead_ends) and self._state() in self._dead_ends

    def _remember_dead_end(self) -> None:
        # While constraints matter, the room does not tell all.
        if (len(self._picks) >= self._constrained
                and len(self._dead_ends) < _DEAD_ENDS_KEPT):
            self._dead_ends.add(self._state())

    # ----------------------------------------------------------- constraints
    def _constraints_hold(self, slot: _Slot) -> bool:
        """Return whether they do, the last pick being this slot's."""
        for index in slot.subtrees:
            if not self._subtree_holds(self._members[index]):
                return False
        return bool(slot.part.suffix) or all(
            map(self._trait_holds, self._combiner.required))

    def _subtree_holds(self, members: list[int]) -> bool:
        """Return whether one of the providers can be above all others."""
        lineage = self._combiner.lineage
        given = [self._picks[place] for place in members
                 if place < len(self._picks)]
        tops = frozenset.intersection(*map(lineage, given))
        choices = [self._slots[place].options for place in members
                   if place >= len(self._picks)]
        if not choices:
            return not tops.isdisjoint(given)
        tops = tops.intersection(itertools.chain(given, *choices))
        return any(
            all(any(top in lineage(row) for row in options)
                for options in choices)
            for top in tops)

    def _trait_holds(self, one_of: frozenset[str]) -> bool:
        """Return whether those who give to the unsuffixed group have one of
        these traits among them, or can still come to have."""
        traits_of = self._combiner.snapshot.traits_of
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
        self.contended = self._is_contended()
        self._sharing = snapshot.sharing
        self._lineages: dict[int, frozenset[int]] = snapshot.lineages
        self._columns = {name: snapshot.column(name)
                         for part in parts for name in part.resources}
        # As slots begin; what they offer is a tree's.
        self._slot_of = [
            (part, tuple(part.resources.items()),
             self.isolate and bool(part.suffix), self._is_constrained(part),
             tuple(index for index, suffixes in enumerate(self.same_subtree)
                   if part.suffix in suffixes))
            for part in parts]
        self._any_constrained = any(map(self._is_constrained, parts))
        # By row, a byte each: far faster to look at one by one.
        self._own = [part.pool.own.tobytes() for part in parts]
        self._via = [None if part.pool.via is None
                     else part.pool.via.tobytes() for part in parts]
        self._patterns: dict[tuple[int, ...], Pattern] = {}
        # One provider a tree, one group: the masks have said all.
        self.single = (not snapshot.nested and not len(self._sharing)
                       and len(query.groups) == 1)
        if self.single:
            group, = query.groups
            self._only = Pattern((group.resources,), {group.suffix: (0,)})

    def _is_constrained(self, part: masks.Part) -> bool:
        """Return whether a subtree or required traits depend on a part."""
        if not part.suffix:
            return bool(self.required)
        return any(part.suffix in suffixes for suffixes in self.same_subtree)

    def room(self, row: int, resource_class: str) -> int:
        """Return what a provider that has a class can give of it in all."""
        column = self._columns[resource_class]
        assert column is not None
        return column.room(row)

    def lineage(self, row: int) -> frozenset[int]:
        """Return a row with all its ancestors."""
        known = self._lineages.get(row)
        if known is None:
            lineage, member = [row], row
            parent_of = self.snapshot.parents.item
            while (member := parent_of(member)) >= 0:
                lineage.append(member)
            known = self._lineages[row] = frozenset(lineage)
        return known

    def _is_contended(self) -> bool:
        """Return whether what one part takes may be missed by another."""
        classes = [name for part in self.parts for name in part.resources]
        return len(classes) > len(set(classes)) or (
            self.isolate and sum(1 for part in self.parts if part.suffix) > 1)

    def candidates(self, root: int, patience: Patience
                   ) -> tuple[Iterator[Candidate], bool]:
        """Return the candidates of the tree of a fitting root, and whether
        there may be more than one."""
        slots = self._slots(root)
        if not all(slot.options for slot in slots):
            return iter(()), False
        several = any(len(slot.options) > 1 for slot in slots)
        if self.contended or self._any_constrained:
            return _Tree(self, root, slots).candidates(patience), several
        return self._product(root, slots), several

    def _product(self, root: int, slots: list[_Slot]) -> Iterator[Candidate]:
        """Yield all combinations: each of them is good."""
        for picks in itertools.product(*(slot.options for slot in slots)):
            yield self.candidate(root, picks)

    def the_only(self, root: int) -> Candidate:
        """Return the candidate of a fitting root where there is a single
        one."""
        return Candidate(root, (root,), self._only)

    def candidate(self, root: int, picks: Sequence[int]) -> Candidate:
        """Return what it is when these rows serve the parts, in order."""
        rows = tuple(sorted(set(picks)))
        places = tuple(map(rows.index, picks))
        pattern = self._patterns.get(places)
        if pattern is None:
            pattern = self._patterns[places] = self._pattern(places)
        return Candidate(root, rows, pattern)

    def _pattern(self, places: Sequence[int]) -> Pattern:
        """Return what it is when those in these places serve the parts."""
        resources: list[dict[str, int]] = [{} for _ in set(places)]
        mappings: dict[str, set[int]] = {
            part.suffix: set() for part in self.parts}
        for part, place in zip(self.parts, places, strict=True):
            mappings[part.suffix].add(place)
            taken = resources[place]
            for name, amount in part.resources.items():
                taken[name] = taken.get(name, 0) + amount
        return Pattern(tuple(resources), {
            suffix: tuple(sorted(found))
            for suffix, found in mappings.items()})

    def _slots(self, root: int) -> list[_Slot]:
        rows = self.snapshot.tree(root)
        sharers = self._sharing.providers_for(root)
        slots = []
        for begin, own, via in zip(self._slot_of, self._own, self._via,
                                   strict=True):
            options = [row for row in rows if own[row]]
            if via is not None:
                options += [row for row in sharers if via[row]]
            slots.append(_Slot(*begin, options))
        return slots
