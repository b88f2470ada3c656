"""Schemas of allocations and usages."""

from collections.abc import Mapping
from typing import Any

from tachyon.api import validation
from tachyon.api.placement.schemas import allocation_candidates
from tachyon.api.placement.schemas import common

_RESOURCES = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {common.NAME: {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
_OWNER = {"project_id": common.IDENTIFIER, "user_id": common.IDENTIFIER}
_GENERATION = {"consumer_generation": {"type": ["integer", "null"]}}
_TYPE = {"consumer_type": {**common.IDENTIFIER, "pattern": common.NAME}}
# What allocation candidates say of groups can be sent back; it is not kept.
_MAPPINGS = {"mappings": {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {allocation_candidates.SUFFIX: {
        "type": "array", "minItems": 1, "items": common.UUID}},
}}


def _listed(**owner: Any) -> validation.Schema:
    """Return the schema of a consumer, its providers being a list."""
    provider = common.closed(("uuid",), uuid=common.UUID)
    return validation.Schema(common.closed(
        ("allocations", *owner), **owner, allocations={
            "type": "array",
            "minItems": 1,
            "items": common.closed(
                ("resource_provider", "resources"),
                resource_provider=provider, resources=_RESOURCES),
        }))


def _consumer(required: Mapping[str, Any], optional: Mapping[str, Any],
              providers_min: int = 0) -> dict[str, Any]:
    """Return the schema of a consumer, its providers being the keys of an
    object."""
    needed = {"allocations": {
        "type": "object",
        "minProperties": providers_min,
        "patternProperties": {common.UUID_KEY: common.closed(
            ("resources",), resources=_RESOURCES,
            generation=common.INTEGER)},
        "additionalProperties": False,
    }, **_OWNER, **required}
    return common.closed(tuple(needed), **needed, **optional)


_CONSUMERS = {
    "1.13": _consumer({}, {}),
    "1.28": _consumer(_GENERATION, {}),
    "1.34": _consumer(_GENERATION, _MAPPINGS),
    "1.38": _consumer({**_GENERATION, **_TYPE}, _MAPPINGS),
}


def several(consumer: Mapping[str, Any], least: int) -> dict[str, Any]:
    """Return the schema of consumers by uuid."""
    return {"type": "object",
            "minProperties": least,
            "patternProperties": {common.UUID_KEY: consumer},
            "additionalProperties": False}


# Consumers of a reshaper, which may be none at all.
RESHAPED = {since: several(consumer, 0)
            for since, consumer in _CONSUMERS.items() if since != "1.13"}

PUT: common.Variants = {
    "1.0": _listed(),
    "1.8": _listed(**_OWNER),
    "1.12": validation.Schema(_consumer({}, {}, 1)),
    **{since: validation.Schema(consumer)
       for since, consumer in _CONSUMERS.items() if since != "1.13"},
}
POST: common.Variants = {
    since: validation.Schema(several(consumer, 1))
    for since, consumer in _CONSUMERS.items()}

USAGES = common.growing(("project_id",), {
    "1.9": _OWNER,
    # Anything that begins with "all" is let through, as in Placement.
    "1.38": {"consumer_type": {
        **common.IDENTIFIER, "pattern": f"{common.NAME}|^all|^unknown$"}},
})
