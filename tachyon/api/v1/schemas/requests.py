"""Requests: what was decided, and why."""

from tachyon.api.v1.schemas import common

_SUMMARY: dict[str, common.Schema] = {
    "id": common.TOKEN,
    "consumer": {"type": "string", "description": "The instance's id."},
    "project_id": {"type": "string"},
    "verdict": {"type": "string"},
    "summary": {"type": "string", "description": "The decision in a line."},
    "created_at": common.TIME,
}

SCHEMAS: dict[str, common.Schema] = {
    "ExplainDocument": {"type": "object"},
    "Request": {
        "type": "object", "properties": _SUMMARY, "required": [*_SUMMARY],
        "allOf": [common.ref("ExplainDocument")]},
    "Requests": common.record({
        "requests": common.array(common.record(_SUMMARY)),
        "links": common.array(common.ref("Link"), description=(
            "A link ``next`` unless this is the last page.")),
    }),
}
