"""Allocation candidates: what could be allocated to meet a request."""

import dataclasses
import itertools
import random
from collections.abc import Mapping, Sequence

from tachyon import context
from tachyon.db import models
from tachyon.placement import query as query_module
from tachyon.placement import search
from tachyon.placement import snapshot as snapshot_module
from tachyon.placement.managers import base
from tachyon.placement.managers import names


@dataclasses.dataclass(frozen=True, slots=True)
class AllocationRequest:
    """One way to meet a request.

    ``mappings`` tells which providers serve the group of which suffix.
    """

    allocations: Mapping[str, Mapping[str, int]]    # provider, class: amount
    mappings: Mapping[str, Sequence[str]]           # suffix: providers


@dataclasses.dataclass(frozen=True, slots=True)
class Candidates:
    """Ways to meet a request, and the providers that are of interest: all of
    the trees they use, or else those they use alone."""

    requests: Sequence[AllocationRequest]
    providers: Sequence[models.Provider]


class CandidatesManager(base.Manager):

    def list(self, ctx: context.RequestContext, query: query_module.Query,
             *, nested: bool = True) -> Candidates:
        """Return the candidates of a query, as many as it and the operator
        allow.

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
            return _describe(
                snapshot, list(itertools.islice(candidates, query.limit)),
                nested)


def _is_flat(snapshot: snapshot_module.Snapshot,
             found: search.Candidate) -> bool:
    roots = {int(snapshot.roots[row]) for row, _ in found.allocations}
    return len(roots) == len(found.allocations)


def _describe(snapshot: snapshot_module.Snapshot,
              candidates: Sequence[search.Candidate],
              whole_trees: bool) -> Candidates:
    uuids = snapshot.uuids
    requests = [
        AllocationRequest(
            {uuids[row]: resources for row, resources in found.allocations},
            {suffix: [uuids[row] for row in rows]
             for suffix, rows in found.mappings.items()})
        for found in candidates]
    rows = dict.fromkeys(
        row for found in candidates for row, _ in found.allocations)
    if whole_trees:
        # A sharing provider's tree is another than the root's.
        roots = dict.fromkeys(int(snapshot.roots[row]) for row in rows)
        rows = dict.fromkeys(row for root in roots
                             for row in snapshot.tree(root))
    return Candidates(requests, [snapshot.provider(row) for row in rows])
