"""What a scheduler was woken for: messages that are claimed together.

Under load there are more of them than are handled at a time. So who is free
claims for those, too, who become free at the same time: one transaction for
all, and what they do next meets in the store again.
"""

import collections
import itertools
import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

from tachyon.db import models

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
        self._lock = threading.Lock()           # of the rest
        self._ids: dict[str, None] = {}
        self._claimed: collections.deque[Claimed] = collections.deque()

    def add(self, id: str) -> None:
        with self._lock:
            self._ids[id] = None

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

    def _claim_some(self) -> Claimed | None:
        with self._lock:
            ids = list(itertools.islice(self._ids, self._batch))
            for id in ids:
                del self._ids[id]
        claimed = self._claim(ids) if ids else ()
        with self._lock:
            self._claimed.extend(claimed[1:])
        return claimed[0] if claimed else None
