"""Parts of bodies that several resources share."""

import datetime
from collections.abc import Mapping
from typing import Any

import flask


def time(value: datetime.datetime | None) -> str | None:
    """Return a time as ISO 8601, in UTC, to the second."""
    if value is None:
        return None
    return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_links(endpoint: str, query: Mapping[str, Any],
               marker: str | None) -> list[dict[str, str]]:
    """Return the links of a page: to the next one, if there is one."""
    if marker is None:
        return []
    values: dict[str, Any] = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.items()}
    values["marker"] = marker
    return [{"rel": "next", "href": flask.url_for(endpoint, **values)}]
