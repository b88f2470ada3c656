"""Allocation candidates: what could be allocated to meet a request."""

import dataclasses
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
    """Ways to meet a request, and all providers of the trees they use."""

    requests: Sequence[AllocationRequest]
    providers: Sequence[models.Provider]


class CandidatesManager(base.Manager):

    def list(self, ctx: context.RequestContext,
             query: query_module.Query) -> Candidates:
        """Return the candidates of a query, as many as it and the operator
        allow.

        :raises ResourceClassNotFound: the query names an unknown class.
        :raises TraitNotFound: the query names unknown traits.
        """
        limits = [query.limit, self._conf.placement.max_allocation_candidates]
        limit = min((limit for limit in limits
                     if limit is not None and limit >= 0), default=None)
        rng = (random.Random()
               if self._conf.placement.randomize_allocation_candidates
               else None)
        with self._view.read() as snapshot:
            names.check(snapshot, query.groups,
                        query.root_required | query.root_forbidden)
            found = search.find(snapshot, query)
            candidates = list(found.candidates(limit=limit, rng=rng))
            return _describe(snapshot, candidates)


def _describe(snapshot: snapshot_module.Snapshot,
              candidates: Sequence[search.Candidate]) -> Candidates:
    uuids = snapshot.uuids
    requests = [
        AllocationRequest(
            {uuids[row]: resources for row, resources in found.allocations},
            {suffix: [uuids[row] for row in rows]
             for suffix, rows in found.mappings.items()})
        for found in candidates]
    # A sharing provider's tree is another than the root's.
    roots = dict.fromkeys(
        int(snapshot.roots[row])
        for found in candidates for row, _ in found.allocations)
    return Candidates(requests, [snapshot.provider(row) for root in roots
                                 for row in snapshot.tree(root)])
