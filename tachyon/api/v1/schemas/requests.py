"""Requests: what was decided, and why.

The document is made by the scheduler, and may hold more than is told here.
"""

from typing import Any

from tachyon.api.v1.schemas import common

_TEXT: common.Schema = {"type": "string"}
_MAYBE: common.Schema = {"type": ["string", "null"]}
_COUNT: common.Schema = {"type": "integer", "minimum": 0}
_NUMBER: common.Schema = {"type": "number"}
_REASON: dict[str, common.Schema] = {
    "code": {"type": "string", "description": "Stable, for programs."},
    "params": {"type": "object", "description": "What the code speaks of."},
    "text": {"type": "string", "description": "For people to read."},
}


def _part(properties: dict[str, common.Schema], **more: Any
          ) -> common.Schema:
    """Return the schema of an object that has these properties at least."""
    return {"type": "object", "properties": properties,
            "required": [*properties], **more}


_REASONS = common.array(common.ref("Reason"))
_SCORE: dict[str, common.Schema] = {
    "rank": {"type": ["integer", "null"], "description": "1 is the best."},
    "weight": _NUMBER,
    "weighers": {
        "type": "object",
        "additionalProperties": _part({
            "raw": _NUMBER, "normalised": _NUMBER, "weighted": _NUMBER}),
        "description": "The score of each weigher."},
}

_KEYS: dict[str, common.Schema] = {
    "request_id": _MAYBE,
    "consumer_uuid": {"type": ["string", "null"],
                      "description": "The instance; null in a dry run."},
    "project_id": _MAYBE,
    "verdict": {"type": "string", "description": (
        "scheduled, no_candidates, all_filtered, claim_conflict, "
        "retries_exhausted, bad_request or backend_error; of a query "
        "candidates or no_candidates.")},
    "summary": {"type": "string", "description": "The decision in a line."},
}

_DOCUMENT: dict[str, common.Schema] = {
    "version": {"type": "integer", "description": "Of this form."},
    **_KEYS,
    "dry_run": {"type": "boolean"},
    "attempt": _COUNT,
    "reason": {"anyOf": [common.ref("Reason"), {"type": "null"}],
               "description": "What was in the way; null if scheduled."},
    "host": {"type": ["string", "null"], "description": "The chosen one."},
    "service": {"type": ["string", "null"], "description": (
        "Which compute runs it there.")},
    "allocations": {
        "type": ["array", "null"],
        "items": _part({
            "provider": _TEXT, "uuid": _TEXT,
            "resources": {"type": "object",
                          "additionalProperties": _COUNT}})},
    "tries": {**_COUNT, "description": "Claims that were tried."},
    "conflicts": common.array(_part({"host": _TEXT, "detail": _TEXT})),
    "funnel": common.array(_part({
        "stage": _TEXT, "before": _COUNT, "after": _COUNT,
        "removed": common.array(_part({
            **_REASON, "count": _COUNT,
            "examples": common.array(_TEXT)}))}),
        description=("How many hosts each stage left; each host is counted "
                     "once, at what removed it first.")),
    "scores": common.array(
        {"type": "object", "properties": {"host": _TEXT, **_SCORE},
         "required": ["host", "rank"]},
        description="The best hosts, best first."),
    "nearest": common.array(_part({"host": _TEXT, "reasons": _REASONS}),
                            description="Hosts that nearly fitted."),
    "hosts": common.array(
        {"type": "object",
         "properties": {
             "host": _TEXT, "known": {"type": "boolean"},
             "fits": {"type": "boolean"}, "reasons": _REASONS, **_SCORE},
         "required": ["host", "known", "fits", "reasons", "rank"]},
        description="Those that were asked for, with all their reasons."),
    "limits": {"type": "object", "description": (
        "Options that shortened this document.")},
    "inputs": {"type": "object", "description": "What it was decided on."},
}

# Only in documents for which it was asked.
_CAPACITY = _part({
    "total": {**_COUNT, "description": "How many fit, all hosts together."},
    "exact": {"type": "boolean", "description": (
        "Whether so many fit, and no more.")},
    "bounds": common.array(_TEXT, description=(
        "Why it is not exact: numa_topology, pci_requests, server_group "
        "(fewer may fit); search (more may).")),
    "hosts": common.array(
        _part({"host": _TEXT, "uuid": _TEXT, "fits": _COUNT}),
        description=("Hosts that take any, the most first, and how many, if "
                     "all went there.")),
    "truncated": {"type": "boolean", "description": (
        "Whether more hosts take any than are listed.")},
}, description="How many more fit, and where; only if it was asked.")

SCHEMAS: dict[str, common.Schema] = {
    "Reason": _part(_REASON),
    "ExplainDocument": {
        **_part(_DOCUMENT),
        "properties": {**_DOCUMENT, "capacity": _CAPACITY}},
    "Request": {
        "allOf": [common.ref("ExplainDocument"),
                  _part({"created_at": common.TIME})],
        "description": (
            "What is told of single hosts is left out unless policy shows "
            "it.")},
    "Requests": common.record({
        "requests": common.array(common.record(
            {**_KEYS, "created_at": common.TIME})),
        "links": common.array(common.ref("Link"), description=(
            "A link ``next`` unless this is the last page.")),
    }),
}
