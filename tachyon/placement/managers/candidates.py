"""Allocation candidates: what could be allocated to meet a request."""

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from tachyon import context
from tachyon.placement import query as query_module
from tachyon.placement import search
from tachyon.placement import snapshot as snapshot_module
from tachyon.placement.managers import base
from tachyon.placement.managers import names

_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True, slots=True)
class Candidates:
    """Ways to meet a request, and the rows of the providers that are of
    interest: all of the trees they use, or else those they use alone."""

    snapshot: snapshot_module.Snapshot
    requests: Sequence[search.Candidate]
    providers: Sequence[int]


class CandidatesManager(base.Manager):

    def list(self, ctx: context.RequestContext, query: query_module.Query,
             describe: Callable[[Candidates], _T], *,
             nested: bool = True) -> _T:
        """Return what ``describe`` makes of the candidates of a query, as
        many as it and the operator allow. They are lent: it is called while
        the view can't change, and is to be quick.

        A caller that does not know of trees (not ``nested``) gets none that
        takes from two providers of one, and no provider that is not used.

        :raises ResourceClassNotFound: the query names an unknown class.
        :raises TraitNotFound: the query names unknown traits.
        """
        options = self._conf.placement
        # What is generated is limited first, what is returned at last.
        limit = options.max_allocation_candidates
        everything = dataclasses.replace(query, limit=None)
        with self._view.read() as snapshot:
            names.check(snapshot, query.groups,
                        query.root_required | query.root_forbidden)
            candidates = search.find(snapshot, everything).candidates(
                limit=limit if limit >= 0 else None,
                rng=(random.Random()
                     if options.randomize_allocation_candidates else None),
                order=options.allocation_candidates_generation_strategy)
            if not nested:
                candidates = (found for found in candidates
                              if _is_flat(snapshot, found))
            requests = list(itertools.islice(candidates, query.limit))
            return describe(Candidates(
                snapshot, requests, _providers(snapshot, requests, nested)))


def _is_flat(snapshot: snapshot_module.Snapshot,
             found: search.Candidate) -> bool:
    allocations = found.allocations
    roots = {int(snapshot.roots[row]) for row, _ in allocations}
    return len(roots) == len(allocations)


def _providers(snapshot: snapshot_module.Snapshot,
               candidates: Sequence[search.Candidate],
               whole_trees: bool) -> list[int]:
    rows = dict.fromkeys(
        row for found in candidates
        for row, resources in zip(found.rows, found.pattern.resources,
                                  strict=True) if resources)
    if whole_trees and snapshot.nested:
        # A sharing provider's tree is another than the root's.
        root_of = snapshot.roots.item
        roots = dict.fromkeys(map(root_of, rows))
        rows = dict.fromkeys(row for root in roots
                             for row in snapshot.tree(root))
    return list(rows)
