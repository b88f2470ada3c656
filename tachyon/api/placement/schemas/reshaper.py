"""Schemas of the reshaper."""

from tachyon.api import validation
from tachyon.api.placement.schemas import allocations
from tachyon.api.placement.schemas import common
from tachyon.api.placement.schemas import inventories

POST: common.Variants = {
    since: validation.Schema(common.closed(
        ("inventories", "allocations"), allocations=consumers,
        inventories={
            "type": "object",
            "minProperties": 1,
            "patternProperties": {common.UUID_KEY: inventories.ALL},
            "additionalProperties": False,
        }))
    for since, consumers in allocations.RESHAPED.items()}
