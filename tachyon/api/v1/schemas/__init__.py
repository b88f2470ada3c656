"""What bodies look like: JSON Schema, 2020-12.

The same schemas validate requests and make up the OpenAPI document. They
refer to each other by ``#/components/schemas/<name>``.
"""

from typing import Any

from tachyon.api.v1.schemas import common
from tachyon.api.v1.schemas import explain
from tachyon.api.v1.schemas import flavors
from tachyon.api.v1.schemas import instances
from tachyon.api.v1.schemas import requests
from tachyon.api.v1.schemas import services

SCHEMAS: dict[str, dict[str, Any]] = {
    name: schema
    for module in (common, explain, flavors, instances, requests, services)
    for name, schema in module.SCHEMAS.items()}
