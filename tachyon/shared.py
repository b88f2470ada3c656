"""Work that is done once for all who want it at the same time."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class _Turn(Generic[T]):
    """Work done once, which many may wait for."""

    def __init__(self) -> None:
        self.done = False
        self.result: T | None = None
        # Should its thread be torn away, those who share know of it.
        self.error: BaseException | None = RuntimeError("It was interrupted.")


class Shared(Generic[T]):
    """What many threads want done, each after the moment when it asks.

    Work that is under way may have looked before: only the next turn is good
    for a caller who comes now. All who come until that one starts share it,
    and its error too.
    """

    def __init__(self, work: Callable[[], T]):
        self._work = work
        self._changed = threading.Condition()
        self._running: _Turn[T] | None = None
        self._following: _Turn[T] | None = None

    def do(self) -> T:
        """Return what the work returns, or raise what it raises."""
        with self._changed:
            if self._following is None:
                self._following = _Turn()
            mine = self._following
            while self._running is not None and not mine.done:
                self._changed.wait()
            if not mine.done:
                self._following, self._running = None, mine
        if not mine.done:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        return cast(T, mine.result)

    def _lead(self, turn: _Turn[T]) -> None:
        try:
            turn.result = self._work()
            turn.error = None
        except Exception as exc:
            turn.error = exc
        finally:
            with self._changed:
                turn.done = True
                self._running = None
                self._changed.notify_all()
