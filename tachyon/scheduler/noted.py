"""What a scheduler was woken for: messages that are claimed together.

Who is free claims for those, too, who become free at the same time: one
transaction for all, and what they do next meets in the store again. One that
comes after a while of quiet is claimed at once. Those that come soon after it
wait until ``PACE`` seconds have passed, or there are enough of them: where
many come, each costs less, and waits for less than a tick of anybody's clock.
"""

import collections
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from tachyon.db import models

# Seconds between two claims of less than a batch.
PACE = 0.1

Claimed: TypeAlias = tuple[models.Message, models.Instance]


class Noted:
    """Ids of messages, oldest first, and what was claimed of them. Its
    methods may be called in any thread."""

    def __init__(self, claim: Callable[[Sequence[str]], Sequence[Claimed]],
                 batch: int):
        """``claim`` gets up to ``batch`` ids: no more than are handled at the
        same time, as what is claimed must not wait for long."""
        self._claim = claim
        self._batch = batch
        self._claiming = threading.Lock()
        self._next_at = float("-inf")           # held: _claiming
        self._lock = threading.Lock()           # of the rest
        self._enough = threading.Event()
        self._ids: dict[str, None] = {}
        self._claimed: collections.deque[Claimed] = collections.deque()

    def add(self, id: str) -> None:
        with self._lock:
            self._ids[id] = None
            if len(self._ids) >= self._batch:
                self._enough.set()

    def discard(self, id: str) -> None:
        """Leave a message to others, unless it is claimed already."""
        with self._lock:
            self._ids.pop(id, None)

    def take(self) -> Claimed | None:
        """Return one that is claimed. If there is none, claim; who comes
        meanwhile waits for that.

        :raises: what ``claim`` does, and the ids are forgotten.
        """
        claimed = self.next()
        if claimed is None:
            with self._claiming:
                # Somebody may have claimed meanwhile.
                claimed = self.next() or self._claim_some()
        return claimed

    def next(self) -> Claimed | None:
        """Return one that is claimed already, and nobody has taken."""
        with self._lock:
            return self._claimed.popleft() if self._claimed else None

    def hurry(self) -> None:
        """Have nobody wait for more any longer."""
        self._batch = 1
        self._enough.set()

    def _claim_some(self) -> Claimed | None:
        if not self._ids:
            return None
        self._enough.wait(max(self._next_at - time.monotonic(), 0.0))
        self._next_at = time.monotonic() + PACE
        with self._lock:
            ids = list(itertools.islice(self._ids, self._batch))
            for id in ids:
                del self._ids[id]
            if len(self._ids) < self._batch:
                self._enough.clear()
        claimed = self._claim(ids) if ids else ()
        with self._lock:
            self._claimed.extend(claimed[1:])
        return claimed[0] if claimed else None
