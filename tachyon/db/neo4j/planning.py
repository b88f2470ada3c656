"""Statements that the server has yet to plan.

Neo4j plans a statement when it first meets it, and as often as it meets it
before that first plan is ready. Some hundred requests that find a server just
started have it plan the same some hundred times, and all of them come too
late. So in each process one goes ahead with a statement, and those that want
the same wait for it. Not for long: what keeps it may be a lock that one of
them holds.
"""

import contextlib
import threading
from collections.abc import Iterator

PATIENCE = 2.0                          # seconds that others wait


class Planning:
    """Which statements this process had planned."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: set[str] = set()
        self._under_way: dict[str, threading.Event] = {}

    @contextlib.contextmanager
    def of(self, statement: str) -> Iterator[None]:
        """Enter alone what runs a statement for the first time, and with
        everybody else what runs it again."""
        if statement in self._planned:
            yield
            return
        with self._lock:
            ahead = self._under_way.get(statement)
            if ahead is None:
                mine = self._under_way[statement] = threading.Event()
        if ahead is not None:
            ahead.wait(PATIENCE)
            yield
            return
        try:
            yield
            self._planned.add(statement)
        finally:
            with self._lock:
                del self._under_way[statement]
            mine.set()

    def forget(self) -> None:
        """Take nothing for planned: the server may be another one now."""
        self._planned.clear()
