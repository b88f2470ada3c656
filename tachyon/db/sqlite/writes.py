"""Writes: what several threads write at once, in one commit.

A commit waits for the disk, which is most of what a small write costs. The
jobs of a group are done one after the other, each on what those before it
left, and each within a savepoint of its own: one that can't be done leaves
nothing.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

from tachyon import exception
from tachyon import grouping
from tachyon.db.sqlite import connection

R = TypeVar("R")


class Writes:
    """Where the small writes of a process meet, of whatever controller."""

    def __init__(self, store: connection.Store):
        self._store = store
        self._group: grouping.GroupCommit[_Job, Any] = grouping.GroupCommit(
            self._together, self._alone, lambda job: job.names)

    def do(self, names: Iterable[str],
           work: Callable[[connection.Transaction], R]) -> R:
        """Have ``work`` done; return or raise what it does. Two that name
        the same are never in one group.

        :raises DriverUnavailable:
        :raises SchemaOutOfDate:
        """
        return cast(R, self._group.do(_Job(work, frozenset(names),
                                           self._store.end())))

    def _together(self, jobs: Sequence["_Job"]) -> Sequence[Any]:
        if len(jobs) == 1:
            return [self._alone(jobs[0])]
        outcomes: list[Any] = []
        try:
            with self._store.write(end=min(job.end for job in jobs)) as txn:
                for job in jobs:
                    outcomes.append(job.do(txn))
                if all(isinstance(one, Exception) for one in outcomes):
                    raise _NothingToCommit
        except _NothingToCommit:
            pass
        except exception.DriverUnavailable as exc:
            raise grouping.Aborted(str(exc)) from exc
        return outcomes

    def _alone(self, job: "_Job") -> Any:
        with self._store.write(end=job.end) as txn:
            return job.work(txn)


class _NothingToCommit(Exception):
    """None of a group could be done."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[connection.Transaction], Any]
    names: frozenset[str]
    end: float                          # when it has to be over

    def do(self, txn: connection.Transaction) -> Any:
        """Do it, or nothing; return its result, or why it can't be done."""
        try:
            with txn.savepoint():
                return self.work(txn)
        except exception.TachyonException as exc:
            return exc
