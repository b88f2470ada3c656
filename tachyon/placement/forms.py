"""Forms: what serving a request takes of trees, again and again.

Trees that look alike (``tachyon.placement.shapes``) have the same form: the
ways in which they can be packed, by place. A part of a request that nothing
links to others is a choice of its own: only of those that are linked, the ways
are listed.
"""

import collections
import dataclasses
import itertools
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any, NamedTuple

from tachyon.placement import masks
from tachyon.placement import packing
from tachyon.placement import programs
from tachyon.placement import search
from tachyon.placement import shapes

# Ways to pack one tree that are looked at.
WAYS_MAX = 1000

# Whether the providers in these rows, by the suffix of the group that they
# serve, will do.
Admits = Callable[[Mapping[str, tuple[int, ...]]], bool]
_Demand = dict[tuple[int, str], int]     # place and resource class: amount


class Form(NamedTuple):
    """``modes`` draw on (place, resource class). Places from ``own`` on are
    of those who share. ``complete``: there is no way besides. ``keys`` are
    all that it draws on, each once."""

    modes: tuple[programs.Mode, ...]
    own: int
    complete: bool
    keys: tuple[tuple[int, str], ...]


def make(modes: tuple[programs.Mode, ...], own: int,
         complete: bool) -> Form:
    return Form(modes, own, complete, tuple(dict.fromkeys(
        key for mode in modes for key in keys_of(mode))))


def keys_of(mode: programs.Mode) -> Iterator[Any]:
    """Yield what a mode draws on, as often as it does."""
    return (key for choice in mode for alternative in choice
            for key, _ in alternative)


class _Ways(NamedTuple):
    picks: Sequence[tuple[int, ...]]
    complete: bool


class Maker:
    """Makes the forms of trees, for what one search found."""

    def __init__(self, found: search.Found) -> None:
        self._parts = found.parts
        self._shapes = found.shapes
        self._patience = packing.Patience()
        self._trees: dict[tuple[object, ...], packing.Tree] = {}
        self._ways: dict[tuple[object, ...], _Ways] = {}
        self._forms: dict[tuple[object, ...], Form] = {}

    def look(self, root: int) -> shapes.Look:
        return self._shapes.look(root)

    def form(self, look: shapes.Look) -> Form:
        """Return the form of trees that look so."""
        made = self._forms.get(look.shape)
        if made is None:
            made = self._forms[look.shape] = self._make(look)
        return made

    def admitted(self, look: shapes.Look, admits: Admits) -> Form:
        """Return the form of one tree, of whose ways only some will do."""
        everything = range(len(self._parts))
        ways = self._list(look, everything)
        good = [picks for picks in ways.picks
                if admits(self._mappings(look, picks))]
        return _of_choices([self._taken(everything, good)], look.own,
                           ways.complete)

    def _make(self, look: shapes.Look) -> Form:
        slots = self._tree(look).slots
        linked = [number for number, slot in enumerate(slots)
                  if slot.needs or slot.isolated or slot.constrained]
        choices = [tuple(
            _alternative(_add({}, self._parts[number], place))
            for place in slot.options) for number, slot in enumerate(slots)
            if number not in linked]
        complete = True
        if linked:
            ways = self._list(look, linked)
            choices.append(self._taken(linked, ways.picks))
            complete = ways.complete
        return _of_choices(choices, look.own, complete)

    def _taken(self, numbers: Sequence[int],
               ways: Iterable[tuple[int, ...]]) -> programs.Choice:
        """Return what these parts take in each of the ways."""
        # Groups that change places make another way, which takes the same.
        return tuple(dict.fromkeys(
            self._take(numbers, picks) for picks in ways))

    def _tree(self, look: shapes.Look) -> packing.Tree:
        tree = self._trees.get(look.shape)
        if tree is None:
            tree = self._trees[look.shape] = self._shapes.tree(look)
        return tree

    def _list(self, look: shapes.Look, numbers: Sequence[int]) -> _Ways:
        """Return the ways to give places to these parts of a tree."""
        known = self._ways.get(look.shape)
        if known is None:
            tree = self._tree(look)
            ways = packing.Packing(dataclasses.replace(
                tree, slots=[tree.slots[number] for number in numbers]),
                self._patience)
            picks = list(itertools.islice(ways, WAYS_MAX + 1))
            known = self._ways[look.shape] = _Ways(
                picks[:WAYS_MAX],
                len(picks) <= WAYS_MAX and not ways.given_up)
        return known

    def _take(self, numbers: Sequence[int],
              picks: Sequence[int]) -> programs.Alternative:
        taken: _Demand = {}
        for number, place in zip(numbers, picks, strict=True):
            _add(taken, self._parts[number], place)
        return _alternative(taken)

    def _mappings(self, look: shapes.Look, picks: Sequence[int]
                  ) -> dict[str, tuple[int, ...]]:
        """Return the rows that serve each group."""
        found: dict[str, set[int]] = {}
        for part, place in zip(self._parts, picks, strict=True):
            found.setdefault(part.suffix, set()).add(place)
        return {suffix: tuple(look.members[place] for place in sorted(places))
                for suffix, places in found.items()}


def _of_choices(choices: Sequence[programs.Choice], own: int,
                complete: bool) -> Form:
    return make((normal(choices),) if all(choices) else (), own, complete)


def _add(taken: _Demand, part: masks.Part, place: int) -> _Demand:
    for name, amount in part.resources.items():
        taken[place, name] = taken.get((place, name), 0) + amount
    return taken


def _alternative(taken: _Demand) -> programs.Alternative:
    return tuple(sorted(taken.items()))


def contended(mode: programs.Mode,
              outside: Collection[Any] = ()) -> programs.Mode:
    """Return those choices of a mode that take of what is taken of in another
    way, too, or by others outside."""
    taken = collections.Counter(keys_of(mode))
    return tuple(choice for choice in mode if any(
        taken[key] > 1 or key in outside for key in keys_of((choice,))))


def normal(choices: Iterable[programs.Choice]) -> programs.Mode:
    """Return a mode that takes the same: what is taken in any case stands by
    itself, added up, and what can be had for nothing is left out."""
    fixed: dict[object, int] = {}
    open_ones = []
    for choice in choices:
        if len(choice) > 1:
            if all(choice):
                open_ones.append(choice)
            continue
        for alternative in choice:
            for key, amount in alternative:
                fixed[key] = fixed.get(key, 0) + amount
    return (*(((each,),) for each in fixed.items()), *open_ones)
