"""Claiming: what several threads claim at once, in one commit.

A commit waits for the disk, which is most of what a claim costs. The jobs of
a group are done one after the other, each on what those before it left, and
each within a savepoint of its own: one that can't be done leaves nothing.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from tachyon import exception
from tachyon.db import models
from tachyon.db.common import grouping
from tachyon.db.sqlite import connection

R = TypeVar("R")


class Claiming(Generic[R]):
    """Where the claims of a process meet."""

    def __init__(self, store: connection.Store):
        self._store = store
        self._group: grouping.GroupCommit[_Job[R], R] = grouping.GroupCommit(
            self._together, self._alone, lambda job: job.names)

    def do(self, claims: Iterable[models.Claim],
           work: Callable[[connection.Transaction], R]) -> R:
        """Have ``work`` make these claims; return or raise what it does.

        :raises DriverUnavailable:
        :raises SchemaOutOfDate:
        """
        return self._group.do(_Job(
            work, {claim.consumer_uuid for claim in claims},
            self._store.end()))

    def _together(self, jobs: Sequence["_Job[R]"]) -> Sequence[R | Exception]:
        if len(jobs) == 1:
            return [self._alone(jobs[0])]
        outcomes: list[R | Exception] = []
        try:
            with self._store.write(end=min(job.end for job in jobs)) as txn:
                txn.number()            # outlives the savepoints
                for job in jobs:
                    outcomes.append(job.do(txn))
                if all(isinstance(one, Exception) for one in outcomes):
                    raise _NothingToCommit
        except _NothingToCommit:
            pass
        except exception.DriverUnavailable as exc:
            raise grouping.Aborted(str(exc)) from exc
        return outcomes

    def _alone(self, job: "_Job[R]") -> R:
        with self._store.write(end=job.end) as txn:
            return job.work(txn)


class _NothingToCommit(Exception):
    """None of a group could be done."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Job(Generic[R]):
    work: Callable[[connection.Transaction], R]
    names: set[str]                     # of consumers
    end: float                          # when it has to be over

    def do(self, txn: connection.Transaction) -> R | Exception:
        """Do it, or nothing; return its result, or why it can't be done."""
        txn.run("SAVEPOINT job")
        try:
            result: R | Exception = self.work(txn)
        except exception.TachyonException as exc:
            txn.run("ROLLBACK TO job")
            result = exc
        txn.run("RELEASE job")
        return result
