"""Schemas of aggregates."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

_UUIDS = {"type": "array", "items": common.UUID, "uniqueItems": True}

PUT: common.Variants = {
    "1.1": validation.Schema(_UUIDS),
    "1.19": validation.Schema(common.closed(
        ("aggregates", "resource_provider_generation"), aggregates=_UUIDS,
        resource_provider_generation=common.INTEGER)),
}
