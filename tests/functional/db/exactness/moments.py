"""Whether an answer is what the store was at one moment.

That moment is after the question and before the answer; and at it, each turn
that the answer shows had begun, and none that it does not show had been
acknowledged. Times are by ``time.monotonic``, which all processes of a machine
share.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import context
from typing import Any

import numpy as np

Vector = tuple[int, ...]

KEPT = 1 << 14                          # the last turns of each writer


class Times:
    """When each turn of each writer began, and was acknowledged, in shared
    memory. A time is there before the board says that its turn is.

    Of a writer's turns, the last ``KEPT`` are there.
    """

    def __init__(self, mp: context.BaseContext, writers: int):
        self._raw: dict[str, Any] = {
            name: mp.RawArray("d", writers * KEPT)
            for name in ("begun", "acked")}
        self._bind()

    def _bind(self) -> None:
        for name, raw in self._raw.items():
            setattr(self, name, np.frombuffer(raw).reshape(-1, KEPT))

    def __getstate__(self) -> dict[str, Any]:
        return self._raw

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._raw = state
        self._bind()

    begun: np.ndarray
    acked: np.ndarray

    def begin(self, writer: int, turn: int, now: float) -> None:
        self.acked[writer, turn % KEPT] = np.inf
        self.begun[writer, turn % KEPT] = now

    def acknowledge(self, writer: int, turn: int, now: float) -> None:
        self.acked[writer, turn % KEPT] = now


class Question:
    """One question and its answer: when, and between which turns."""

    def __init__(self, times: Times, asked: float, answered: float,
                 first: Sequence[int], last: Sequence[int]):
        """:param first: turns acknowledged before the question.
        :param last: turns begun before the answer.
        """
        self._times = times
        self._asked = asked
        self._answered = answered
        self._first = list(first)
        self._last = list(last)

    def moments(self) -> Iterator[Vector]:
        """Yield the turns that could be all there was at some moment."""
        for vector in itertools.product(*(
                range(first, last + 1) for first, last
                in zip(self._first, self._last, strict=True))):
            if self._earliest(vector) <= self._latest(vector):
                yield vector

    def _earliest(self, vector: Vector) -> float:
        return max((self._asked, *(
            self._times.begun.item(writer, turn % KEPT)
            for writer, turn in enumerate(vector) if turn)))

    def _latest(self, vector: Vector) -> float:
        return min((self._answered, *(
            self._times.acked.item(writer, (turn + 1) % KEPT)
            for writer, turn in enumerate(vector)
            if turn < self._last[writer])))

    def matches(self, shown: Callable[[Vector], bool]) -> list[Vector]:
        """Return the moments whose state is what the answer has shown."""
        return [vector for vector in self.moments() if shown(vector)]

    def explain(self, shown: Callable[[Vector], bool]) -> str:
        """Say what an answer that is no moment's is."""
        early = [max(0, turn - KEPT // 1024) for turn in self._first]
        for vector in itertools.product(*(
                range(first, last + 1) for first, last
                in zip(early, self._last, strict=True))):
            if shown(vector):
                return (f"turns {vector} were shown, which was no moment "
                        f"between {self._first} and {self._last}")
        return (f"what was shown was never there between turns {early} and "
                f"{self._last}")


def contradiction(vectors: Sequence[Vector]) -> tuple[Vector, Vector] | None:
    """Return two answers that can't both be moments of one store, whose turns
    came in one order: each shows a turn that the other does not."""
    ordered = sorted(set(vectors), key=sum)
    for before, after in itertools.pairwise(ordered):
        if any(one > other for one, other in zip(before, after, strict=True)):
            return before, after
    return None
