"""Together: what several threads ask for at once, in one transaction.

What is done for one is done for many by the same few statements: they take a
list. So a group costs about as many round trips, and as much of the server's
time, as one. Claims have a way of their own, since they compete: ``claiming``.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from tachyon import exception
from tachyon import grouping
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import transaction

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Where those threads of a process meet that want the same kind of thing.

    ``work`` does all that a list asks for in a transaction, and returns the
    result of each, or why it can't be done. Two that name the same are never
    in one list.
    """

    def __init__(self, store: connection.Store,
                 work: Callable[[transaction.Transaction, Sequence[T]],
                                Sequence[R | Exception]]):
        self._store = store
        self._work = work
        self._group: grouping.GroupCommit[_Call[T], R] = grouping.GroupCommit(
            self._together, self._alone, lambda call: call.names)

    def do(self, names: Iterable[str], item: T) -> R:
        """Have it done: all of it, or raise why not.

        :raises DriverUnavailable:
        :raises OutcomeUnknown:
        :raises SchemaOutOfDate:
        """
        return self._group.do(_Call(item, frozenset(names),
                                    self._store.end()))

    def _together(self, calls: Sequence["_Call[T]"]
                  ) -> Sequence[R | Exception]:
        if len(calls) == 1:
            return [self._alone(calls[0])]
        items = [call.item for call in calls]
        try:
            return self._store.write_once(
                min(call.end for call in calls),
                lambda txn: self._work(txn, items))
        except exception.OutcomeUnknown as exc:
            return [exception.OutcomeUnknown(what="a write",
                                             reason=str(exc.reason))
                    for _ in calls]

    def _alone(self, call: "_Call[T]") -> R:
        def work(txn: transaction.Transaction) -> R:
            result, = self._work(txn, [call.item])
            if isinstance(result, Exception):
                raise result
            return result

        return self._store.write_by(call.end, work)


@dataclasses.dataclass(frozen=True, slots=True)
class _Call(Generic[T]):
    item: T
    names: frozenset[str]
    end: float                          # when it has to be over
