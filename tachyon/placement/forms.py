"""Forms: what serving a request takes of trees, again and again.

Trees that look alike (``tachyon.placement.shapes``) have the same form: the
ways in which they can be packed, by place. Where nothing links the parts of
a request, each part is a choice of its own, and no way is listed.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
        ways = self._list(look)
        good = [picks for picks in ways.picks
                if admits(self._mappings(look, picks))]
        return self._of_ways(look, good, ways.complete)

    def _make(self, look: shapes.Look) -> Form:
        tree = self._tree(look)
        if tree.constrained:
            ways = self._list(look)
            return self._of_ways(look, ways.picks, ways.complete)
        mode = normal([tuple(
            _alternative(_add({}, part, place)) for place in slot.options)
            for part, slot in zip(self._parts, tree.slots, strict=True)])
        return make((mode,) if all(slot.options for slot in tree.slots)
                    else (), look.own, True)

    def _of_ways(self, look: shapes.Look,
                 ways: Iterable[tuple[int, ...]], complete: bool) -> Form:
        # Groups that change places make another way, which takes the same.
        taken = tuple(dict.fromkeys(map(self._take, ways)))
        return make((normal([taken]),) if taken else (), look.own, complete)

    def _tree(self, look: shapes.Look) -> packing.Tree:
        tree = self._trees.get(look.shape)
        if tree is None:
            tree = self._trees[look.shape] = self._shapes.tree(look)
        return tree

    def _list(self, look: shapes.Look) -> _Ways:
        known = self._ways.get(look.shape)
        if known is None:
            ways = packing.Packing(self._tree(look), self._patience)
            picks = list(itertools.islice(ways, WAYS_MAX + 1))
            known = self._ways[look.shape] = _Ways(
                picks[:WAYS_MAX],
                len(picks) <= WAYS_MAX and not ways.given_up)
        return known

    def _take(self, picks: Sequence[int]) -> programs.Alternative:
        taken: _Demand = {}
        for part, place in zip(self._parts, picks, strict=True):
            _add(taken, part, place)
        return _alternative(taken)

    def _mappings(self, look: shapes.Look, picks: Sequence[int]
                  ) -> dict[str, tuple[int, ...]]:
        """Return the rows that serve each group."""
        found: dict[str, set[int]] = {}
        for part, place in zip(self._parts, picks, strict=True):
            found.setdefault(part.suffix, set()).add(place)
        return {suffix: tuple(look.members[place] for place in sorted(places))
                for suffix, places in found.items()}


def _add(taken: _Demand, part: masks.Part, place: int) -> _Demand:
    for name, amount in part.resources.items():
        taken[place, name] = taken.get((place, name), 0) + amount
    return taken


def _alternative(taken: _Demand) -> programs.Alternative:
    return tuple(sorted(taken.items()))


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
