"""Parts that several resources share: names, links, errors."""

from typing import Any

from tachyon.db import models
from tachyon.instances import states

Schema = dict[str, Any]

UUID: Schema = {
    "type": "string", "minLength": 36, "maxLength": 36,
    "pattern": "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"}
FLAVOR_NAME: Schema = {
    "type": "string", "minLength": 1, "maxLength": 255,
    "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}
# Free text of one line: no control characters.
TEXT: Schema = {
    "type": "string", "minLength": 1, "maxLength": 255,
    "pattern": "^[^\\x00-\\x1f\\x7f]+$"}
# Ids that others make, such as ``req-<uuid>``.
TOKEN: Schema = {
    "type": "string", "minLength": 1, "maxLength": 255,
    "pattern": "^[A-Za-z0-9._:-]+$"}
SYMBOL: Schema = {                         # resource classes and traits
    "type": "string", "minLength": 1, "maxLength": 255,
    "pattern": "^[A-Z0-9_]+$"}
TIME: Schema = {"type": "string", "format": "date-time"}
STATUS: Schema = {"type": "string",
                  "enum": [str(status) for status in states.Status]}
ACTION: Schema = {"type": "string", "enum": list(states.ACTIONS)}
LIMIT: Schema = {
    "type": "integer", "minimum": 1, "maximum": models.MAX_INT,
    "description": "Items on one page; [api] max_limit caps it."}


def ref(name: str) -> Schema:
    """Return a reference to the schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def record(properties: dict[str, Schema], optional: tuple[str, ...] = (),
           **more: Any) -> Schema:
    """Return the schema of an object with these properties and no others,
    all of them required but the optional ones."""
    return {"type": "object", "additionalProperties": False,
            "properties": properties,
            "required": [name for name in properties
                         if name not in optional], **more}


def array(items: Schema, most: int | None = None, **more: Any) -> Schema:
    schema: Schema = {"type": "array", "items": items, **more}
    return schema if most is None else {**schema, "maxItems": most}


SCHEMAS: dict[str, Schema] = {
    "Link": record({
        "rel": {"type": "string"},
        "href": {"type": "string", "format": "uri-reference"}}),
    "Index": record({
        "version": {"type": "string"},
        "links": array(ref("Link"))}),
    "OpenAPI": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Errors": record({"errors": array(ref("Error"), minItems=1)}),
    "Error": {
        "type": "object",
        "properties": {
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "title": {"type": "string"},
            "detail": {"type": "string",
                       "description": "What is wrong, for people to read."},
            "code": {"type": "string",
                     "description": "What is wrong, for programs."},
            "request_id": {"type": "string"},
            "field": {"type": "string",
                      "description": "Where in the request it is wrong."},
            "state": {**STATUS, "description":
                      "The state that does not allow the action."},
            "task": {**ACTION, "enum": [*ACTION["enum"], "create"],
                     "description": "The action under way."},
            "allowed_actions": array(ACTION, description=(
                "What the instance allows now.")),
        },
        "required": ["status", "title", "detail", "code"],
    },
}
