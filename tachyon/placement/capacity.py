"""Capacity: how many more of a request fit, and where.

It is exact with respect to inventories: as many can be claimed, one after
another, and no more, unless it says otherwise. Hosts are counted each for
itself; all together, what hosts share is given away once.

``survey`` looks while a snapshot is lent, and takes with it what counts, in
plain numbers. What takes long is done with those, when nobody waits for the
view any more.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tachyon.placement import columns
from tachyon.placement import either
from tachyon.placement import forms
from tachyon.placement import programs
from tachyon.placement import search
from tachyon.placement import snapshot as snapshot_module

# Trees of different amounts that are searched each; others are served in turn.
SEARCHES_MAX = 5_000

# Whether a root's providers, by the suffix of the group, will do.
Admits = Callable[[int, Mapping[str, tuple[int, ...]]], bool]
_Key = tuple[int, str]                   # row or place, and resource class


class Host(NamedTuple):
    """``fits``: so many, if all of them go there."""

    host: str
    uuid: str
    fits: int


@dataclasses.dataclass(frozen=True, slots=True)
class Capacity:
    """``total`` fit together, for certain; ``exact``: and no more do, and no
    host takes more than it says. ``hosts`` are those that take any, in no
    order."""

    total: int
    exact: bool
    hosts: Sequence[Host]


class _Tree(NamedTuple):
    """A host in a tree of several, or served by those who share."""

    number: int                          # among the hosts
    form: forms.Form
    members: Sequence[int]               # rows, by place
    stocks: Mapping[_Key, int]           # what is left, by place and class
    most: int | None


def survey(snapshot: snapshot_module.Snapshot,
           found: search.Found | either.Either,
           rows: npt.NDArray[np.int32],
           most: npt.NDArray[np.int64] | None = None,
           admits: Admits | None = None) -> "Survey":
    """Look at hosts. It is done while the snapshot is valid; what it returns
    may be kept.

    :param rows: of the roots of those hosts.
    :param most: for each of them what it takes at most, whatever is left.
    :param admits: None: all will do.
    """
    names, uuids = snapshot.names, snapshot.uuids
    times = np.zeros(len(rows), np.int64)
    flat = np.zeros(len(rows), np.bool_)
    if admits is None:
        flat, times = _count_flat(snapshot, found.searches, rows)
        if most is not None:
            times = np.minimum(times, np.maximum(most, 0))
    looking = _Looking(snapshot, found.searches, admits)
    trees = [looking.at(index, int(rows[index]),
                        None if most is None else max(0, int(most[index])))
             for index in np.flatnonzero(~flat).tolist()]
    return Survey([(names[row], uuids[row]) for row in rows.tolist()],
                  times, [tree for tree in trees if tree.form.modes],
                  all(tree.form.complete for tree in trees))


def _count_flat(snapshot: snapshot_module.Snapshot,
                searches: Sequence[search.Found],
                rows: npt.NDArray[np.int32]
                ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Return which hosts are a single provider that only one search found,
    and how often those can serve it."""
    lonely = np.bincount(snapshot.roots[snapshot.live],
                         minlength=snapshot.n) == 1
    lonely[snapshot.sharing.rows] = False
    lonely[snapshot.sharing.anchors] = False
    by_row = np.zeros(snapshot.n, np.int64)
    finders = np.zeros(snapshot.n, np.int64)
    for each in searches:
        finders[each.roots] += 1
        if len(each.query.groups) > 1:
            # Groups may be linked: the masks have not said all.
            lonely[each.roots] = False
            continue
        group, = each.query.groups
        by_row[each.roots] = np.min([
            snapshot.free(name)[each.roots] // amount
            for name, amount in group.resources.items()], axis=0)
    flat = (lonely & (finders <= 1))[rows]
    return flat, np.where(flat, by_row[rows], 0)


class _Looking:
    """Looks at trees, one at a time."""

    def __init__(self, snapshot: snapshot_module.Snapshot,
                 searches: Sequence[search.Found],
                 admits: Admits | None) -> None:
        self._makers = [(set(each.roots.tolist()), forms.Maker(each))
                        for each in searches]
        self._admits = admits
        self._free = {
            name: snapshot.free(name) for each in searches
            for group in each.query.groups for name in group.resources}
        self._joined: dict[tuple[int, ...], forms.Form] = {}
        self._kept: list[forms.Form] = []

    def at(self, index: int, root: int, most: int | None) -> _Tree:
        made: list[forms.Form] = []
        members: Sequence[int] = ()
        for roots, maker in self._makers:
            if root in roots:
                look = maker.look(root)
                # The same for each search.
                members = look.members
                made.append(maker.form(look) if self._admits is None
                            else self._admitted(maker, root))
        form = made[0] if len(made) == 1 else self._join(made)
        return _Tree(index, form, members, {
            (place, name): self._free[name].item(members[place])
            for place, name in form.keys}, most)

    def _admitted(self, maker: forms.Maker, root: int) -> forms.Form:
        admits = self._admits
        assert admits is not None
        return maker.admitted(maker.look(root),
                              lambda mappings: admits(root, mappings))

    def _join(self, made: Sequence[forms.Form]) -> forms.Form:
        """Return the form of who may take the one or the other."""
        key = tuple(map(id, made))
        form = self._joined.get(key)
        if form is None:
            # Forms that are not kept could leave their id to others.
            self._kept += made
            form = self._joined[key] = forms.make(
                tuple(mode for each in made for mode in each.modes),
                made[0].own if made else 0,
                all(each.complete for each in made))
        return form


class Survey:
    """What was seen of hosts, and what follows from it."""

    def __init__(self, hosts: Sequence[tuple[str, str]],
                 times: npt.NDArray[np.int64], trees: Sequence[_Tree],
                 complete: bool) -> None:
        self._hosts = hosts
        self._times = times
        self._trees = trees
        self._complete = complete

    def count(self) -> Capacity:
        """Count. It may take seconds where trees are many and various."""
        times = self._times.copy()
        exact = self._complete
        searched = _Searched()
        for tree in self._trees:
            found = searched.count(tree)
            times[tree.number] = min(found.times, columns.HUGE)
            exact &= found.exact
        alone = times.tolist()
        total = sum(alone)
        coupled, outside = self._coupled()
        for group in _components(coupled, outside):
            joint = _count_jointly(group, alone, outside)
            total += joint.times - sum(alone[tree.number] for tree in group)
            exact &= joint.exact
        return Capacity(total, exact, [
            Host(name, uuid, fits) for (name, uuid), fits
            in zip(self._hosts, alone, strict=True) if fits])

    def _coupled(self) -> tuple[list[_Tree], set[_Key]]:
        """Return the trees that share anything, and what they do."""
        outside = {(tree.members[place], name) for tree in self._trees
                   for place, name in tree.form.keys
                   if place >= tree.form.own}
        return [tree for tree in self._trees
                if not outside.isdisjoint(_rows_of(tree))], outside


def _rows_of(tree: _Tree) -> dict[_Key, int]:
    """Return what is left of all that a tree draws on, by row."""
    return {(tree.members[place], name): amount
            for (place, name), amount in tree.stocks.items()}


class _Searched:
    """Counts trees, like ones once."""

    def __init__(self) -> None:
        self._known: dict[Hashable, programs.Count] = {}
        self._splits: dict[int, tuple[programs.Mode,
                                      tuple[programs.Mode, ...]]] = {}

    def count(self, tree: _Tree) -> programs.Count:
        plain, contended = self._split(tree.form)
        if not contended:
            return programs.count(
                [programs.Block((plain,), tree.most)], tree.stocks)
        found = self._search(contended, tree)
        # Whichever number of the one can be had along with as many of the
        # other.
        most = found.times if tree.most is None else min(found.times,
                                                         tree.most)
        if plain:
            most = programs.count([programs.Block((plain,), most)],
                                  tree.stocks).times
        return programs.Count(most, found.exact)

    def _split(self, form: forms.Form
               ) -> tuple[programs.Mode, tuple[programs.Mode, ...]]:
        """Return the choices of a form that compete with no others, and the
        modes of those that do."""
        split = self._splits.get(id(form))
        if split is None:
            if len(form.modes) > 1:
                split = (), form.modes
            else:
                contended = forms.contended(form.modes[0])
                split = (tuple(choice for choice in form.modes[0]
                               if choice not in contended),
                         (contended,) if contended else ())
            self._splits[id(form)] = split
        return split

    def _search(self, modes: tuple[programs.Mode, ...],
                tree: _Tree) -> programs.Count:
        stocks = {key: tree.stocks[key] for mode in modes
                  for key in forms.keys_of(mode)}
        question = modes, tuple(stocks.values())
        found = self._known.get(question)
        if found is None:
            found = self._known[question] = programs.count(
                [programs.Block(modes)], stocks,
                search=len(self._known) < SEARCHES_MAX)
        return found


def _components(trees: Sequence[_Tree], outside: set[_Key]
                ) -> list[list[_Tree]]:
    """Return the trees in groups, of which no two share anything."""
    above: dict[_Key, _Key] = {key: key for key in outside}

    def top(key: _Key) -> _Key:
        while above[key] != key:
            above[key] = key = above[above[key]]
        return key

    shared = [sorted(outside.intersection(_rows_of(tree))) for tree in trees]
    for first, *others in shared:
        for key in others:
            above[top(key)] = top(first)
    groups: dict[_Key, list[_Tree]] = {}
    for tree, (first, *_) in zip(trees, shared, strict=True):
        groups.setdefault(top(first), []).append(tree)
    return list(groups.values())


def _count_jointly(trees: Iterable[_Tree], alone: Sequence[int],
                   outside: set[_Key]) -> programs.Count:
    """Count trees that share. ``alone``: how often by number each could be
    served without the others."""
    stocks: dict[_Key, int] = {}
    blocks = []
    # A thousand hosts that only differ in what is their own are one.
    merged: dict[tuple[programs.Mode, ...], int] = {}
    for tree in trees:
        stocks.update(_rows_of(tree))
        modes, most = _modes_left(tree, outside), alone[tree.number]
        if all(key in outside for mode in modes
               for key in forms.keys_of(mode)):
            merged[modes] = merged.get(modes, 0) + most
        else:
            blocks.append(programs.Block(modes, most))
    return programs.count(
        blocks + [programs.Block(*each) for each in merged.items()], stocks)


def _modes_left(tree: _Tree, outside: set[_Key]
                ) -> tuple[programs.Mode, ...]:
    """Return the modes of a tree, by row, without the choices that are told
    by how often it can be served alone: what they take is its own, and
    nothing else takes of it."""
    def named(choice: programs.Choice) -> programs.Choice:
        return tuple(tuple(((tree.members[place], name), amount)
                           for (place, name), amount in alternative)
                     for alternative in choice)

    modes = tuple(tuple(map(named, mode)) for mode in tree.form.modes)
    if len(modes) > 1:
        return modes
    return (forms.contended(modes[0], outside),)
