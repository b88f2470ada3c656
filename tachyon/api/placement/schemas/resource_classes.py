"""Schemas of resource classes."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

POST = validation.Schema(common.closed(
    ("name",), name={"type": "string", "pattern": common.CUSTOM_NAME,
                     "maxLength": 255}))
