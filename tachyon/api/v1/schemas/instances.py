"""Instances: what can be asked for, and what there is."""

from tachyon.api.v1.schemas import common
from tachyon.db import models

_TRAITS = common.array(common.SYMBOL, 256)

# The part of a wish that an instance shows again, resolved.
SPEC: dict[str, common.Schema] = {
    "resources": {
        "type": "object", "maxProperties": 64,
        "propertyNames": common.SYMBOL,
        "additionalProperties": {
            "type": "integer", "minimum": 0, "maximum": models.MAX_INT},
        "description": (
            "Amounts by resource class. In a request they replace, or add "
            "to, those of the flavor; 0 takes a class out."),
    },
    "required_traits": {
        **_TRAITS, "description": "The host has all of these."},
    "forbidden_traits": {
        **_TRAITS, "description": "The host has none of these."},
    "preferred_traits": {
        **_TRAITS, "description": "Hosts with more of these rank higher."},
    "avoided_traits": {
        **_TRAITS, "description": "Hosts with more of these rank lower."},
    "aggregates": common.array(common.UUID, 256, description=(
        "The host is in at least one of these; empty: anywhere.")),
    "scheduler_hints": {
        "type": "object", "maxProperties": 64,
        "propertyNames": common.TOKEN,
        "additionalProperties": {"type": "string", "maxLength": 1024},
        "description": "Wishes that scheduler plug-ins understand.",
    },
}

WISH: dict[str, common.Schema] = {
    "name": {**common.TEXT, "description": (
        "Need not be unique. [instances] max_name_length may allow less.")},
    "flavor": common.FLAVOR_NAME,
    "image": common.TEXT,
    **SPEC,
}

EXAMPLE = {"name": "web-1", "flavor": "m1.small", "image": "ubuntu-24.04",
           "required_traits": ["HW_CPU_X86_AVX2"]}

SCHEMAS: dict[str, common.Schema] = {
    "InstanceCreate": common.record(
        WISH, optional=tuple(SPEC), examples=[EXAMPLE]),
    "ActionRequest": common.record(
        {"action": common.ACTION}, examples=[{"action": "start"}]),
    "Instance": common.record({
        "id": common.UUID,
        "name": common.TEXT,
        "flavor": common.FLAVOR_NAME,
        "image": common.TEXT,
        "status": common.STATUS,
        "task": {**common.nullable({"type": "string"}), "description": (
            "The action under way, or null.")},
        "host": {**common.nullable({"type": "string"}), "description": (
            "Where it landed; null if nowhere, or not yours to see.")},
        "ip_address": common.nullable({"type": "string"}),
        "fault": {**common.nullable({"type": "string"}), "description": (
            "Why it is, or was, in ERROR.")},
        "request_id": {"type": "string", "description": (
            "The request that created it: see /requests/{id}.")},
        **SPEC,
        "project_id": {"type": "string"},
        "user_id": {"type": "string"},
        "created_at": common.TIME,
        "updated_at": common.TIME,
        "deleted_at": common.nullable(common.TIME),
    }),
    "Instances": common.record({
        "instances": common.array(common.ref("Instance")),
        "links": common.array(common.ref("Link"), description=(
            "A link ``next`` unless this is the last page.")),
    }),
}
