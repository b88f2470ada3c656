"""Group commit: what several threads ask for at once, in one go.

A commit, or a message, costs about the same for one and for many. So whoever
finds nobody at it does his own at once, and waits for nothing; who comes
meanwhile queues. The first of them leads next: he does what all of them ask
for, and each gets an outcome of his own. There is no timer: groups are as
large as commits are slow.

If a group breaks off, each of its members goes on alone, in his own thread.
And nobody is kept for long by what keeps a group, such as a lock that one of
them wants: who has waited for ``PATIENCE`` leads a group at its side.
"""

import collections
import dataclasses
import enum
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar, cast

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 1.0                          # seconds in the queue
MOST = 64                               # names in one group


class Aborted(Exception):
    """Raised by what does a group together: nothing of it was done."""


class _State(enum.Enum):
    WAITS = "waits"
    LEADS = "leads"
    FOLLOWS = "follows"
    ALONE = "alone"                     # goes on by himself
    DONE = "done"


@dataclasses.dataclass(slots=True, eq=False)
class _Entry(Generic[T, R]):
    item: T
    names: frozenset[str]
    state: _State = _State.WAITS
    outcome: R | Exception | None = None
    told: threading.Event = dataclasses.field(
        default_factory=threading.Event)


class GroupCommit(Generic[T, R]):
    """The queue of one process; any thread may call it.

    ``together`` does several items, in order, and returns the outcome of
    each, which may be an error of its own. What it raises, ``Aborted`` above
    all, says that none of them was done. ``alone`` does one, and raises its
    errors. Items that have a name in common are never in one group; nor are
    more names than ``MOST``.
    """

    def __init__(self, together: Callable[[Sequence[T]],
                                          Sequence[R | Exception]],
                 alone: Callable[[T], R],
                 names: Callable[[T], Iterable[str]]):
        self._together = together
        self._alone = alone
        self._names = names
        self._lock = threading.Lock()
        self._queue: collections.deque[_Entry[T, R]] = collections.deque()
        self._leaders = 0

    def do(self, item: T) -> R:
        """Have an item done, and return its result, or raise its error."""
        entry: _Entry[T, R] = _Entry(item, frozenset(self._names(item)))
        with self._lock:
            if self._leaders:
                self._queue.append(entry)
            else:
                self._leaders = 1
                entry.state = _State.LEADS
        if entry.state is not _State.LEADS:
            self._wait(entry)
        if entry.state is _State.LEADS:
            self._lead(entry)
        if entry.state is _State.ALONE:
            return self._alone(item)
        if isinstance(entry.outcome, Exception):
            raise entry.outcome
        return cast(R, entry.outcome)

    def _wait(self, entry: _Entry[T, R]) -> None:
        """Return when it was done with others, or is to lead."""
        if entry.told.wait(PATIENCE):
            return
        with self._lock:
            if entry.state is _State.WAITS:
                self._queue.remove(entry)
                self._leaders += 1
                entry.state = _State.LEADS
                return
        entry.told.wait()

    def _lead(self, entry: _Entry[T, R]) -> None:
        with self._lock:
            group = self._gather(entry)
        # Until it is known, all of them have to go on alone.
        state = _State.ALONE
        outcomes: Sequence[R | Exception | None] = [None] * len(group)
        try:
            outcomes = self._together([one.item for one in group])
            state = _State.DONE
        except Aborted:
            pass
        finally:
            self._hand_on()
            for one, outcome in zip(group, outcomes, strict=True):
                one.outcome, one.state = outcome, state
                one.told.set()

    def _gather(self, leader: _Entry[T, R]) -> list[_Entry[T, R]]:
        group, names = [leader], set(leader.names)
        while self._queue:
            entry = self._queue[0]
            if (not names.isdisjoint(entry.names)
                    or len(names) + len(entry.names) > MOST):
                break
            self._queue.popleft()
            entry.state = _State.FOLLOWS
            names |= entry.names
            group.append(entry)
        return group

    def _hand_on(self) -> None:
        """Have the first in the queue lead, if there is one."""
        with self._lock:
            if not self._queue:
                self._leaders -= 1
                return
            entry = self._queue.popleft()
            entry.state = _State.LEADS
            entry.told.set()
