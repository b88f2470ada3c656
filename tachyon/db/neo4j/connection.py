"""Sessions and transactions: how the controllers reach the server.

A controller hands a function to ``Store.write``, which runs it in a managed
transaction of Neo4j's own library and commits. What it does must be written
down by the rule of this store: **lock, then read, decide, write**. Isolation
is read-committed, so what is read before its node is locked proves nothing;
and a commit is not atomic to those who read without a lock. Locks are taken
in one order: instances by id, consumers by uuid, providers by uuid, custom
traits and classes by name, the change number last.

The end of every write is its seal. It raises the number and stamps with it
what a view must hear of, and leaves the id of the write behind as a node of
its own. When the connection is lost during a commit, we find out whether it
happened by making that same node. If that fails, since it is there (and the
server says so only after a commit under way has ended), the write happened.
If not, it never will: it could not make its node any more.

So a function may run several times: after a deadlock, a lost connection or a
change of leader, or when another writer made what it was about to make.
"""

import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import neo4j
import neo4j.exceptions
from oslo_context import context as oslo_context

from tachyon import exception
from tachyon import grouping
from tachyon.db import models
from tachyon.db.common import versions
from tachyon.db.neo4j import errors
from tachyon.db.neo4j import planning
from tachyon.db.neo4j import transaction

LOG = logging.getLogger(__name__)

FIRST_DELAY, LAST_DELAY = 0.002, 0.2    # seconds between two attempts
MAX_CLASHES = 20                        # lost to other writers
PATIENCE = 1.0                          # seconds to find out, at the least

# For so many seconds what is only read relies on a look at the schema. What is
# written, and what a view hears of, looks at it in the same transaction.
FRESH = 1.0

_UNDER_WAY = """
    SHOW TRANSACTIONS YIELD transactionId, database, metaData, currentQuery
    WHERE database = $database AND metaData.app = 'tachyon'
      AND NOT currentQuery STARTS WITH 'SHOW'
    RETURN transactionId"""
_FENCE = "CREATE (:Write {id: $write_id, fence: true})"
_FENCED = "MATCH (w:Write {id: $write_id}) RETURN w.fence IS NOT NULL"

P = ParamSpec("P")
T = TypeVar("T")


class _NothingToCommit(Exception):
    """Rolls a transaction back that has a result all the same."""

    def __init__(self, result: Any):
        self.result = result


class Store:
    """The database, with the library's pool of connections to it."""

    def __init__(self, driver: neo4j.Driver, database: str, deadline: float,
                 retry_time: float, version: int):
        """``version`` is the schema's that callers know."""
        self._driver = driver
        self._database = database
        self._deadline = deadline
        self._retry_time = min(deadline, retry_time)
        self._settling = deadline + FRESH
        self._version = version
        self._checked = -FRESH          # when the schema was looked at
        self._closed = False
        self._planning = planning.Planning()
        self.server = ""                # name and version, once it answered

    # ---------------------------------------------------------- transactions
    def write(self, work: Callable[Concatenate[transaction.Transaction, P], T],
              *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work`` in a transaction, commit, and return its result.

        Where it did not write anything, there is nothing to commit.

        :raises DriverUnavailable:
        :raises OutcomeUnknown: nor could we find out.
        :raises SchemaOutOfDate:
        """
        return self.write_by(self.end(),
                             lambda txn: work(txn, *args, **kwargs))

    def end(self) -> float:
        """Return when a call that begins now has to be over."""
        return time.monotonic() + self._deadline

    def write_by(self, end: float,
                 work: Callable[[transaction.Transaction], T]) -> T:
        """Do as ``write`` for a call that has to be over by then."""
        self._check_version()
        return self._repeat(lambda: self._write(work, end), end)

    def write_once(self, end: float,
                   work: Callable[[transaction.Transaction], T]) -> T:
        """Do as ``write_by``, but do not try again.

        :raises Aborted: it did not happen.
        :raises OutcomeUnknown:
        :raises SchemaOutOfDate:
        """
        self._check_version()
        return self._once(lambda: self._write(work, end))

    def write_at_once(self, end: float, statement: str,
                      asked: Mapping[str, Any]) -> list[list[Any]] | None:
        """Run one statement that is a transaction by itself, in one round
        trip; return its rows. It has ``FIT_STORE`` before all that it writes,
        and one of the last seals; ``$asked`` is its parameter.

        None says that it happened, but its answer was lost.

        :raises Aborted: it did not happen.
        :raises OutcomeUnknown:
        """
        return self._once(lambda: self._write_at_once(statement, asked, end))

    def write_idempotent(self, query: str, **params: Any) -> list[list[Any]]:
        """Run one statement that may as well happen twice; return its rows.

        :raises DriverUnavailable:
        :raises SchemaOutOfDate:
        """
        self._check_version()

        def write_and_look(txn: transaction.Transaction) -> list[list[Any]]:
            found = txn.all(query, **params)
            self.check(txn.state())
            return found

        end = time.monotonic() + self._deadline
        return self._repeat(lambda: self._execute(write_and_look, end), end)

    def look(self, work: Callable[Concatenate[transaction.Transaction, P], T],
             *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work``, which locks what it reads, and roll back.

        :raises DriverUnavailable:
        :raises SchemaOutOfDate:
        """
        return self.look_long(lambda txn: work(txn, *args, **kwargs),
                              self._deadline)

    def look_long(self, work: Callable[[transaction.Transaction], T],
                  deadline: float) -> T:
        """Do as ``look``, with more time than callers have."""
        self._check_version()

        def look_once(txn: transaction.Transaction) -> None:
            raise _NothingToCommit(work(txn))

        end = time.monotonic() + deadline

        def once() -> T:
            try:
                self._execute(look_once, end)
            except _NothingToCommit as exc:
                result: T = exc.result
                return result
            raise AssertionError("not reached")

        return self._repeat(once, end)

    def read(self, query: str, **params: Any) -> list[list[Any]]:
        """Run one statement that reads, a transaction by itself; return its
        rows. What it locks keeps the mark of that, and the server writes
        nothing where the mark is already.

        :raises DriverUnavailable:
        :raises SchemaOutOfDate:
        """
        self._check_version()
        return self.ask(query, **params)

    # ------------------------------------------------------------- the schema
    def ask(self, query: str, *, deadline: float | None = None,
            **params: Any) -> list[list[Any]]:
        """Run one statement whatever the schema's version; return its rows.

        :raises DriverUnavailable:
        """
        end = time.monotonic() + (deadline or self._deadline)

        def once() -> list[list[Any]]:
            left = _left(end)
            statement = neo4j.Query(query, metadata=_metadata(), timeout=left)
            with self._session() as session:
                session._connect(neo4j.WRITE_ACCESS)
                _bound(session, left)
                with self._planning.of(query):
                    result = session.run(statement, params)
                    values = result.values()
                self.server = result.consume().server.agent
            return values

        return self._repeat(once, end)

    def establish(self, work: Callable[[transaction.Transaction], T],
                  deadline: float) -> T:
        """Do as ``write`` whatever the schema's version."""
        end = time.monotonic() + deadline
        return self._repeat(
            lambda: self._write(work, end, check_version=False), end)

    def state(self) -> Mapping[str, Any]:
        """Return what the store says of itself; nothing if there is none.

        :raises DriverUnavailable:
        """
        return transaction.first(
            self.ask(transaction.LOOK, store=transaction.STORE))

    def schema(self, state: Mapping[str, Any]) -> models.Schema:
        """Return the schema that a store says it has.

        :raises DriverUnavailable: it is being restored.
        """
        if since := state.get("restoring"):
            raise exception.DriverUnavailable(
                reason=f"it is being restored since {since}, or that broke "
                       "off: then run 'tachyon-manage db restore' again")
        version = state.get("version") or 0
        return models.Schema(version, state.get("compatible") or version,
                             self._version)

    def check(self, state: Mapping[str, Any]) -> None:
        """See that this code works on the store as it is.

        :raises DriverUnavailable: it is being restored.
        :raises SchemaOutOfDate:
        """
        versions.check(self.schema(state))

    def settle(self) -> None:
        """Return when everybody has seen what the store says of itself now:
        whoever looked before has ended.

        :raises DriverUnavailable: somebody has not, though his deadline is
            over.
        """
        time.sleep(FRESH)
        end = time.monotonic() + self._settling
        before = self._under_way()
        while before:
            if time.monotonic() > end:
                raise exception.DriverUnavailable(
                    reason="a transaction goes on for longer than a deadline")
            time.sleep(LAST_DELAY)
            before &= self._under_way()

    def close(self) -> None:
        self._closed = True
        self._driver.close()

    # -------------------------------------------------------------- internals
    def _check_open(self) -> None:
        if self._closed:
            raise exception.DriverUnavailable(reason="the store was closed")

    def _check_version(self) -> None:
        now = time.monotonic()
        if now - self._checked >= FRESH:
            self.check(self.state())
            self._checked = now

    def _under_way(self) -> set[str]:
        """Return the transactions of Tachyon in this database."""
        return {id for id, in self.ask(_UNDER_WAY, database=self._database)}

    def _session(self) -> neo4j.Session:
        # All goes to the leader: bookmarks, by which a follower could be
        # asked, do not cross processes.
        return self._driver.session(
            database=self._database, fetch_size=-1,
            default_access_mode=neo4j.WRITE_ACCESS)

    def _execute(self, work: Callable[[transaction.Transaction], T],
                 end: float) -> T:
        """Run ``work`` once in a managed transaction."""
        left = _left(end)

        with self._session() as session:
            @neo4j.unit_of_work(metadata=_metadata(), timeout=left)
            def bounded(raw: neo4j.ManagedTransaction) -> T:
                _bound(raw, left)
                try:
                    return work(transaction.Transaction(
                        raw, planned=self._planning))
                except BaseException:
                    _part(session, raw)
                    raise

            return session.execute_write(bounded)

    def _write(self, work: Callable[[transaction.Transaction], T],
               end: float, *, check_version: bool = True) -> T:
        """Run ``work`` once, with its seal, and learn what became of it."""
        write_id = new_id()
        results: list[T] = []

        def sealed(txn: transaction.Transaction) -> None:
            result = work(txn)
            if not txn.writes:
                raise _NothingToCommit(result)
            state = txn.seal(write_id)
            if check_version:
                self.check(state)
            results.append(result)      # from here on, it may be committed

        try:
            self._execute(sealed, end)
        except _NothingToCommit as exc:
            nothing: T = exc.result
            return nothing
        except exception.TachyonException:
            raise
        except Exception as exc:
            if not results or not errors.outcome_unknown(exc):
                raise
            if not self._happened(write_id, end, exc):
                raise errors.Again(errors.tell(exc)) from exc
        return results[-1]

    def _write_at_once(self, text: str, asked: Mapping[str, Any],
                       end: float) -> list[list[Any]] | None:
        write_id, left = new_id(), _left(end)
        statement = neo4j.Query(text, metadata=_metadata(), timeout=left)
        with self._session() as session:
            session._connect(neo4j.WRITE_ACCESS)
            _bound(session, left)
            try:
                with self._planning.of(text):
                    return session.run(statement, {
                        "asked": asked, "write_id": write_id,
                        "store": transaction.STORE,
                        "version": self._version}).values()
            except Exception as exc:
                if not errors.outcome_unknown(exc):
                    raise
                lost = exc
        if not self._happened(write_id, end, lost):
            raise errors.Again(errors.tell(lost)) from lost
        return None

    def _happened(self, write_id: str, end: float, error: Exception) -> bool:
        """Find out whether a write was committed; if it was not, it will
        never be.

        :raises OutcomeUnknown:
        """
        LOG.warning("The connection was lost during a commit: %s",
                    errors.tell(error))
        end = max(end, time.monotonic() + PATIENCE)

        def fence() -> bool:
            try:
                self._execute(lambda txn: txn.all(_FENCE, write_id=write_id),
                              end)
            except neo4j.exceptions.ConstraintError:
                return not self._execute(
                    lambda txn: txn.all(_FENCED, write_id=write_id), end)[0][0]
            return False

        try:
            return self._repeat(fence, end)
        except exception.DriverUnavailable as exc:
            raise exception.OutcomeUnknown(
                what="a write", reason=errors.tell(error)) from exc

    def _once(self, once: Callable[[], T]) -> T:
        """Call ``once``, and tell whether there is any use in more."""
        self._check_open()
        try:
            return once()
        except (errors.Again, OSError, neo4j.exceptions.Neo4jError,
                neo4j.exceptions.DriverError) as exc:
            if errors.lost(exc):
                self._planning.forget()
            if errors.kind(exc) is errors.Kind.MISTAKE:
                raise
            raise grouping.Aborted(errors.tell(exc)) from exc

    def _repeat(self, once: Callable[[], T], end: float) -> T:
        """Call ``once`` until it succeeds, or trying again is of no use."""
        stop = end - self._deadline + self._retry_time
        delay, clashes = FIRST_DELAY, 0
        while True:
            self._check_open()
            try:
                return once()
            except (errors.Again, OSError, neo4j.exceptions.Neo4jError,
                    neo4j.exceptions.DriverError) as exc:
                self._check_open()
                kind = errors.kind(exc)
                if errors.lost(exc):
                    self._planning.forget()
                clashes += kind is errors.Kind.CLASH
                if kind is errors.Kind.MISTAKE or clashes > MAX_CLASHES:
                    raise
                pause = delay * random.uniform(0.5, 1.5)
                if (kind is errors.Kind.REFUSAL
                        or time.monotonic() + pause > min(stop, end)):
                    raise exception.DriverUnavailable(
                        reason=errors.tell(exc)) from exc
                LOG.debug("Trying again in %.3f s: %s", pause,
                          errors.tell(exc))
            time.sleep(pause)
            delay = min(delay * 2, LAST_DELAY)


def _left(end: float) -> float:
    """Return the seconds until a deadline; a last attempt gets some, too."""
    return max(end - time.monotonic(), 0.1)


def _bound(owner: Any, seconds: float) -> None:
    """Bound each wait for the server.

    The library has no public means for that: it waits for a server that
    hangs until that one is no more.
    """
    owner._connection.socket.set_read_timeout(seconds)


def _part(session: neo4j.Session, raw: neo4j.ManagedTransaction) -> None:
    """Keep a transaction that failed from the connection it no longer has.

    The library (6.4) gives the connection back to its pool when a statement
    fails, and rolls back on it afterwards all the same: another thread may
    have it by then. At best both look at once whether it is alive, upon which
    one of them may spin in ``recv`` for good.
    """
    if session._connection is None:
        raw._closed_flag = True


def _metadata() -> dict[str, str]:
    """Return what ``SHOW TRANSACTIONS`` and the query log say of us."""
    found = {"app": "tachyon"}
    context = oslo_context.get_current()
    if context is not None and context.request_id:
        found["request_id"] = context.request_id
    return found


def new_id() -> str:
    """Return the id of a write. Ids sort by the time they were made."""
    return f"{time.time_ns() // 1000:016x}-{os.urandom(10).hex()}"


def id_before(seconds: float) -> str:
    """Return the least id that a write of so many seconds ago could have."""
    return f"{int((time.time() - seconds) * 1_000_000):016x}"
