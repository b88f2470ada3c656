"""What drivers keep in place of a record's times and documents.

Times are microseconds since 1970 (UTC), documents JSON texts.
"""

import datetime
import json
import logging
from typing import Any

import orjson

LOG = logging.getLogger(__name__)

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

MAX_LIMIT = 2 ** 31 - 1


def to_time(microseconds: int) -> datetime.datetime:
    """Return the time that is kept as a number."""
    return _EPOCH + datetime.timedelta(microseconds=microseconds)


def to_time_or_none(microseconds: int | None) -> datetime.datetime | None:
    return None if microseconds is None else to_time(microseconds)


def from_time(time: datetime.datetime) -> int:
    """Return the number that a time is kept as."""
    return round(time.timestamp() * 1_000_000)


def microseconds(seconds: float) -> int:
    """Return a duration in the unit of what is kept."""
    return int(seconds * 1_000_000)


def dump(value: Any) -> str:
    """Return the JSON text of a document."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:                   # numbers of more than 64 bits
        return json.dumps(value, separators=(",", ":"))


def load_or_none(text: str) -> Any:
    """Return the document of a JSON text, None if it can't be read."""
    try:
        return json.loads(text)
    except ValueError as error:
        LOG.warning("A document in the store can't be read: %s", error)
        return None


def limit(value: int) -> int:
    """Return a limit that fits a parameter."""
    return max(0, min(value, MAX_LIMIT))
