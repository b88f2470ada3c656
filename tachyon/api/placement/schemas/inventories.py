"""Schemas of inventories."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

_FIELDS = {
    "total": {"type": "integer", "minimum": 1, "maximum": common.MAX_INT},
    "reserved": {"type": "integer", "minimum": 0, "maximum": common.MAX_INT},
    "min_unit": {"type": "integer", "minimum": 1, "maximum": common.MAX_INT},
    "max_unit": {"type": "integer", "minimum": 1, "maximum": common.MAX_INT},
    "step_size": {"type": "integer", "minimum": 1,
                  "maximum": common.MAX_INT},
    "allocation_ratio": {"type": "number", "maximum": common.MAX_FLOAT},
    "resource_provider_generation": common.INTEGER,
}

POST = validation.Schema(common.closed(
    ("total", "resource_class"), **_FIELDS,
    resource_class={"type": "string", "pattern": common.NAME}))
PUT = validation.Schema(common.closed(
    ("total", "resource_provider_generation"), **_FIELDS))
ALL = common.closed(
    ("resource_provider_generation", "inventories"),
    resource_provider_generation=common.INTEGER,
    inventories={
        "type": "object",
        "patternProperties": {
            common.NAME: common.closed(("total",), **_FIELDS)},
        "additionalProperties": False,
    })
PUT_ALL = validation.Schema(ALL)
