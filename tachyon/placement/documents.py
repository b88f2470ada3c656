"""The parts of an Explain document that the placement plane fills, and its
size. ``tachyon.scheduler.explain`` tells of the whole."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from tachyon.placement import query as query_module
from tachyon.placement import reasons

VERSION = 1

# Reasons that the summary line names; the others are added up.
SUMMARY_REASONS = 6


def counts(stages: Iterable[reasons.Stage]
           ) -> list[tuple[reasons.Reason, int]]:
    """Return how many hosts went for each reason, most first."""
    found: dict[str, tuple[reasons.Reason, int]] = {}
    for stage in stages:
        for reason, count in stage.removed:
            _, before = found.get(reason.text(), (reason, 0))
            found[reason.text()] = (reason, before + count)
    return sorted(found.values(), key=lambda each: -each[1])


def count_words(stages: Sequence[reasons.Stage]) -> list[str]:
    """Return the counts in words, such as ``300 short of VCPU``."""
    found = counts(stages)
    parts = [f"{count} {reason.text()}"
             for reason, count in found[:SUMMARY_REASONS]]
    rest = sum(count for _, count in found[SUMMARY_REASONS:])
    if rest:
        parts.append(f"{rest} for other reasons")
    return parts


def stage(stage: reasons.Stage, limit: int) -> dict[str, Any]:
    """Return a row of the funnel, with so many names a reason at most."""
    examples: Iterable[tuple[str, ...]] = (
        stage.examples or ((),) * len(stage.removed))
    return {"stage": stage.name, "before": stage.before, "after": stage.after,
            "removed": [{**reason.to_dict(), "count": count,
                         "examples": list(names[:limit])}
                        for (reason, count), names
                        in zip(stage.removed, examples, strict=True)]}


def query(query: query_module.Query) -> dict[str, Any]:
    """Return a query in JSON's terms."""
    groups = [{
        "suffix": group.suffix,
        "resources": dict(group.resources),
        "required": sorted(group.required),
        "required_any": [sorted(each) for each in group.required_any],
        "forbidden": sorted(group.forbidden),
        "member_of": [sorted(each) for each in group.member_of],
        "forbidden_aggregates": sorted(group.forbidden_aggregates),
        "in_tree": group.in_tree,
    } for group in query.groups]
    return {"groups": groups, "group_policy": query.group_policy,
            "same_subtree": [sorted(each) for each in query.same_subtree],
            "root_required": sorted(query.root_required),
            "root_forbidden": sorted(query.root_forbidden),
            "limit": query.limit}


# ------------------------------------------------------------------ its size
def fit(made: dict[str, Any], max_bytes: int) -> dict[str, Any]:
    """Return the document with as many of its lists as ``max_bytes`` of JSON
    allow; what matters least goes first, and ``limits`` tells what went."""
    if len(orjson.dumps(made)) <= max_bytes:
        return made
    dropped: list[str] = []
    made["limits"] = {**made["limits"], "explain_max_bytes": max_bytes,
                      "dropped": dropped}
    for name in ("scores", "nearest", "conflicts", "hosts", "capacity.hosts",
                 "funnel.examples", "inputs.query", "inputs.scheduler_hints",
                 "funnel", "inputs", "allocations"):
        if name == "capacity.hosts" and "capacity" not in made:
            continue
        dropped.append(name)
        _drop(made, name)
        if len(orjson.dumps(made)) <= max_bytes:
            return made
    made["summary"] = made["summary"][:max_bytes // 8]
    made["reason"] = None
    return made


def _drop(made: dict[str, Any], name: str) -> None:
    head, _, tail = name.partition(".")
    if name == "funnel.examples":
        made["funnel"] = [
            {**stage, "removed": [{**each, "examples": []}
                                  for each in stage["removed"]]}
            for stage in made["funnel"]]
    elif name == "capacity.hosts":
        found = made["capacity"]
        made["capacity"] = {**found, "hosts": [], "truncated": bool(
            found["truncated"] or found["hosts"])}
    elif tail:
        made[head] = {key: value for key, value in made[head].items()
                      if key != tail}
    else:
        made[head] = type(made[head])() if made[head] is not None else None
