"""Bodies and query strings of the Placement API are held to JSON schemas."""

import functools
import re
from collections.abc import Iterator
from typing import Any
from urllib import parse

import flask
import jsonschema
import orjson
from jsonschema import exceptions
from oslo_utils import uuidutils
from werkzeug import datastructures

from tachyon.api import errors

Query = datastructures.MultiDict[str, str]

# Above this size an error says what is wrong, not also what the schema is
# and what was found: both are printed, and that takes time.
_FULL_ERROR_BYTES = 65536
_LONGEST_ERROR = 2000

_BODY_FORMATS = jsonschema.FormatChecker(formats=())
_BODY_FORMATS.checks("uuid")(uuidutils.is_uuid_like)
_QUERY_FORMATS = jsonschema.FormatChecker(formats=("uuid",))


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any
             ) -> Iterator[exceptions.ValidationError]:
    # To JSON Schema "$" is the very end; to Python, before a last newline
    # as well.
    if isinstance(instance, str) and not re.search(
            pattern.replace("$", r"\Z"), instance):
        yield exceptions.ValidationError(
            f"{instance!r} does not match {pattern!r}")


# Of JSON Schema, 2020-12.
Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": _pattern})


class Schema:
    """A JSON schema, compiled at first use.

    ``strings``: it is one of a query string.
    """

    def __init__(self, schema: dict[str, Any], strings: bool = False):
        self.schema = schema
        self.strings = strings

    def find_error(self, data: Any) -> exceptions.ValidationError | None:
        """Return the most telling error of data, None if there is none."""
        return exceptions.best_match(self._validator.iter_errors(data))

    @functools.cached_property
    def _validator(self) -> Any:
        formats = _QUERY_FORMATS if self.strings else _BODY_FORMATS
        return Validator(self.schema, format_checker=formats)


def read_body(schema: Schema) -> Any:
    """Return the body of the current request, as its schema wants it.

    Whole floats come as integers: to JSON Schema ``2.0`` is one.

    :raises Problem: 400
    """
    body = flask.request.get_data(cache=False)
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise errors.Problem(400, f"Malformed JSON: {error}") from None
    check(schema, data, full=len(body) <= _FULL_ERROR_BYTES)
    return integers(data)


def check(schema: Schema, data: Any, full: bool = True) -> None:
    """Return if data is what the schema wants.

    :raises Problem: 400
    """
    try:
        error = schema.find_error(data)
        if error is None:
            return
        text = str(error) if full else error.message[:_LONGEST_ERROR]
    except RecursionError:
        # The parser takes more nesting than there is stack to print it.
        text = "it is nested too deeply."
    raise errors.Problem(400, f"JSON does not validate: {text}")


def read_query(schema: Schema) -> Query:
    """Return the query string of the current request.

    Of a key that is given more than once, the last one is looked at.

    :raises Problem: 400
    """
    try:
        query = Query(parse.parse_qsl(
            flask.request.query_string.decode("ascii"),
            keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise errors.Problem(
            400, f"Invalid query string parameters: {error}") from None
    last = {key: values[-1] for key, values in query.lists()}
    wrong = schema.find_error(last)
    if wrong is not None:
        raise errors.Problem(
            400, f"Invalid query string parameters: {wrong}")
    return query


def integers(value: Any) -> Any:
    """Return JSON with its whole floats made integers."""
    match value:
        case dict():
            return {key: integers(item) for key, item in value.items()}
        case list():
            return [integers(item) for item in value]
        case float() if value.is_integer():
            return int(value)
    return value
