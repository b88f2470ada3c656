"""Schemas of resource providers."""

from tachyon.api import validation
from tachyon.api.placement.schemas import common

_NAME = {"type": "string", "maxLength": 200, "minLength": 1}
_PARENT = {"parent_provider_uuid": {"anyOf": [common.UUID,
                                              {"type": "null"}]}}

POST: common.Variants = {
    "1.0": validation.Schema(common.closed(
        ("name",), name=_NAME, uuid=common.UUID)),
    "1.14": validation.Schema(common.closed(
        ("name",), name=_NAME, uuid=common.UUID, **_PARENT)),
}
PUT: common.Variants = {
    "1.0": validation.Schema(common.closed(("name",), name=_NAME)),
    "1.14": validation.Schema(common.closed(
        ("name",), name=_NAME, **_PARENT)),
}
LIST = common.growing((), {
    "1.0": {"name": common.STRING, "uuid": common.UUID},
    "1.3": {"member_of": common.STRING},
    "1.4": {"resources": common.STRING},
    "1.14": {"in_tree": common.UUID},
    "1.18": {"required": common.STRING},
})
