"""Dry runs: what can be asked about. What is answered is in ``requests``."""

from typing import Any

from tachyon.api.v1.schemas import common
from tachyon.api.v1.schemas import instances
from tachyon.db import models

_QUESTION: dict[str, common.Schema] = {
    "hosts": common.array(common.TEXT, 100, description=(
        "Hosts by name of which every single reason is wanted.")),
    "capacity": {"type": "boolean", "default": False, "description": (
        "Whether to tell how many more of these fit, and where.")},
}
_AMOUNT: common.Schema = {"type": "integer", "minimum": 0,
                          "maximum": models.MAX_INT}
_KEY: common.Schema = {"type": "string", "minLength": 1, "maxLength": 255}
_VALUE: common.Schema = {"type": "string", "maxLength": 4096}


def _optional(properties: dict[str, common.Schema], *required: str,
              **more: Any) -> common.Schema:
    """Return the schema of an object that needs to have only some of its
    properties."""
    return common.record(properties, tuple(
        name for name in properties if name not in required), **more)


def _by_key(values: common.Schema, description: str) -> common.Schema:
    return {"type": "object", "maxProperties": 256, "propertyNames": _KEY,
            "additionalProperties": values, "description": description}


_FLAVOR = _optional({
    "name": common.TEXT,
    "vcpus": _AMOUNT,
    "memory_mb": _AMOUNT,
    "root_gb": _AMOUNT,
    "ephemeral_gb": _AMOUNT,
    "swap": {**_AMOUNT, "description": "MiB."},
    "extra_specs": _by_key(_VALUE, "As the flavor has them."),
}, "vcpus", "memory_mb")

_IMAGE = _optional({
    "name": common.TEXT,
    "disk_format": common.TOKEN,
    "min_disk": {**_AMOUNT, "description": "GiB."},
    "min_ram": {**_AMOUNT, "description": "MiB."},
    "properties": _by_key(
        {"type": ["string", "integer", "boolean"], "maxLength": 4096,
         "minimum": -models.MAX_INT, "maximum": models.MAX_INT},
        "As the image has them: ``hw_...``, ``img_...``, ``trait:...``."),
})

_SERVER = _optional({
    "flavor": _FLAVOR,
    "image": {**_IMAGE, "type": ["object", "null"]},
    "volume_backed": {"type": "boolean", "description": (
        "Whether its root disk is a volume.")},
    "hints": _by_key(
        {"type": ["string", "array"], "maxLength": 4096,
         "items": _VALUE, "maxItems": 256}, "Scheduler hints."),
    "availability_zone": common.TEXT,
    "host": {**common.TEXT, "description": (
        "The service host that is requested; filters are asked.")},
    "node": {**common.TEXT, "description": "The same, of its nodes."},
    "force_host": {**common.TEXT, "description": (
        "The service host that is forced, whatever filters say.")},
    "force_node": {**common.TEXT, "description": "The same, of its nodes."},
    "ignore_hosts": common.array(common.TEXT, 1000, description=(
        "Service hosts that it must not be on.")),
    "project_id": common.TOKEN,
    "user_id": common.TOKEN,
}, "flavor")

SCHEMAS: dict[str, common.Schema] = {
    "ExplainRequest": common.record(
        {**instances.WISH, **_QUESTION},
        optional=(*instances.SPEC, *_QUESTION),
        examples=[{**instances.EXAMPLE, "hosts": ["host-0001"]}]),
    "ExplainServerRequest": _optional(
        {"server": {**_SERVER, "description": "A server of Nova's."},
         **_QUESTION}, "server",
        examples=[{"server": {
            "flavor": {"vcpus": 4, "memory_mb": 8192, "root_gb": 40,
                       "extra_specs": {"trait:HW_CPU_X86_AVX512F":
                                       "required"}},
            "image": {"properties": {"hw_machine_type": "q35"}},
            "availability_zone": "az-1"}, "capacity": True}]),
    "ExplainSpecRequest": _optional(
        {"request_spec": {
            "type": "object", "additionalProperties": {},
            "description": "A RequestSpec as Nova's conductor sends it: "
                           "``nova_object.name``, ``nova_object.data``..."},
         **_QUESTION}, "request_spec"),
}
