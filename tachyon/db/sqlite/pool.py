"""Open connections to the file, ready for the next transaction.

A connection serves one transaction at a time and comes back afterwards; there
are as many as there were transactions at the same time.

SQLite can't cross a fork with an open connection, not even an idle one: the
child would believe that it holds the parent's locks. So a fork waits for the
transactions under way to end, and closes the connections first; parent and
child open new ones. A child that was forked out of the middle of a transaction
gets ``DriverUnavailable`` for good.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable

from tachyon import exception

FORK_PATIENCE = 5.0                     # seconds a fork waits for the others

Identity = tuple[int, int]              # device, inode

_pools: "weakref.WeakSet[Pool]" = weakref.WeakSet()


class Connection:
    """A connection, and to which file."""

    __slots__ = ("identity", "raw")

    def __init__(self, raw: sqlite3.Connection, identity: Identity):
        self.raw = raw
        self.identity = identity


class Pool:
    """Connections to one path. ``open`` makes one more."""

    def __init__(self, path: str, open: Callable[[], sqlite3.Connection]):
        self._path = path
        self._open = open
        self._changed = threading.Condition()
        self._free: list[Connection] = []
        self._busy = 0
        self._forking = False
        self._unusable = ""             # why, if so
        _pools.add(self)

    def take(self) -> Connection:
        """Return a connection for one transaction.

        :raises DriverUnavailable:
        :raises sqlite3.Error:
        """
        identity = self._identity()
        with self._changed:
            self._changed.wait_for(lambda: not self._forking)
            if self._unusable:
                raise exception.DriverUnavailable(reason=self._unusable)
            if self._free and self._free[-1].identity != identity:
                # The file was replaced. What is written to the old one
                # would be lost.
                self._close_free()
            self._busy += 1
            if self._free:
                return self._free.pop()
        try:
            return Connection(self._open(), identity)
        except BaseException:
            self._leave(None)
            raise

    def give_back(self, connection: Connection, *, reusable: bool) -> None:
        """Take a connection back, for others or to be closed."""
        if reusable and not self._unusable:
            self._leave(connection)
        else:
            connection.raw.close()
            self._leave(None)

    def close(self) -> None:
        """Close what is free now, and the rest when it comes back."""
        with self._changed:
            self._unusable = "the store was closed"
            self._close_free()

    # ------------------------------------------------------------------ fork
    def before_fork(self) -> None:
        self._changed.acquire()
        self._forking = True
        self._changed.wait_for(lambda: not self._busy, FORK_PATIENCE)
        self._close_free()

    def after_fork_in_parent(self) -> None:
        self._forking = False
        self._changed.notify_all()
        self._changed.release()

    def after_fork_in_child(self) -> None:
        self._changed = threading.Condition()
        self._forking = False
        if self._busy:
            self._unusable = "this process was forked out of a transaction"

    # ------------------------------------------------------------- internals
    def _identity(self) -> Identity:
        try:
            found = os.stat(self._path)
        except OSError as exc:
            raise exception.DriverUnavailable(
                reason=f"{self._path}: {exc.strerror}") from exc
        return found.st_dev, found.st_ino

    def _leave(self, connection: Connection | None) -> None:
        with self._changed:
            self._busy -= 1
            if connection is not None:
                self._free.append(connection)
            if self._forking:
                self._changed.notify_all()

    def _close_free(self) -> None:
        while self._free:
            self._free.pop().raw.close()


_forking: list[Pool] = []


def _before_fork() -> None:
    _forking.extend(_pools)
    for pool in _forking:
        pool.before_fork()


def _after_fork_in_parent() -> None:
    while _forking:
        _forking.pop().after_fork_in_parent()


def _after_fork_in_child() -> None:
    while _forking:
        _forking.pop().after_fork_in_child()


os.register_at_fork(before=_before_fork,
                    after_in_parent=_after_fork_in_parent,
                    after_in_child=_after_fork_in_child)
