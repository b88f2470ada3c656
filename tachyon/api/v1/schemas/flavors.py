"""Flavors: named sizes of instances."""

from tachyon.api.v1.schemas import common
from tachyon.db import models

_SIZES: dict[str, common.Schema] = {
    "vcpus": {"type": "integer", "minimum": 1, "maximum": models.MAX_INT},
    "memory_mb": {"type": "integer", "minimum": 1, "maximum": models.MAX_INT,
                  "description": "In MiB."},
    "disk_gb": {"type": "integer", "minimum": 0, "maximum": models.MAX_INT,
                "description": "In GiB."},
}

SCHEMAS: dict[str, common.Schema] = {
    "FlavorCreate": common.record(
        {"name": common.FLAVOR_NAME, **_SIZES},
        examples=[{"name": "m1.huge", "vcpus": 16, "memory_mb": 32768,
                   "disk_gb": 320}]),
    "Flavor": common.record(
        {"name": common.FLAVOR_NAME, **_SIZES, "created_at": common.TIME}),
    "Flavors": common.record(
        {"flavors": common.array(common.ref("Flavor"))}),
}
