"""Schemas of queries for allocation candidates."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

GROUP_KEYS = ("resources", "required", "member_of", "in_tree")

LIST_V1_36 = validation.Schema({
    "type": "object",
    "properties": {
        "limit": {"type": "string", "pattern": "^[1-9][0-9]*$",
                  "minLength": 1},
        "group_policy": {"type": "string", "enum": ["none", "isolate"]},
        "root_required": common.STRING,
        "same_subtree": common.STRING,
    },
    "patternProperties": {
        f"^{key}({common.SUFFIX})?$": common.STRING for key in GROUP_KEYS},
    "additionalProperties": False,
}, strings=True)
