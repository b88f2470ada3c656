"""Services: Tachyon's own daemons."""

from tachyon.api.v1.schemas import common

_STATUS: common.Schema = {
    "type": "string", "enum": ["enabled", "disabled"],
    "description": "A disabled service gets no new work."}

SCHEMAS: dict[str, common.Schema] = {
    "ServiceUpdate": common.record(
        {"status": _STATUS, "disabled_reason": common.nullable(common.TEXT)},
        optional=("disabled_reason",),
        examples=[{"status": "disabled", "disabled_reason": "new memory"}]),
    "Service": common.record({
        "id": common.TOKEN,
        "host": {"type": "string"},
        "binary": {"type": "string"},
        "serves": common.array({"type": "string"}, description=(
            "Glob patterns of the hosts whose instances it handles.")),
        "status": _STATUS,
        "disabled_reason": common.nullable({"type": "string"}),
        "state": {"type": "string", "enum": ["up", "down"], "description": (
            "Down: silent for longer than [DEFAULT] service_down_time.")},
        "last_seen": common.TIME,
    }),
    "Services": common.record(
        {"services": common.array(common.ref("Service"))}),
}
