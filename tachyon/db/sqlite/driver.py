"""The SQLite driver: the embedded default, one file for all processes of one
machine."""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oslo_config import cfg

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.sqlite import aggregates
from tachyon.db.sqlite import allocations
from tachyon.db.sqlite import backup
from tachyon.db.sqlite import bulk
from tachyon.db.sqlite import changes
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import decisions
from tachyon.db.sqlite import flavors
from tachyon.db.sqlite import garbage
from tachyon.db.sqlite import instances
from tachyon.db.sqlite import inventories
from tachyon.db.sqlite import messages
from tachyon.db.sqlite import providers
from tachyon.db.sqlite import resource_classes
from tachyon.db.sqlite import schema
from tachyon.db.sqlite import services
from tachyon.db.sqlite import traits
from tachyon.db.sqlite import writes as writes_module

OLDEST_SQLITE = (3, 37, 0)              # STRICT tables


class SQLiteDriver(base.DataDriverBase):
    """The store in one SQLite file.

    Unlike other drivers it makes the file, and its schema, where there is
    none: the embedded default needs no setting up. A schema that is there
    already, but old, waits for ``sync``.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__(conf)
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            needed = ".".join(map(str, OLDEST_SQLITE))
            raise exception.DriverUnavailable(
                reason=f"SQLite {sqlite3.sqlite_version} is too old, "
                       f"{needed} is needed")
        path = os.path.abspath(conf.database.sqlite_path)
        self._make_directory(os.path.dirname(path))
        self._store = store = connection.Store(
            path, conf.database.deadline, schema.VERSION)
        writes = writes_module.Writes(store)
        self._resource_providers = providers.ResourceProvidersController(store)
        self._inventories = inventories.InventoriesController(store)
        self._traits = traits.TraitsController(store)
        self._resource_classes = resource_classes.ResourceClassesController(
            store)
        self._aggregates = aggregates.AggregatesController(store)
        self._allocations = allocations.AllocationsController(store, writes)
        self._bulk = bulk.BulkController(store)
        self._flavors = flavors.FlavorsController(store)
        self._instances = instances.InstancesController(store, writes)
        self._messages = messages.MessagesController(store, writes)
        self._decisions = decisions.DecisionsController(store)
        self._services = services.ServicesController(store)
        if not _has_content(path) or store.schema().version == 0:
            store.create()
            schema.upgrade(store)

    # ------------------------------------------------------------ the store
    @property
    def capabilities(self) -> frozenset[str]:
        return frozenset(("multi-process", "online-backup"))

    def is_alive(self) -> bool:
        try:
            self.health()
        except exception.DriverUnavailable:
            return False
        return True

    def health(self) -> Mapping[str, Any]:
        start = time.perf_counter()
        version = self._store.schema().version
        latency = time.perf_counter() - start
        return {"name": "sqlite", "version": sqlite3.sqlite_version,
                "latency_ms": round(latency * 1000, 3),
                "schema_version": version}

    def close(self) -> None:
        self._store.close()

    def schema(self) -> models.Schema:
        return self._store.schema()

    def sync(self, tell: base.Tell = base.silent) -> int:
        return schema.upgrade(self._store, tell)

    def gc(self) -> Mapping[str, int]:
        return garbage.collect(self._store, self.conf.database)

    def backup(self, path: str, tell: base.Tell = base.silent) -> None:
        backup.backup(self._store, path)

    def restore(self, path: str, tell: base.Tell = base.silent) -> None:
        backup.restore(self._store, path, self.conf.database.deadline, tell)

    def new_epoch(self) -> None:
        backup.new_epoch(self._store)

    # -------------------------------------------------------------- the view
    def snapshot(self) -> tuple[str, Iterator[Sequence[models.Provider]]]:
        return changes.snapshot(self._store)

    def changes(self, cursor: str) -> models.Changes:
        return changes.since(self._store, cursor)

    # ----------------------------------------------------------- controllers
    @property
    def resource_providers(self) -> base.ResourceProvidersController:
        return self._resource_providers

    @property
    def inventories(self) -> base.InventoriesController:
        return self._inventories

    @property
    def traits(self) -> base.TraitsController:
        return self._traits

    @property
    def resource_classes(self) -> base.ResourceClassesController:
        return self._resource_classes

    @property
    def aggregates(self) -> base.AggregatesController:
        return self._aggregates

    @property
    def allocations(self) -> base.AllocationsController:
        return self._allocations

    @property
    def bulk(self) -> base.BulkController:
        return self._bulk

    @property
    def flavors(self) -> base.FlavorsController:
        return self._flavors

    @property
    def instances(self) -> base.InstancesController:
        return self._instances

    @property
    def messages(self) -> base.MessagesController:
        return self._messages

    @property
    def decisions(self) -> base.DecisionsController:
        return self._decisions

    @property
    def services(self) -> base.ServicesController:
        return self._services

    # ------------------------------------------------------------- internals
    def _make_directory(self, directory: str) -> None:
        """Make the state path. Another directory has to be there: a file that
        appears in the wrong place helps nobody."""
        if directory == os.path.abspath(self.conf.state_path):
            try:
                os.makedirs(directory, mode=0o700, exist_ok=True)
            except OSError as exc:
                raise exception.DriverUnavailable(
                    reason=f"{directory}: {exc.strerror}") from exc
        elif not os.path.isdir(directory):
            raise exception.DriverUnavailable(
                reason=f"{directory}: no such directory")


def _has_content(path: str) -> bool:
    """Return False also for the empty file that another process is making."""
    try:
        return os.path.getsize(path) > 0
    except OSError:
        return False
