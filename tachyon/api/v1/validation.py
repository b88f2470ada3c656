"""Requests are held to the schemas that the OpenAPI document shows.

Errors name the field: ``resources.VCPU``, ``required_traits.3``.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import referencing
from jsonschema import protocols
from referencing import jsonschema as specifications

from tachyon import exception
from tachyon.api import validation as api_validation
from tachyon.api.v1 import schemas

_URI = "urn:tachyon:v1"
# Of what a caller sent, so much is told back.
_LONGEST_REASON = 300

_REGISTRY: referencing.Registry[Any] = referencing.Registry().with_resource(
    _URI, specifications.DRAFT202012.create_resource(
        {"components": {"schemas": schemas.SCHEMAS}}))


@functools.cache
def _named(name: str) -> protocols.Validator:
    return api_validation.Validator(
        {"$ref": f"{_URI}#/components/schemas/{name}"}, registry=_REGISTRY)


def check(name: str, value: Any) -> Any:
    """Return a value that fits the schema of this name, with whole floats
    made integers: to JSON Schema ``2.0`` is one.

    :raises ValidationError:
    """
    try:
        _raise_first(_named(name).iter_errors(value), "body")
        return api_validation.integers(value)
    except RecursionError:
        raise exception.ValidationError(
            field="body", reason="nested too deeply.") from None


class Strings:
    """The schemas of parameters of a URL, by name."""

    def __init__(self, schema_by_name: Mapping[str, Mapping[str, Any]]):
        self._schemas = schema_by_name
        self._validator = api_validation.Validator({
            "type": "object", "properties": schema_by_name,
            "additionalProperties": False})

    def check(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return parameters as what their schemas say they are.

        :raises ValidationError:
        """
        typed = {name: _typed(name, self._schemas.get(name, {}), value)
                 for name, value in values.items()}
        if typed:
            _raise_first(self._validator.iter_errors(typed), "query")
        return typed


def _typed(name: str, schema: Mapping[str, Any], value: str) -> Any:
    match schema.get("type"):
        case "integer":
            if re.fullmatch(r"-?[0-9]{1,20}", value):
                return int(value)
            raise exception.ValidationError(field=name,
                                            reason="not an integer.")
        case "boolean":
            if value in ("true", "false"):
                return value == "true"
            raise exception.ValidationError(field=name,
                                            reason="not true or false.")
    return value


def _raise_first(errors: Iterator[jsonschema.ValidationError],
                 whole: str) -> None:
    error = next(errors, None)
    if error is None:
        return
    path = [str(part) for part in error.absolute_path]
    reason = error.message
    if error.validator == "required":
        path.append(next(name for name in error.validator_value
                         if name not in error.instance))
        reason = "it is required."
    elif error.validator == "additionalProperties":
        path.append(min(set(error.instance) - set(error.schema["properties"])))
        reason = "there is no such field."
    elif "propertyNames" in error.absolute_schema_path:
        path.append(error.instance)
    field = ".".join(path)[:_LONGEST_REASON] or whole
    if len(reason) > _LONGEST_REASON:
        reason = reason[:_LONGEST_REASON] + " ..."
    raise exception.ValidationError(field=field, reason=reason)

