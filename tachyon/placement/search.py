"""Search: where a query can be served, and how.

``find`` evaluates the query by masks alone and returns a ``Found``; only
what is asked of that is worked out: candidates one at a time, the funnel,
the reasons of one host, the nearest misses.

Where Placement drops answers by accident, all are given: it keeps only one
anchor of what is served by sharing providers alone before groups are
combined, and adds up amounts in place where an unsuffixed and a suffixed
group ask one provider for the same class.
"""

import functools
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tachyon.placement import combine
from tachyon.placement import explain
from tachyon.placement import masks
from tachyon.placement import packing
from tachyon.placement import pools
from tachyon.placement import query as query_module
from tachyon.placement import reasons
from tachyon.placement import shapes
from tachyon.placement import snapshot as snapshot_module

Candidate = combine.Candidate
Miss = explain.Miss

# Orders in which the candidates of several roots come.
BREADTH_FIRST = "breadth-first"
DEPTH_FIRST = "depth-first"


def find(snapshot: snapshot_module.Snapshot,
         query: query_module.Query) -> "Found":
    """Search a snapshot. The result is valid as long as the snapshot is.

    :raises ValidationError: the query contradicts itself.
    """
    query.check()
    return Found(snapshot, query)


class Found:
    """What a search found.

    ``roots`` are the rows (int32, ascending) of the roots in which every
    group fits by the masks. A few of them may turn out not to have a
    combination of all groups: they give no candidates.
    """

    def __init__(self, snapshot: snapshot_module.Snapshot,
                 query: query_module.Query) -> None:
        self.query = query
        self._snapshot = snapshot
        self._space = pools.Space(snapshot)
        self._evaluation = masks.Evaluator(self._space, query).evaluate()
        self._fitting = self._evaluation.fitting
        self._barren: set[int] = set()
        self._given_up: set[int] = set()
        self._searches: list[packing.Patience] = []
        self.roots = np.flatnonzero(self._fitting).astype(np.int32)

    # ------------------------------------------------------------ candidates
    def candidates(self, roots: Iterable[int] | None = None,
                   limit: int | None = None,
                   rng: random.Random | None = None,
                   order: str = BREADTH_FIRST) -> Iterator[Candidate]:
        """Yield candidates: the first one of each root, then the second one
        of each, and so on; or depth first, all of one root, then all of the
        next. None comes twice.

        :param roots: look in these only, in this order; default all.
        :param limit: yield so many at most; default the query's.
        :param rng: shuffle the roots by it.
        :param order: ``BREADTH_FIRST`` or ``DEPTH_FIRST``.
        """
        if limit is None:
            limit = self.query.limit
        if roots is None:
            chosen = self._representatives()
        else:
            chosen = np.fromiter(roots, np.int64)
            chosen = chosen[self._fitting[chosen]]
        if rng is not None:
            chosen = np.random.default_rng(
                rng.getrandbits(64)).permutation(chosen)
        return itertools.islice(
            self._distinct(self._rounds(chosen, order == DEPTH_FIRST)), limit)

    def _rounds(self, roots: np.ndarray,
                depth_first: bool) -> Iterator[Candidate]:
        if combine.is_single(self._snapshot, self.query):
            yield from combine.the_only_ones(roots.tolist(), self.query)
            return
        combiner = combine.Combiner(self.parts, self.shapes)
        patience = combiner.patience
        self._searches.append(patience)
        waiting = []
        for root in map(int, roots):
            given_up = patience.given_up
            candidates, several = combiner.candidates(root)
            first = next(candidates, None)
            if first is None:
                sure = patience.given_up == given_up
                (self._barren if sure else self._given_up).add(root)
                continue
            yield first
            if several and depth_first:
                yield from candidates
            elif several:
                waiting.append(candidates)
        while waiting:
            remaining = []
            for candidates in waiting:
                candidate = next(candidates, None)
                if candidate is not None:
                    yield candidate
                    remaining.append(candidates)
            waiting = remaining

    @property
    def parts(self) -> Sequence[masks.Part]:
        """Return what the query was split into: one provider gives each."""
        return self._evaluation.parts

    @functools.cached_property
    def shapes(self) -> shapes.Shapes:
        """Return what trees look like to the query."""
        return shapes.Shapes(self._snapshot, self.query, self.parts)

    @property
    def searches(self) -> "tuple[Found, ...]":
        """Return itself: see ``tachyon.placement.either``."""
        return (self,)

    def _distinct(self, candidates: Iterator[Candidate]
                  ) -> Iterator[Candidate]:
        """Leave out what was yielded before for another root.

        Only sharing providers serve several roots: where any other takes
        part, the candidate is the only one of its kind.
        """
        if not len(self._space.sharing):
            yield from candidates
            return
        sharers = set(self._space.sharing.rows.tolist())
        seen = set()
        for candidate in candidates:
            if sharers.issuperset(candidate.rows):
                key = candidate.rows, candidate.pattern
                if key in seen:
                    continue
                seen.add(key)
            yield candidate

    def _representatives(self) -> np.ndarray:
        """Return the roots without those that can't add any candidate.

        A thousand hosts behind one storage, asked for storage alone, all
        have the same candidates. Of the roots that nothing of their own tree
        serves, one is enough for each set of sharing providers.
        """
        parts, sharing = self.parts, self._space.sharing
        if not len(sharing) or parts[0].pool.via is None:
            return self.roots
        owning = np.zeros(self._snapshot.n, bool)
        signatures = np.zeros(self._snapshot.n, np.uint64)
        # A sum of random numbers stands for a set.
        tokens = np.random.default_rng(0)
        for part in parts:
            token = tokens.integers(0, 2 ** 64, self._snapshot.n, np.uint64)
            owning[self._snapshot.roots[part.pool.own]] = True
            if part.pool.via is not None:
                pairs = part.pool.via[sharing.providers]
                np.add.at(signatures, sharing.anchors[pairs],
                          token[sharing.providers[pairs]])
        guests = self.roots[~owning[self.roots]]
        _, first = np.unique(signatures[guests], return_index=True)
        return np.sort(np.concatenate(
            (self.roots[owning[self.roots]], guests[first])))

    @property
    def limits_hit(self) -> tuple[str, ...]:
        """Return the limits of the search that were met so far:
        ``combinations`` if combining the groups was given up in some tree for
        taking too long."""
        given_up = any(search.given_up for search in self._searches)
        return ("combinations",) if given_up else ()

    # --------------------------------------------------------------- explain
    @functools.cached_property
    def _explainer(self) -> explain.Explainer:
        return explain.Explainer(self._space, self._evaluation)

    @property
    def stages(self) -> tuple[reasons.Stage, ...]:
        """Return the funnel of hosts: a stage a parameter of the query, each
        host counted once, at what removed it first. Roots that turned out
        to have no combination, so far, are counted at the last one."""
        return self.funnel()

    def funnel(self, spared: Iterable[int] = ()
               ) -> tuple[reasons.Stage, ...]:
        """Return the stages, in which roots that are spared stay."""
        return self._explainer.stages(self._barren, self._given_up, spared)

    def why(self, root: int) -> list[reasons.Reason]:
        """Return all reasons why a root is out; empty if it is not."""
        found = self._explainer.why(root)
        if not found and next(self.candidates([root], 1), None) is None:
            return [explain.GIVEN_UP if root in self._given_up
                    else explain.NO_COMBINATION]
        return found

    def nearest(self, count: int) -> list[Miss]:
        """Return the hosts that were nearest to fit: those that break the
        fewest rules, and of these, those that are short of least."""
        return self._explainer.nearest(count)
