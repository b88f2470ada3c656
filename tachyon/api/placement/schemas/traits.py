"""Schemas of traits."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

NAME = validation.Schema({**common.IDENTIFIER,
                          "pattern": common.CUSTOM_NAME})
LIST = validation.Schema(common.closed(
    (), name=common.STRING, associated=common.STRING), strings=True)
PUT_PROVIDER = validation.Schema(common.closed(
    ("traits", "resource_provider_generation"),
    traits={"type": "array", "items": common.IDENTIFIER},
    resource_provider_generation=common.INTEGER))
