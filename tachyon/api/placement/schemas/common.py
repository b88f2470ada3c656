"""What several schemas are made of."""

from collections.abc import Mapping
from typing import Any

from tachyon.api import validation
from tachyon.db import models

MAX_INT = models.MAX_INT
MAX_FLOAT = 3.40282e+38            # of single precision

NAME = "^[A-Z0-9_]+$"
CUSTOM_NAME = "^CUSTOM_[A-Z0-9_]+$"
UUID_KEY = "^[0-9a-fA-F-]{36}$"

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
UUID = {"type": "string", "format": "uuid"}
IDENTIFIER = {"type": "string", "minLength": 1, "maxLength": 255}

Variants = dict[str, validation.Schema]


def closed(required: tuple[str, ...], /, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object with these properties and no others."""
    schema: dict[str, Any] = {"type": "object", "properties": properties,
                              "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return schema


def growing(required: tuple[str, ...],
            steps: Mapping[str, Mapping[str, Any]]) -> Variants:
    """Return the variants of the schema of a query string which takes, from
    each version on, these keys more; older versions come first."""
    properties: dict[str, Any] = {}
    variants = {}
    for since, added in steps.items():
        properties = {**properties, **added}
        variants[since] = validation.Schema(closed(required, **properties),
                                            strings=True)
    return variants
