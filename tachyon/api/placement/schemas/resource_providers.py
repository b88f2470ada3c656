"""Schemas of resource providers."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

_NAME = {"type": "string", "maxLength": 200, "minLength": 1}
_PARENT = {"anyOf": [common.UUID, {"type": "null"}]}

POST = validation.Schema(common.closed(
    ("name",), name=_NAME, uuid=common.UUID, parent_provider_uuid=_PARENT))
PUT = validation.Schema(common.closed(
    ("name",), name=_NAME, parent_provider_uuid=_PARENT))
LIST = validation.Schema(common.closed(
    (), name=common.STRING, uuid=common.UUID, in_tree=common.UUID,
    member_of=common.STRING, required=common.STRING,
    resources=common.STRING), strings=True)
