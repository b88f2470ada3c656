"""The view: this process's copy of the provider forest, kept up to date.

Every query begins with ``read()``. That asks the store what changed since
the last time, applies it, and gives the query a snapshot that contains every
write that was acknowledged before it asked. Where many ask at once, one of
them syncs for all that came before it started; readers never see half of a
sync.
"""

import contextlib
import time
from collections.abc import Iterator

import fasteners
from oslo_log import log as logging

from tachyon import exception
from tachyon import shared
from tachyon.db import base
from tachyon.db import models
from tachyon.placement import forest as forest_module
from tachyon.placement import snapshot as snapshot_module

LOG = logging.getLogger(__name__)

_LOAD_ATTEMPTS = 3
_PROGRESS_SECONDS = 5.0


class View:
    """A copy of all providers of a store. For use by many threads."""

    def __init__(self, driver: base.DataDriverBase) -> None:
        self._driver = driver
        self._lock = fasteners.ReaderWriterLock()
        self._forest = forest_module.Forest()
        self._derived = snapshot_module.Derived()
        self._cursor: str | None = None          # None: to be loaded afresh
        self._sync = shared.Shared(self._bring_up_to_date)

    @contextlib.contextmanager
    def read(self) -> Iterator[snapshot_module.Snapshot]:
        """Bring the view up to date and lend a snapshot of it.

        The snapshot, and all that refers to it, is valid until the ``with``
        ends. While it lasts the view can't change, so be brief: no store
        write and no RPC inside. A thread can't nest two of them.

        :raises DriverUnavailable:
        """
        if self._lock.is_reader():
            raise RuntimeError("View.read() is not reentrant")
        while True:
            self.sync()
            with self._lock.read_lock():
                cursor = self._cursor
                if cursor is None:       # a later sync failed half way
                    continue
                yield snapshot_module.Snapshot(self._forest, cursor,
                                               self._derived)
                return

    def sync(self) -> None:
        """Bring the view to a state of the store not older than this call.

        A sync that is under way may have read before: only the next one is
        good for a caller who comes now. All who come until that one starts
        share it, and its error too.

        :raises DriverUnavailable:
        """
        self._sync.do()

    def _bring_up_to_date(self) -> None:
        if self._cursor is not None:
            try:
                changes = self._driver.changes(self._cursor)
            except exception.CursorExpired:
                LOG.info("The change cursor expired: loading all providers "
                         "afresh.")
            else:
                if self._apply(changes):
                    return
        self._load()

    def _apply(self, changes: models.Changes) -> bool:
        if changes.cursor == self._cursor:
            return True
        with self._lock.write_lock():
            self._cursor = None
            try:
                self._forest.apply(changes)
            except Exception:
                LOG.exception("The view could not take in what changed: "
                              "loading all providers afresh.")
                return False
            self._cursor = changes.cursor
            return True

    def _load(self) -> None:
        """Load the forest beside the old one, then put it in its place."""
        for attempt in range(1, _LOAD_ATTEMPTS + 1):
            started = reported = time.monotonic()
            forest = forest_module.Forest()
            cursor, pages = self._driver.snapshot()
            for page in pages:
                forest.load(page)
                if time.monotonic() - reported > _PROGRESS_SECONDS:
                    reported = time.monotonic()
                    LOG.info("Loading the view: %d providers so far.",
                             forest.n)
            try:
                changes = self._driver.changes(cursor)
            except exception.CursorExpired:
                if attempt == _LOAD_ATTEMPTS:
                    raise
                continue
            forest.apply(changes)
            break
        with self._lock.write_lock():
            self._forest = forest
            self._derived = snapshot_module.Derived()
            self._cursor = changes.cursor
        LOG.info("Loaded the view: %d providers in %.1f s.", forest.n,
                 time.monotonic() - started)
