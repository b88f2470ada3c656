"""Schemas of queries for allocation candidates."""

from typing import Any

from tachyon.api import validation
from tachyon.api.placement.schemas import common

# What comes behind the key of a group to tell it from others.
NUMBER = "[1-9][0-9]*"
SUFFIX = "[a-zA-Z0-9_-]{1,64}"             # since 1.33
GROUP_KEYS = ("resources", "required", "member_of", "in_tree")

_LIMIT = {"limit": {"type": "string", "pattern": "^[1-9][0-9]*$",
                    "minLength": 1}}


def _grouped(keys: tuple[str, ...], suffix: str,
             **others: Any) -> validation.Schema:
    """Return the schema of a query with these keys in any of its groups."""
    return validation.Schema({
        **common.closed((), **_LIMIT, **others, group_policy={
            "type": "string", "enum": ["none", "isolate"]}),
        "patternProperties": {f"^{key}({suffix})?$": common.STRING
                              for key in keys},
    }, strings=True)


LIST: common.Variants = {
    **common.growing(("resources",), {
        "1.10": {"resources": common.STRING},
        "1.16": _LIMIT,
        "1.17": {"required": common.STRING},
        "1.21": {"member_of": common.STRING},
    }),
    "1.25": _grouped(GROUP_KEYS[:3], NUMBER),
    "1.31": _grouped(GROUP_KEYS, NUMBER),
    "1.33": _grouped(GROUP_KEYS, SUFFIX),
    "1.35": _grouped(GROUP_KEYS, SUFFIX, root_required=common.STRING),
    "1.36": _grouped(GROUP_KEYS, SUFFIX, root_required=common.STRING,
                     same_subtree=common.STRING),
}
