"""How often the store was asked, by whatever driver there is."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import fixtures
import neo4j

from tachyon.db.neo4j import connection as neo4j_connection
from tachyon.db.sqlite import connection as sqlite_connection


@dataclasses.dataclass(frozen=True)
class Counts:
    """``statements`` are round trips, but for the end of a transaction;
    ``rows`` are those that came back, and those within one of them."""

    transactions: int = 0
    statements: int = 0
    rows: int = 0


class Counter(fixtures.Fixture):
    """Counts what any driver in this process asks of its store.

    The look at the schema that is due once a second is put off: when it
    comes is chance.
    """

    def __init__(self) -> None:
        super().__init__()
        self._transactions = self._statements = self._rows = 0

    def _setUp(self) -> None:
        self._patch(neo4j.Session, "run", self._asked_alone)
        self._patch(neo4j.Session, "execute_write", self._begun)
        self._patch(neo4j.ManagedTransaction, "run", self._asked)
        self._patch(neo4j.Result, "values", self._given)
        self.useFixture(fixtures.MockPatchObject(
            neo4j_connection, "FRESH", float("inf")))
        for name in ("all", "one"):
            self._patch(sqlite_connection.Transaction, name,
                        self._asked_and_given)
        for name in ("run", "many"):
            self._patch(sqlite_connection.Transaction, name, self._asked)
        self._patch(sqlite_connection.Transaction, "__init__", self._begun)

    @contextlib.contextmanager
    def counting(self) -> Iterator[list[Counts]]:
        """Give a list that holds the counts of the block after its end."""
        before = (self._transactions, self._statements, self._rows)
        found: list[Counts] = []
        yield found
        after = (self._transactions, self._statements, self._rows)
        found.append(Counts(*(now - then for now, then in zip(
            after, before, strict=True))))

    # ------------------------------------------------------------- internals
    def _patch(self, owner: type, name: str,
               note: Callable[[Any], None]) -> None:
        original = getattr(owner, name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            result = None
            try:
                result = original(*args, **kwargs)
            finally:                    # what fails was asked, too
                note(result)
            return result

        self.useFixture(fixtures.MockPatchObject(owner, name, noted))

    def _begun(self, _result: Any) -> None:
        self._transactions += 1

    def _asked(self, _result: Any) -> None:
        self._statements += 1

    def _asked_alone(self, _result: Any) -> None:
        self._transactions += 1
        self._statements += 1

    def _given(self, rows: Any) -> None:
        # One row may have a list of rows in it.
        lists = [value for row in rows or () for value in row
                 if isinstance(value, list) and isinstance(
                     next(iter(value), None), list)]
        self._rows += max(map(len, (rows or (), *lists)))

    def _asked_and_given(self, result: Any) -> None:
        self._statements += 1
        # Of ``one``, a row; ``one`` does not call ``all``.
        self._rows += (len(result) if isinstance(result, list)
                       else result is not None)
