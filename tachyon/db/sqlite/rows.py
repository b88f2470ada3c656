"""What stands in a row, and what it is in a record."""

import datetime
import json
from collections.abc import Iterable
from typing import Any

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

MAX_LIMIT = 2 ** 31 - 1


def to_time(microseconds: int) -> datetime.datetime:
    """Return the time that a column of times holds."""
    return _EPOCH + datetime.timedelta(microseconds=microseconds)


def to_time_or_none(microseconds: int | None) -> datetime.datetime | None:
    return None if microseconds is None else to_time(microseconds)


def microseconds(seconds: float) -> int:
    """Return a duration in the unit of a column of times."""
    return int(seconds * 1_000_000)


def dump(value: Any) -> str:
    """Return the JSON text of a column."""
    return json.dumps(value, separators=(",", ":"))


def array(values: Iterable[Any]) -> str:
    """Return a parameter for ``IN (SELECT value FROM json_each(?))``.

    So a statement is the same, and stays prepared, for any number of values.
    """
    return json.dumps(list(values))


def limit(value: int) -> int:
    """Return a limit that fits a parameter."""
    return max(0, min(value, MAX_LIMIT))
