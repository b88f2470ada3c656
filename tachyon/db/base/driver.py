"""The data driver: the store as a whole."""

import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from oslo_config import cfg

from tachyon import exception
from tachyon.db import models
from tachyon.db.base import bulk as bulk_module
from tachyon.db.base import lifecycle
from tachyon.db.base import placement

Tell = Callable[[str], None]


def silent(_line: str) -> None:
    """Tell nobody."""


class DataDriverBase(abc.ABC):
    """A store.

    Opening one reads its schema version and nothing else; an embedded one
    makes itself where there is none. While the schema is older than this code
    needs, or of a release that this code is too old for, whatever needs it
    raises ``SchemaOutOfDate``. A store is upgraded underneath: who can live
    with what it becomes goes on, all others are told so by their next write,
    or read, at the latest a second after.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        self.conf = conf

    # ------------------------------------------------------------ the store
    @property
    @abc.abstractmethod
    def capabilities(self) -> frozenset[str]:
        """Return what this driver can do beyond the contract, such as
        ``multi-process``, ``multi-host``, ``online-backup``."""

    @abc.abstractmethod
    def is_alive(self) -> bool:
        """Return whether the store answers, within its deadline."""

    @abc.abstractmethod
    def health(self) -> Mapping[str, Any]:
        """Return name, version, latency_ms and schema_version of the store.

        :raises DriverUnavailable:
        """

    def warm_up(self) -> None:  # noqa: B027
        """Get ready for requests, as a daemon wants it when it starts. It may
        take long, and nothing depends on it."""

    @abc.abstractmethod
    def close(self) -> None:
        """Give back connections; the driver is of no use afterwards."""

    @abc.abstractmethod
    def schema(self) -> models.Schema:
        """Return the store's schema, beside what this code knows.

        :raises DriverUnavailable:
        """

    def schema_version(self) -> int:
        """Return the version of the store's schema, 0 if there is none.

        :raises DriverUnavailable:
        """
        return self.schema().version

    @abc.abstractmethod
    def sync(self, tell: Tell = silent) -> int:
        """Bring the schema up to date, put in the standard traits, resource
        classes and instance flavors, and return the version.

        Daemons may be at work meanwhile, and others may call it at the same
        time. Idempotent: flavors that were deleted stay away, a later schema
        that this code can live with stays as it is, and what was broken off
        is taken up again.

        :param tell: is called with a line of text when a step begins, and
            while it takes long.
        :raises SchemaOutOfDate: the store's needs a later code than this.
        """

    @abc.abstractmethod
    def gc(self) -> Mapping[str, int]:
        """Remove decisions, DELETED instances and tombstones past their
        retention; return how many of each, under ``decisions``,
        ``instances`` and ``tombstones``."""

    def backup(self, path: str, tell: Tell = silent) -> None:
        """Make a file that holds the store as it is at one moment. Others go
        on reading and writing meanwhile.

        Only a driver with the capability ``online-backup`` does it.

        :raises BackupNotSupported:
        :raises BackupFailed: the file is there already, or can't be written.
        """
        raise exception.BackupNotSupported()

    def restore(self, path: str, tell: Tell = silent) -> None:
        """Make the store what it was when that file was made, brought up to
        the schema that this code knows.

        The file is looked through first. Where it is not done in one
        transaction, the store is unavailable to all until it is done, and
        stays so if it broke off: then it can be done again. It begins another
        life with that: see ``new_epoch``.

        :raises BackupNotSupported:
        :raises BackupFailed: the file is not there, or not sound.
        :raises SchemaOutOfDate: it is of a later release.
        """
        raise exception.BackupNotSupported()

    @abc.abstractmethod
    def new_epoch(self) -> None:
        """Begin another life of the store, after something else than
        ``restore`` has put it back: every cursor from before expires, also of
        those who have it open, and services have time to be heard again."""

    # -------------------------------------------------------------- the view
    @abc.abstractmethod
    def snapshot(self) -> tuple[str, Iterator[Sequence[models.Provider]]]:
        """Return a cursor and all providers in pages.

        The cursor is read before the first page, and a page may hold a
        provider in a later state, or miss one that is gone: ``changes`` from
        this cursor makes it exact. That first call returns the catalogue.
        """

    @abc.abstractmethod
    def changes(self, cursor: str) -> models.Changes:
        """Return all that changed after ``cursor``.

        :raises CursorExpired: it is from before the last ``gc``, or from
            another life of the store: load afresh with ``snapshot``.
        """

    # ----------------------------------------------------------- controllers
    @property
    @abc.abstractmethod
    def resource_providers(self) -> placement.ResourceProvidersController: ...

    @property
    @abc.abstractmethod
    def inventories(self) -> placement.InventoriesController: ...

    @property
    @abc.abstractmethod
    def traits(self) -> placement.TraitsController: ...

    @property
    @abc.abstractmethod
    def resource_classes(self) -> placement.ResourceClassesController: ...

    @property
    @abc.abstractmethod
    def aggregates(self) -> placement.AggregatesController: ...

    @property
    @abc.abstractmethod
    def allocations(self) -> placement.AllocationsController: ...

    @property
    @abc.abstractmethod
    def bulk(self) -> bulk_module.BulkController: ...

    @property
    @abc.abstractmethod
    def flavors(self) -> lifecycle.FlavorsController: ...

    @property
    @abc.abstractmethod
    def instances(self) -> lifecycle.InstancesController: ...

    @property
    @abc.abstractmethod
    def messages(self) -> lifecycle.MessagesController: ...

    @property
    @abc.abstractmethod
    def decisions(self) -> lifecycle.DecisionsController: ...

    @property
    @abc.abstractmethod
    def services(self) -> lifecycle.ServicesController: ...
