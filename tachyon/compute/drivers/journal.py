"""An append-only journal of events: what a simulator remembers.

One event is one line of JSON and one write, so that a process killed at any
moment has written all of it, or nothing, or a torn last line that is cut off
when the journal is opened next. The kernel keeps what was written when the
process dies; against power loss nothing is promised.
"""

import json
import logging
import os
from collections.abc import Mapping
from typing import Any

import fasteners

from tachyon import exception

LOG = logging.getLogger(__name__)


class Journal:
    """A journal that this process, and no other, has open for writing.

    ``append`` is not thread-safe: its caller orders the events anyhow.

    :raises OSError: the file can't be read or written.
    :raises DomainError: another process has it open.
    """

    def __init__(self, path: str):
        self.path = path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._lock = fasteners.InterProcessLock(path + ".lock")
        if not self._lock.acquire(blocking=False):
            raise exception.DomainError(
                f"The journal {path} is in use by another process.")
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND
                               | os.O_CLOEXEC, 0o640)
        except OSError:
            self._lock.release()
            raise

    def close(self) -> None:
        """Let others open it; again is fine."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self._lock.release()

    def replay(self) -> list[dict[str, Any]]:
        """Return all events, oldest first, and cut off a torn last line."""
        with open(self._fd, "rb", closefd=False) as file:
            file.seek(0)
            content = file.read()
        end = content.rfind(b"\n") + 1
        if end != len(content):
            LOG.warning("%s ended in half an event, which is dropped.",
                        self.path)
            os.ftruncate(self._fd, end)
        return [event for number, line in
                enumerate(content[:end].splitlines(), 1)
                if (event := self._parse(number, line)) is not None]

    def _parse(self, number: int, line: bytes) -> dict[str, Any] | None:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            LOG.error("Line %d of %s is no event, and is passed over.",
                      number, self.path)
            return None
        return event

    def append(self, event: Mapping[str, Any]) -> None:
        """Write an event, whole or not at all.

        :raises OSError:
        """
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._fd).st_size
        written = os.write(self._fd, line)
        if written != len(line):
            os.ftruncate(self._fd, before)
            raise OSError(f"only {written} of {len(line)} bytes went into "
                          f"{self.path}")
