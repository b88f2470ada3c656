"""Combinations: the candidates within one tree, one at a time.

This is the second half of a search. Trees that look alike are packed alike
(``tachyon.placement.shapes``, ``packing``): that is worked out for the first
of them that is asked for it, as far as it is asked for.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tachyon.placement import masks
from tachyon.placement import packing
from tachyon.placement import query as query_module
from tachyon.placement import shapes
from tachyon.placement import snapshot as snapshot_module


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
    ``rows`` are the providers in the places of the pattern; ascending, if
    there is any that shares.
    """

    root: int
    rows: tuple[int, ...]
    pattern: Pattern

    @property
    def allocations(self) -> tuple[tuple[int, Mapping[str, int]], ...]:
        """Return (provider row, {resource class: amount}) of those which
        give anything. Not to be written to."""
        return tuple((row, resources) for row, resources in zip(
            self.rows, self.pattern.resources, strict=True) if resources)

    @property
    def mappings(self) -> dict[str, tuple[int, ...]]:
        """Return the rows that serve each group, by its suffix."""
        return {suffix: tuple(self.rows[place] for place in places)
                for suffix, places in self.pattern.mappings.items()}


class _Way(NamedTuple):
    """One way to pack all trees of a shape: the place that serves each part,
    and those that do, once each, in the places of a pattern."""

    picks: tuple[int, ...]
    places: tuple[int, ...]
    pattern: Pattern


class _Ways:
    """All ways to pack the trees of a shape, as far as they are known."""

    def __init__(self, tree: packing.Tree, combiner: "Combiner") -> None:
        self.several = any(len(slot.options) > 1 for slot in tree.slots)
        self._packing = packing.Packing(tree, combiner.patience)
        self._combiner = combiner
        self._more = iter(self._packing)
        self._known: list[_Way] = []

    def candidates(self, look: shapes.Look, root: int
                   ) -> Iterator[Candidate]:
        """Yield the candidates of a tree that looks so."""
        members, known = look.members, self._known
        sharing = self._combiner.sharing
        number = 0
        while number < len(known) or self._find_one():
            picks, places, pattern = known[number]
            rows = tuple([members[place] for place in places])
            if sharing:
                # Who shares is in other places of other trees.
                rows = tuple(sorted(rows))
                pattern = self._combiner.pattern(tuple(
                    [rows.index(members[place]) for place in picks]))
            yield Candidate(root, rows, pattern)
            number += 1
        self._combiner.patience.given_up += self._packing.given_up

    def _find_one(self) -> bool:
        picks = next(self._more, None)
        if picks is None:
            return False
        places = tuple(sorted(set(picks)))
        self._known.append(_Way(picks, places, self._combiner.pattern(
            tuple(map(places.index, picks)))))
        return True


def is_single(snapshot: snapshot_module.Snapshot,
              query: query_module.Query) -> bool:
    """Return whether there is one provider a tree, and one group: then the
    masks have said all."""
    return (not snapshot.nested and not len(snapshot.sharing)
            and len(query.groups) == 1)


def the_only_ones(roots: Iterable[int], query: query_module.Query
                  ) -> Iterator[Candidate]:
    """Yield the candidates of fitting roots, where each has a single one."""
    group, = query.groups
    pattern = Pattern((group.resources,), {group.suffix: (0,)})
    return (Candidate(root, (root,), pattern) for root in roots)


class Combiner:
    """Makes the candidates of one search, tree by tree."""

    def __init__(self, parts: Sequence[masks.Part],
                 looks: shapes.Shapes) -> None:
        self.patience = packing.Patience()
        self.sharing = looks.sharing
        self._parts = parts
        self._shapes = looks
        self._ways: dict[tuple[object, ...], _Ways] = {}
        self._patterns: dict[tuple[int, ...], Pattern] = {}

    def candidates(self, root: int) -> tuple[Iterator[Candidate], bool]:
        """Return the candidates of the tree of a fitting root, and whether
        there may be more than one."""
        look = self._shapes.look(root)
        ways = self._ways.get(look.shape)
        if ways is None:
            ways = self._ways[look.shape] = _Ways(
                self._shapes.tree(look), self)
        return ways.candidates(look, root), ways.several

    def pattern(self, places: tuple[int, ...]) -> Pattern:
        """Return what it is when those in these places serve the parts."""
        pattern = self._patterns.get(places)
        if pattern is None:
            pattern = self._patterns[places] = self._make_pattern(places)
        return pattern

    def _make_pattern(self, places: tuple[int, ...]) -> Pattern:
        resources: list[dict[str, int]] = [{} for _ in set(places)]
        mappings: dict[str, set[int]] = {
            part.suffix: set() for part in self._parts}
        for part, place in zip(self._parts, places, strict=True):
            mappings[part.suffix].add(place)
            taken = resources[place]
            for name, amount in part.resources.items():
                taken[name] = taken.get(name, 0) + amount
        return Pattern(tuple(resources), {
            suffix: tuple(sorted(found))
            for suffix, found in mappings.items()})
