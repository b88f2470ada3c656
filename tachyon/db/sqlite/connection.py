"""Transactions: how the controllers reach the file.

Durability: ``synchronous=FULL``, so that a commit returns when it is on the
disk. With ``NORMAL`` a killed process would lose nothing either, but a power
failure would undo what was acknowledged last. It costs one fsync a commit:
0.15 ms on an idle virtual disk, 4 ms on a busy one.
"""

import contextlib
import pathlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import models
from tachyon.db.common import versions
from tachyon.db.sqlite import lock
from tachyon.db.sqlite import pool

APPLICATION_ID = 0x54414348             # "TACH", in the file's header


class Transaction:
    """One transaction under way. ``now`` is its time, in microseconds;
    ``identity`` says which file it is on, should another take its place."""

    __slots__ = ("_connection", "_known", "_number", "identity", "now")

    def __init__(self, connection: pool.Connection, known: int):
        self._connection = connection.raw
        self._known = known
        self._number: int | None = None
        self.identity = connection.identity
        self.now = time.time_ns() // 1000

    def all(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """Run a statement and return its rows."""
        return self._connection.execute(sql, params).fetchall()

    def one(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """Run a statement and return its first row, or None."""
        rows = self._connection.execute(sql, params).fetchall()
        return rows[0] if rows else None

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run a statement and return the number of rows it changed."""
        return self._connection.execute(sql, params).rowcount

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row of parameters."""
        self._connection.executemany(sql, rows)

    def schema(self) -> models.Schema:
        """Return the schema that this transaction sees."""
        return _schema(self._connection, self._known)

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is written within, and nothing else, if it raises."""
        number = self._number
        self.run("SAVEPOINT job")
        try:
            yield
        except BaseException:
            self.run("ROLLBACK TO job")
            self._number = number
            raise
        finally:
            self.run("RELEASE job")

    def number(self) -> int:
        """Return this write's change number, raising it on first use.

        Whatever a view needs to hear of is stamped with it.
        """
        if self._number is None:
            self._number = self.one(
                "UPDATE store SET number = number + 1 RETURNING number")[0]
        return self._number


class Store:
    """The file, with its connections and its write lock."""

    def __init__(self, path: str, deadline: float, version: int):
        """``version`` is the schema's that callers know."""
        self.path = path
        self._deadline = deadline
        self._version = version
        self._lock = lock.WriteLock(path)
        self._pool = pool.Pool(path, self._open)

    # ---------------------------------------------------------- transactions
    @contextlib.contextmanager
    def read(self) -> Iterator[Transaction]:
        """Read in one transaction: the store as it is at one moment.

        :raises DriverUnavailable:
        :raises SchemaOutOfDate:
        """
        with self._connection() as connection:
            connection.raw.execute("BEGIN")
            with _ended(connection.raw):
                self._check_version(connection.raw)
                yield Transaction(connection, self._version)

    @contextlib.contextmanager
    def write(self, *, check_version: bool = True, end: float | None = None
              ) -> Iterator[Transaction]:
        """Write in one transaction, alone; by ``end``, if it is given.

        :raises DriverUnavailable: also if others keep the write lock.
        :raises SchemaOutOfDate:
        """
        if end is None:
            end = self.end()
        with self._write_lock(end), self._connection() as connection:
            self._begin_immediate(connection.raw, end - time.monotonic())
            with _ended(connection.raw):
                if check_version:
                    self._check_version(connection.raw)
                yield Transaction(connection, self._version)

    def end(self) -> float:
        """Return when a call that begins now has to be over."""
        return time.monotonic() + self._deadline

    def schema(self) -> models.Schema:
        """Return the schema in the file, whatever it is.

        :raises DriverUnavailable:
        """
        with self._connection() as connection:
            connection.raw.execute("BEGIN")
            with _ended(connection.raw):
                return _schema(connection.raw, self._version)

    # ----------------------------------------------------------------- copies
    @contextlib.contextmanager
    def raw(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that is in no transaction.

        :raises DriverUnavailable:
        """
        with self._connection() as connection:
            yield connection.raw

    @contextlib.contextmanager
    def replacing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to replace all that is in the file, alone.

        :raises DriverUnavailable: also if others keep the write lock.
        """
        with self._write_lock(), self.raw() as connection:
            yield connection

    # --------------------------------------------------------------- the file
    def create(self) -> None:
        """Make the file if it is not there, and see that it is ours.

        :raises DriverUnavailable:
        """
        with self._write_lock(), _translated(self.path):
            connection = sqlite3.connect(
                self.path, timeout=self._deadline, isolation_level=None)
            with contextlib.closing(connection):
                if _user_version(connection) == 0 and not connection.execute(
                        "SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    connection.execute(
                        f"PRAGMA application_id={APPLICATION_ID}")
                check_owner(connection, self.path)
                mode, = connection.execute(
                    "PRAGMA journal_mode=WAL").fetchone()
            if mode != "wal":
                raise exception.DriverUnavailable(
                    reason=f"{self.path}: this file system can't hold a "
                           "write-ahead log; use a local one")

    def close(self) -> None:
        """Give back connections and locks; the store is of no use then."""
        self._pool.close()
        self._lock.close()

    # ------------------------------------------------------------- internals
    @contextlib.contextmanager
    def _write_lock(self, end: float | None = None) -> Iterator[None]:
        left = self._deadline if end is None else end - time.monotonic()
        try:
            acquired = self._lock.acquire(max(left, 0.0))
        except OSError as exc:
            raise exception.DriverUnavailable(
                reason=f"{self.path}: no write lock: {exc}") from exc
        if not acquired:
            raise exception.DriverUnavailable(
                reason=f"{self.path}: other writers kept it locked for "
                       f"{self._deadline:g} s")
        try:
            yield
        finally:
            self._lock.release()

    def _begin_immediate(self, connection: sqlite3.Connection,
                         left: float) -> None:
        """Begin to write. Only somebody who does not know of our lock, such
        as a backup, can be in the way; he may be for ``left`` seconds."""
        hurried = left < 0.9 * self._deadline
        if hurried:
            _set_timeout(connection, max(left, 0.05))
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            if hurried:
                _set_timeout(connection, self._deadline)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[pool.Connection]:
        with _translated(self.path):
            connection = self._pool.take()
            reusable = False
            try:
                yield connection
                reusable = True
            except sqlite3.Error:
                raise
            except BaseException:
                reusable = not connection.raw.in_transaction
                raise
            finally:
                self._pool.give_back(connection, reusable=reusable)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            pathlib.Path(self.path).absolute().as_uri() + "?mode=rw",
            uri=True, timeout=self._deadline, isolation_level=None,
            check_same_thread=False, cached_statements=256)
        try:
            check_owner(connection, self.path)
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA cache_size=-16384")
            connection.execute("PRAGMA journal_size_limit=67108864")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_version(self, connection: sqlite3.Connection) -> None:
        """See, in each transaction, that this code works on its schema: it
        may have been upgraded since the last one."""
        if _user_version(connection) != self._version:
            versions.check(_schema(connection, self._version))


def check_owner(connection: sqlite3.Connection, path: str) -> None:
    """:raises DriverUnavailable: the file is no store of ours."""
    found, = connection.execute("PRAGMA application_id").fetchone()
    if found != APPLICATION_ID:
        raise exception.DriverUnavailable(
            reason=f"{path}: a database of another program")


def _user_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _schema(connection: sqlite3.Connection, known: int) -> models.Schema:
    version = compatible = _user_version(connection)
    if version >= versions.SAYS_COMPATIBLE:
        compatible, = connection.execute(
            "SELECT compatible FROM store").fetchone()
    return models.Schema(version, compatible, known)


def _set_timeout(connection: sqlite3.Connection, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")


@contextlib.contextmanager
def _ended(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit at the end, or roll back."""
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def _translated(path: str) -> Iterator[None]:
    """Turn what is wrong with the file into DriverUnavailable.

    A wrong statement or a broken constraint is a mistake of ours, and stays
    what it is.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError,
            sqlite3.InterfaceError, sqlite3.NotSupportedError,
            sqlite3.DataError):
        raise
    except sqlite3.DatabaseError as exc:
        if getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise
        raise exception.DriverUnavailable(reason=f"{path}: {exc}") from exc
