"""Schemas of aggregates."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

PUT_V1_19 = validation.Schema(common.closed(
    ("aggregates", "resource_provider_generation"),
    aggregates={"type": "array", "items": common.UUID, "uniqueItems": True},
    resource_provider_generation=common.INTEGER))
