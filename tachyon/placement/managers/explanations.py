"""Why there are so many allocation candidates, or none."""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tachyon import context
from tachyon.placement import documents
from tachyon.placement import query as query_module
from tachyon.placement import reasons
from tachyon.placement import search
from tachyon.placement import snapshot as snapshot_module
from tachyon.placement.managers import base
from tachyon.placement.managers import names

CANDIDATES, NO_CANDIDATES = "candidates", "no_candidates"

# Candidates that are counted where neither query nor operator limit them.
COUNTED = 1000


class ExplanationsManager(base.Manager):
    """Explains the query that ``CandidatesManager`` would answer."""

    def explain(self, ctx: context.RequestContext,
                query: query_module.Query) -> dict[str, Any]:
        """Return the Explain document of a query, with nothing claimed.

        It costs as much as the query itself: candidates are counted up to
        the first limit that they meet, and one more to know that it cut.

        :raises ResourceClassNotFound: the query names an unknown class.
        :raises TraitNotFound: the query names unknown traits.
        """
        limits = {"limit": query.limit}
        options = self._conf.placement
        if options.max_allocation_candidates >= 0:
            limits["max_allocation_candidates"] = (
                options.max_allocation_candidates)
        with self._view.read() as snapshot:
            names.check(snapshot, query.groups,
                        query.root_required | query.root_forbidden)
            found = search.find(snapshot,
                                dataclasses.replace(query, limit=None))
            name, most = min(
                ((name, limit) for name, limit in limits.items()
                 if limit is not None),
                key=lambda each: each[1], default=("counted", COUNTED))
            count = sum(1 for _ in itertools.islice(
                found.candidates(
                    order=options.allocation_candidates_generation_strategy),
                most + 1))
            cut = {name: most} if count > most else {}
            return self._document(ctx, snapshot, found, query,
                                  min(count, most), cut)

    def _document(self, ctx: context.RequestContext,
                  snapshot: snapshot_module.Snapshot, found: search.Found,
                  query: query_module.Query, count: int,
                  limits: dict[str, Any]) -> dict[str, Any]:
        options = self._conf.scheduler
        if found.limits_hit:
            limits["search"] = list(found.limits_hit)
        stages = found.stages
        summary = _summary(stages, len(snapshot.host_rows), count,
                           bool(limits))
        return documents.fit({
            "version": documents.VERSION,
            "request_id": ctx.request_id,
            "consumer_uuid": None,
            "project_id": ctx.project_id,
            "dry_run": True,
            "attempt": 0,
            "verdict": CANDIDATES if count else NO_CANDIDATES,
            "reason": None if count else _reason(stages, summary),
            "summary": summary,
            "host": None,
            "service": None,
            "allocations": None,
            "tries": 0,
            "conflicts": [],
            "funnel": [documents.stage(stage, options.explain_examples)
                       for stage in stages],
            "scores": [],
            "nearest": [
                {"host": snapshot.names[row],
                 "reasons": [reason.to_dict() for reason in against]}
                for row, against in _nearest(
                    snapshot, found, count, options.explain_hosts)],
            "hosts": [],
            "limits": {"dropped": [], **limits},
            "inputs": {"query": documents.query(query),
                       "cursor": snapshot.cursor},
        }, options.explain_max_bytes)


def _summary(stages: Sequence[reasons.Stage], total: int, count: int,
             is_cut: bool) -> str:
    if count:
        fitting = stages[-1].after if stages else total
        many = "candidate" if count == 1 else "candidates"
        return (f"{fitting}/{total} hosts fit, "
                f"{'more than ' if is_cut else ''}{count} {many}")
    if not total:
        return "0/0 hosts: there are none"
    return f"0/{total} hosts: " + ", ".join(documents.count_words(stages))


def _reason(stages: Sequence[reasons.Stage], summary: str) -> dict[str, Any]:
    """Return what removed the most hosts."""
    counts = documents.counts(stages)
    if counts:
        return counts[0][0].to_dict()
    return {"code": NO_CANDIDATES.upper(), "params": {"detail": summary},
            "text": summary}


def _nearest(snapshot: snapshot_module.Snapshot, found: search.Found,
             count: int, limit: int
             ) -> list[tuple[int, Sequence[reasons.Reason]]]:
    """Return the hosts that miss the least. Where there is no candidate at
    all, those come first in which all groups fit, only not together."""
    near: list[tuple[int, Sequence[reasons.Reason]]] = []
    if not count:
        rows = found.roots[np.isin(found.roots, snapshot.host_rows)]
        near = [(row, found.why(row)) for row in rows[:limit].tolist()]
    misses = found.nearest(limit - len(near))
    return near + [(miss.root, miss.reasons) for miss in misses]
