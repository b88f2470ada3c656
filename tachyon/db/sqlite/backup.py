"""Copies of the store: how one is made, and how one takes its place.

Both go through SQLite's backup, in one step: a copy is of one moment, and a
restore is one transaction, which readers see whole or not at all and which a
crash undoes. A restored store begins another life, with an epoch of its own:
its numbers go on from where the copy was made, so a cursor from before would
otherwise be taken for one of what comes now.
"""

import contextlib
import os
import pathlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator

from oslo_utils import uuidutils

from tachyon import exception
from tachyon.db import base
from tachyon.db.common import files
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import schema


def backup(store: connection.Store, path: str) -> None:
    """Do what ``DataDriverBase.backup`` promises."""
    with _trouble(path), files.made(path) as copy:
        with (store.raw() as source,
              contextlib.closing(sqlite3.connect(copy)) as target):
            source.backup(target)
            _check(target, copy)


def restore(store: connection.Store, path: str, deadline: float,
            tell: base.Tell) -> None:
    """Do what ``DataDriverBase.restore`` promises."""
    path = os.path.abspath(path)
    with _trouble(path), tempfile.TemporaryDirectory(
            dir=os.path.dirname(store.path),
            prefix=".tachyon-restore-") as directory:
        copy = os.path.join(directory, "copy")
        with (contextlib.closing(_open_backup(path)) as source,
              contextlib.closing(sqlite3.connect(copy)) as target):
            connection.check_owner(source, path)
            _check(source, path)
            source.backup(target)
        renewed = connection.Store(copy, deadline, schema.VERSION)
        with contextlib.closing(renewed):
            schema.upgrade(renewed, tell)
            new_epoch(renewed)
            with renewed.raw() as source, store.replacing() as target:
                source.backup(target, progress=_within(store.path, deadline))


def new_epoch(store: connection.Store) -> None:
    """Do what ``DataDriverBase.new_epoch`` promises."""
    with store.write() as txn:
        txn.run("UPDATE store SET epoch = ?", (uuidutils.generate_uuid(),))
        # The daemons' silence since a copy was made says nothing: each has
        # service_down_time to be heard.
        txn.run("UPDATE services SET last_seen = ?", (txn.now,))


def _open_backup(path: str) -> sqlite3.Connection:
    """Open a copy to read it, on a medium that can't be written too."""
    options = "mode=ro"
    if not os.path.exists(f"{path}-wal"):
        options += "&immutable=1"
    return sqlite3.connect(f"{pathlib.Path(path).as_uri()}?{options}",
                           uri=True, isolation_level=None)


def _check(copy: sqlite3.Connection, path: str) -> None:
    found, = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise exception.BackupFailed(path=path, reason=found)


def _within(path: str, deadline: float) -> Callable[[int, int, int], None]:
    """Return what ends a backup that somebody else keeps from beginning."""
    end = time.monotonic() + deadline

    def progress(status: int, _remaining: int, _total: int) -> None:
        if (status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                and time.monotonic() > end):
            raise exception.DriverUnavailable(
                reason=f"{path}: another program keeps it locked")
    return progress


@contextlib.contextmanager
def _trouble(path: str) -> Iterator[None]:
    """Say in one line what is wrong with the copy."""
    try:
        with files.trouble(path):
            yield
    except sqlite3.Error as exc:
        raise exception.BackupFailed(path=path, reason=str(exc)) from exc
