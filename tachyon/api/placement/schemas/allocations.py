"""Schemas of allocations and usages."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

_RESOURCES = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {common.NAME: {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
_CONSUMER_V1_38 = common.closed(
    ("allocations", "project_id", "user_id", "consumer_generation",
     "consumer_type"),
    allocations={
        "type": "object",
        "patternProperties": {common.UUID_KEY: common.closed(
            ("resources",), resources=_RESOURCES,
            generation=common.INTEGER)},
        "additionalProperties": False,
    },
    project_id=common.IDENTIFIER,
    user_id=common.IDENTIFIER,
    consumer_generation={"type": ["integer", "null"]},
    consumer_type={**common.IDENTIFIER, "pattern": common.NAME},
    # What allocation candidates say of groups can be sent back; it is not
    # kept.
    mappings={
        "type": "object",
        "minProperties": 1,
        "patternProperties": {common.SUFFIX: {
            "type": "array", "minItems": 1, "items": common.UUID}},
    })

PUT_V1_38 = validation.Schema(_CONSUMER_V1_38)
POST_V1_38 = validation.Schema({
    "type": "object",
    "minProperties": 1,
    "patternProperties": {common.UUID_KEY: _CONSUMER_V1_38},
    "additionalProperties": False,
})
USAGES_V1_38 = validation.Schema(common.closed(
    ("project_id",), project_id=common.IDENTIFIER,
    user_id=common.IDENTIFIER,
    consumer_type={**common.IDENTIFIER,
                   "pattern": f"{common.NAME}|^all$|^unknown$"}),
    strings=True)
