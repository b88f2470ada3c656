"""Packing: which member of a tree is given which part of a request.

A tree is known here by what counts for the request alone, and its members by
their *places* in it, from 0 on; sets of them are bits of a number. So what is
found holds for every tree that looks alike (``tachyon.placement.shapes``).

A part that was given takes from what its member has left, so that what the
next ones may take is known. Choices that can't lead to a candidate are left
as soon as that shows: room, isolation, subtrees and required traits are
looked at with every choice, the parts that have the least choice come first,
and dead ends are remembered.
"""

import dataclasses
import functools
import itertools
import operator
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

# Packing is a hard problem, and a request must not take forever: so many
# choices may be tried for one tree, and in a whole search, for each way that
# is found a few more; then it is given up.
TREE_PATIENCE = 20_000
SEARCH_PATIENCE = 200_000
_EARNED = 200
_DEAD_ENDS_KEPT = 20_000


class Patience:
    """How many choices a search may still try, and how many trees it gave
    up for having tried too many."""

    def __init__(self) -> None:
        self.left = SEARCH_PATIENCE
        self.given_up = 0


class Slot(NamedTuple):
    """A part, and the places that may serve it.

    ``needs`` are the amounts of what is scarce, as (which of ``Tree.rooms``,
    amount); ``isolated``: no other such part may have the same place;
    ``subtrees``: the indices of those it is in; ``trait_giver``: the required
    traits depend on it.
    """

    needs: tuple[tuple[int, int], ...]
    isolated: bool
    subtrees: tuple[int, ...]
    trait_giver: bool
    options: Sequence[int]

    @property
    def constrained(self) -> bool:
        return self.trait_giver or bool(self.subtrees)


@dataclasses.dataclass(frozen=True, slots=True)
class Tree:
    """What of a tree counts for a request.

    ``slots`` has a slot a part; ``rooms`` what each place can give in all of
    each class that is scarce: what one part takes may be missed by another;
    ``above`` the places above each place, and itself; ``traits`` the places
    that have one of the traits, for each such rule.
    """

    slots: Sequence[Slot]
    rooms: Sequence[Sequence[int]]
    above: Sequence[int]
    traits: Sequence[int]

    @property
    def contended(self) -> bool:
        return any(slot.isolated or slot.needs for slot in self.slots)

    @property
    def constrained(self) -> bool:
        return self.contended or any(slot.constrained for slot in self.slots)


def bits(places: Sequence[int]) -> int:
    return functools.reduce(operator.or_, (1 << place for place in places), 0)


class Packing:
    """All ways to pack a tree: for each, the place that serves each part.

    They are worked out one at a time, when they are asked for. ``given_up``
    tells whether there may be more than were found.
    """

    def __init__(self, tree: Tree, patience: Patience) -> None:
        self._tree = tree
        self._patience = patience
        self.given_up = False

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        slots = self._tree.slots
        if not all(slot.options for slot in slots):
            return iter(())
        if not self._tree.constrained:   # then each combination is good
            return itertools.product(*(slot.options for slot in slots))
        return self._search()

    def _search(self) -> Iterator[tuple[int, ...]]:
        """Yield all ways, depth first."""
        search = _Search(self._tree)
        patience, left = self._patience, TREE_PATIENCE
        choices = [iter(search.options())]
        fruits = [False]                 # did this level lead to any?
        while choices:
            if len(search.picks) == len(choices):
                search.take_back()
            place = next(choices[-1], None)
            if place is None:
                choices.pop()
                if not fruits.pop() and search.picks:
                    search.remember_dead_end()
                continue
            left -= 1
            patience.left -= 1
            if left < 0 or patience.left < 0:
                self.given_up = True
                return
            if not search.give(place):
                continue
            if search.is_complete:
                left += _EARNED
                patience.left += _EARNED
                fruits = [True] * len(fruits)
                yield search.by_part()
            elif search.may_be_completed():
                choices.append(iter(search.options()))
                fruits.append(False)


class _Search:
    """Which slots were given to whom so far, and what that leaves."""

    def __init__(self, tree: Tree) -> None:
        slots = tree.slots
        self._tree = tree
        self._contended = tree.contended
        # Parts that the constraints are about come first, so that from then
        # on these need no look; then those with the fewest choices.
        order = sorted(range(len(slots)), key=lambda number: (
            not slots[number].constrained, len(slots[number].options)))
        self._slots = [slots[number] for number in order]
        # Where the slot of each part is among these.
        self._numbers = sorted(range(len(slots)), key=order.__getitem__)
        self._constrained = sum(slot.constrained for slot in slots)
        self._offered = [bits(slot.options) for slot in self._slots]
        # Which of these slots each subtree is about, and which places are
        # below each place.
        self._members = [
            [number for number, slot in enumerate(self._slots)
             if index in slot.subtrees]
            for index in range(1 + max(
                (index for slot in slots for index in slot.subtrees),
                default=-1))]
        self._below = [
            bits([low for low, lineage in enumerate(tree.above)
                   if lineage >> high & 1])
            for high in range(len(tree.above))]
        self._room = [list(rooms) for rooms in tree.rooms]
        self._isolated = 0
        self._dead_ends: set[Any] = set()
        self.picks: list[int] = []

    @property
    def is_complete(self) -> bool:
        return len(self.picks) == len(self._slots)

    def options(self) -> Sequence[int]:
        """Return who may serve the next slot."""
        return self._slots[len(self.picks)].options

    def by_part(self) -> tuple[int, ...]:
        """Return the place that serves each part, in the parts' order."""
        return tuple([self.picks[number] for number in self._numbers])

    def give(self, place: int) -> bool:
        """Give the next slot to a place, if that can be."""
        slot = self._slots[len(self.picks)]
        if not self._can_serve(slot, place):
            return False
        for index, amount in slot.needs:
            self._room[index][place] -= amount
        if slot.isolated:
            self._isolated |= 1 << place
        self.picks.append(place)
        if slot.constrained and not self._constraints_hold(slot):
            self.take_back()
            return False
        return True

    def take_back(self) -> None:
        place = self.picks.pop()
        slot = self._slots[len(self.picks)]
        for index, amount in slot.needs:
            self._room[index][place] += amount
        if slot.isolated:
            self._isolated &= ~(1 << place)

    def _can_serve(self, slot: Slot, place: int) -> bool:
        if slot.isolated and self._isolated >> place & 1:
            return False
        for index, amount in slot.needs:
            if self._room[index][place] < amount:
                return False
        return True

    def may_be_completed(self) -> bool:
        """Return whether each open slot still has a choice, alone, and this
        is not known for a dead end."""
        if self._dead_ends and self._state() in self._dead_ends:
            return False
        return not self._contended or all(
            map(self._has_choice, range(len(self.picks), len(self._slots))))

    def _has_choice(self, number: int) -> bool:
        slot = self._slots[number]
        if slot.needs:
            return any(self._can_serve(slot, place)
                       for place in slot.options)
        taken = self._isolated if slot.isolated else 0
        return self._offered[number] & ~taken != 0

    # ------------------------------------------------------------- dead ends
    def _state(self) -> Any:
        """Return all that what follows depends on: that groups which ask for
        the same changed places makes no difference, mostly."""
        taken = frozenset(
            (place, index, self._room[index][place])
            for place, slot in zip(self.picks, self._slots, strict=False)
            for index, _ in slot.needs)
        return len(self.picks), taken, self._isolated

    def remember_dead_end(self) -> None:
        # While constraints matter, the room does not tell all.
        if (len(self.picks) >= self._constrained
                and len(self._dead_ends) < _DEAD_ENDS_KEPT):
            self._dead_ends.add(self._state())

    # ----------------------------------------------------------- constraints
    def _constraints_hold(self, slot: Slot) -> bool:
        """Return whether they do, the last pick being this slot's."""
        for index in slot.subtrees:
            if not self._subtree_holds(self._members[index]):
                return False
        return not slot.trait_giver or all(
            map(self._trait_holds, self._tree.traits))

    def _subtree_holds(self, members: Sequence[int]) -> bool:
        """Return whether one of the places can be above all others."""
        count = len(self.picks)
        given = [self.picks[number] for number in members if number < count]
        tops = functools.reduce(
            operator.and_, (self._tree.above[place] for place in given))
        open_ones = [self._offered[number] for number in members
                     if number >= count]
        tops &= functools.reduce(operator.or_, open_ones, bits(given))
        if not open_ones:
            return tops != 0
        return any(
            tops >> top & 1 and all(below & offered for offered in open_ones)
            for top, below in enumerate(self._below))

    def _trait_holds(self, owners: int) -> bool:
        """Return whether those who give to the unsuffixed group have one of
        these traits among them, or can still come to have."""
        count = len(self.picks)
        return any(
            owners & (self._offered[number] if number >= count
                      else 1 << self.picks[number])
            for number, slot in enumerate(self._slots) if slot.trait_giver)
