"""Explain: the one document that every decision yields.

It is made by the code that decided, from what it decided with, for success
and failure, live and dry run::

    version         1
    request_id, consumer_uuid, project_id, dry_run, attempt
    verdict         scheduled, no_candidates, all_filtered, claim_conflict,
                    retries_exhausted, bad_request, backend_error
    reason          {code, params, text}: what removed the most hosts, or what
                    else ended it; null if scheduled
    summary         one line, without names of hosts
    host, service, allocations   where it is to run; null if nowhere
    tries, conflicts             [{host, detail}] met by claims
    funnel          [{stage, before, after, removed: [{code, params, text,
                    count, examples}]}], each host once, at what removed it
    scores          [{host, rank, weight, weighers: {name: {raw, normalised,
                    weighted}}}], best first
    nearest         [{host, reasons}] that failed by the least
    hosts           [{host, known, fits, reasons, rank}] for those asked for
    capacity        {total, exact, bounds, hosts: [{host, uuid, fits}],
                    truncated}: how many more fit, only if it was asked
    limits          {name: value} of those that shortened this document, and
                    ``dropped``: the parts left out for its size
    inputs          query, fallback (what hosts may give instead, or null),
                    preferred_traits, avoided_traits, scheduler_hints, tried,
                    pipeline, filters, weighers, seed, cursor, generations:
                    what it was decided on

What needs the snapshot is gathered by ``observe`` while it is lent; the rest
follows when the decision has ended.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from oslo_config import cfg

from tachyon.db import models
from tachyon.placement import documents
from tachyon.placement import reasons
from tachyon.scheduler import capacity
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import funnel

VERSION = documents.VERSION

Verdict = scheduler_data.Verdict


# ------------------------------------------------------- within the snapshot
def observe(data: scheduler_data.SchedulingData,
            conf: cfg.ConfigOpts) -> None:
    """Gather what only the snapshot can tell, as plain values."""
    hosts, found, snapshot = data.hosts, data.found, data.snapshot
    if hosts is None or snapshot is None:
        return
    if data.counted:
        data.findings["survey"] = capacity.survey(data)
    limit = conf.scheduler.explain_hosts
    ranking = ([] if data.ranking is None
               else data.ranking.first(limit).tolist())
    findings = data.findings
    findings["cursor"] = snapshot.cursor
    findings["total"] = len(snapshot.host_rows)
    findings["fitting"] = 0 if data.ranking is None else len(data.ranking)
    findings["scores"] = [_scores(data, hosts, index, rank)
                          for rank, index in enumerate(ranking, start=1)]
    findings["multipliers"] = (_multipliers(data.scores)
                               if data.scores is not None else {})
    findings["hosts"] = [_named(data, name) for name in data.named_hosts]
    findings["limits_hit"] = [] if found is None else list(found.limits_hit)
    if data.verdict is not None and found is not None:
        findings["nearest"] = _nearest(data, limit)


def _multipliers(scores: scheduler_data.Scores) -> dict[str, Any]:
    """Return each weigher's multiplier; where hosts have different ones,
    the least and the greatest."""
    return {name: (multiplier if isinstance(multiplier, float)
                   else [float(multiplier.min()), float(multiplier.max())])
            for name, multiplier in scores.multipliers.items()}


def _scores(data: scheduler_data.SchedulingData,
            hosts: scheduler_data.HostSet, index: int,
            rank: int) -> dict[str, Any]:
    row: dict[str, Any] = {"host": hosts.name(index), "rank": rank}
    scores = data.scores
    if scores is not None:
        row["weight"] = float(scores.total[index])
        row["weighers"] = {
            name: {"raw": float(scores.raw[name][index]),
                   "normalised": float(scores.normalised[name][index]),
                   "weighted": scores.weighted(name, index)}
            for name in scores.raw}
    return row


def _named(data: scheduler_data.SchedulingData, name: str) -> dict[str, Any]:
    """Return everything about one host, whatever removed it first."""
    snapshot, hosts = data.snapshot, data.hosts
    assert snapshot is not None and hosts is not None
    row = snapshot.row_named(name)
    if row is None or row not in snapshot.host_rows:
        return {"host": name, "known": False, "fits": False, "reasons": [],
                "rank": None}
    found = why(data, row)
    indices = np.flatnonzero(hosts.rows == row)
    rank = (data.ranking.place(int(indices[0]))
            if data.ranking is not None and len(indices) else None)
    entry: dict[str, Any] = {
        "host": name, "known": True, "fits": not found,
        "reasons": [reason.to_dict() for reason in found], "rank": rank}
    if rank is not None:
        entry.update(_scores(data, hosts, int(indices[0]), rank))
    return entry


def why(data: scheduler_data.SchedulingData, row: int
        ) -> list[reasons.Reason]:
    """Return all reasons against one host, of engine and filters."""
    assert data.hosts is not None and data.snapshot is not None
    found = [] if data.found is None else list(data.found.why(row))
    if data.snapshot.names[row] in data.tried:
        found.append(funnel.TRIED)
    host = scheduler_data.HostSet(
        data.snapshot, np.array([row], np.int32), data.hosts.serving,
        data.hosts.facts).host(0)
    for plugin in data.filters:
        reason = plugin.why(host, data)
        if reason is not None:
            found.append(reason)
    return found


def _nearest(data: scheduler_data.SchedulingData,
             limit: int) -> list[dict[str, Any]]:
    """Return the hosts that miss the least, with what they miss."""
    assert data.found is not None and data.snapshot is not None
    roots = data.found.roots
    rows = roots[np.isin(roots, data.snapshot.host_rows)][:limit].tolist()
    if rows:
        # They have what was asked, and something else was against them.
        misses = [(row, why(data, row)) for row in rows]
    else:
        misses = [(miss.root, [*miss.reasons])
                  for miss in data.found.nearest(limit)]
    return [{"host": data.snapshot.names[row],
             "reasons": [reason.to_dict() for reason in found]}
            for row, found in misses]


# -------------------------------------------------------------- the document
def decision(data: scheduler_data.SchedulingData, conf: cfg.ConfigOpts,
             verdict: Verdict) -> models.Decision:
    """Return the record to be stored with what ends the decision."""
    return models.Decision(
        request_id=data.request_id,
        consumer_uuid=data.consumer_uuid or "",
        project_id=data.project_id, verdict=str(verdict),
        document=document(data, conf, verdict))


def document(data: scheduler_data.SchedulingData, conf: cfg.ConfigOpts,
             verdict: Verdict) -> dict[str, Any]:
    """Return the document, within ``[scheduler] explain_max_bytes``."""
    chosen = data.selection if verdict is Verdict.SCHEDULED else None
    findings = data.findings
    made = {
        "version": VERSION,
        "request_id": data.request_id,
        "consumer_uuid": data.consumer_uuid,
        "project_id": data.project_id,
        "dry_run": data.dry_run,
        "attempt": data.attempt,
        "verdict": str(verdict),
        "reason": _reason(data, verdict),
        "summary": summary(data, verdict),
        "host": chosen.host if chosen else None,
        "service": chosen.service_host if chosen else None,
        "allocations": _allocations(chosen) if chosen else None,
        "tries": data.tries,
        "conflicts": [{"host": host, "detail": detail}
                      for host, detail in data.conflicts],
        "funnel": [documents.stage(stage, conf.scheduler.explain_examples)
                   for stage in data.stages],
        "scores": findings.get("scores", []),
        "nearest": findings.get("nearest", []),
        "hosts": findings.get("hosts", []),
        "limits": _limits(data, conf),
        "inputs": _inputs(data, chosen),
    }
    if data.counted:
        made["capacity"] = capacity.document(
            findings.get("survey"), data.bounds,
            conf.scheduler.explain_capacity_hosts)
    return documents.fit(made, conf.scheduler.explain_max_bytes)


def ended(former: Mapping[str, Any], verdict: Verdict, reason: str,
          max_bytes: int) -> dict[str, Any]:
    """Return a document of a decision that came to nothing afterwards: the
    chosen host, or a daemon on the way, failed."""
    made = {**former, "verdict": str(verdict), "summary": reason,
            "reason": _plain(verdict, reason), "host": None,
            "service": None, "allocations": None}
    return documents.fit(made, max_bytes)


def failed(consumer_uuid: str, project_id: str, request_id: str,
           attempt: int, verdict: Verdict, reason: str,
           tried: Sequence[str] = ()) -> dict[str, Any]:
    """Return the document of a request that never came to a decision."""
    return {"version": VERSION, "request_id": request_id,
            "consumer_uuid": consumer_uuid, "project_id": project_id,
            "dry_run": False, "attempt": attempt, "verdict": str(verdict),
            "reason": _plain(verdict, reason), "summary": reason,
            "host": None, "service": None, "allocations": None, "tries": 0,
            "conflicts": [], "funnel": [], "scores": [], "nearest": [],
            "hosts": [], "limits": {"dropped": []},
            "inputs": {"tried": list(tried)}}


def summary(data: scheduler_data.SchedulingData, verdict: Verdict) -> str:
    """Return one line such as ``0/512 hosts: 300 short of VCPU, 212 lack
    HW_CPU_X86_AVX512F``."""
    if verdict in (Verdict.BAD_REQUEST, Verdict.BACKEND_ERROR):
        return data.detail or str(verdict)
    total = data.findings.get("total", 0)
    fitting = data.findings.get("fitting", 0)
    if verdict is Verdict.SCHEDULED:
        return f"{fitting}/{total} hosts fit, the best was chosen"
    if verdict is Verdict.RETRIES_EXHAUSTED:
        return f"{fitting}/{total} hosts fit, but {data.detail}"
    if not total:
        return "0/0 hosts: there are none"
    parts = documents.count_words(data.stages)
    if verdict is Verdict.CLAIM_CONFLICT:
        parts.append(f"others were faster {times(len(data.conflicts))}")
    return f"0/{total} hosts: " + ", ".join(parts)


def times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _reason(data: scheduler_data.SchedulingData,
            verdict: Verdict) -> dict[str, Any] | None:
    if verdict is Verdict.SCHEDULED:
        return None
    if verdict in (Verdict.CLAIM_CONFLICT, Verdict.RETRIES_EXHAUSTED):
        return reasons.Reason(reasons.Code.CLAIM_CONFLICT, {
            "conflicts": len(data.conflicts)}).to_dict()
    counts = documents.counts(data.stages)
    if counts and verdict in (Verdict.NO_CANDIDATES, Verdict.ALL_FILTERED):
        return counts[0][0].to_dict()
    return _plain(verdict, summary(data, verdict))


def _plain(verdict: Verdict, detail: str) -> dict[str, Any]:
    """Return the reason of what no host is the cause of."""
    return {"code": str(verdict).upper(), "params": {"detail": detail},
            "text": detail}


def _allocations(chosen: scheduler_data.Selection) -> list[dict[str, Any]]:
    return [{"provider": chosen.names[uuid], "uuid": uuid,
             "resources": dict(resources)}
            for uuid, resources in chosen.allocations.items()]


def _limits(data: scheduler_data.SchedulingData,
            conf: cfg.ConfigOpts) -> dict[str, Any]:
    limits: dict[str, Any] = {"dropped": []}
    if data.findings.get("limits_hit"):
        limits["search"] = data.findings["limits_hit"]
    if data.findings.get("fitting", 0) > conf.scheduler.explain_hosts:
        limits["explain_hosts"] = conf.scheduler.explain_hosts
    if len(data.conflicts) > conf.scheduler.claim_retries:
        limits["claim_retries"] = conf.scheduler.claim_retries
    return limits


def _inputs(data: scheduler_data.SchedulingData,
            chosen: scheduler_data.Selection | None) -> dict[str, Any]:
    return {
        "query": documents.query(data.query),
        "fallback": data.fallback and documents.query(data.fallback),
        "preferred_traits": list(data.preferred_traits),
        "avoided_traits": list(data.avoided_traits),
        "scheduler_hints": dict(data.hints),
        "tried": sorted(data.tried),
        "pipeline": list(data.pipeline),
        "filters": [plugin.name for plugin in data.filters],
        "weighers": data.findings.get("multipliers", {}),
        "seed": data.seed,
        "cursor": data.findings.get("cursor"),
        "generations": dict(chosen.generations) if chosen else {},
    }
