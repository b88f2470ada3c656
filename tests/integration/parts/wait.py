"""Waiting for what other processes do: polls, with a deadline."""

import time
from collections.abc import Callable
from typing import Any


class Overdue(AssertionError):
    """What was waited for did not come in time."""


def until(check: Callable[[], Any], what: str, *, deadline: float = 30.0,
          interval: float = 0.05) -> Any:
    """Return the first true value that ``check`` returns.

    :raises Overdue: names ``what``, and the last value.
    """
    end = time.monotonic() + deadline
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise Overdue(f"Not within {deadline} s: {what}. Last: {value!r}")
        time.sleep(interval)


def holds(check: Callable[[], Any], what: str, *, seconds: float,
          interval: float = 0.1) -> None:
    """Return after ``check`` was true, each time, for so many seconds.

    :raises AssertionError: it was false once.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if not value:
            raise AssertionError(f"Did not hold: {what}. Got: {value!r}")
        time.sleep(interval)
