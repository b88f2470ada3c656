"""Resource classes: the catalogue."""

from collections.abc import Sequence

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.sqlite import catalogue
from tachyon.db.sqlite import connection

TABLE = "resource_classes"
ORDER = "standard DESC, id"


class ResourceClassesController(base.ResourceClassesController):
    """Resource classes in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def list(self) -> Sequence[models.CatalogueEntry]:
        with self._store.read() as txn:
            return catalogue.load(txn, TABLE, ORDER)

    def create(self, name: str) -> tuple[models.CatalogueEntry, bool]:
        with self._store.write() as txn:
            return catalogue.ensure(txn, TABLE, name)

    def delete(self, name: str) -> None:
        with self._store.write() as txn:
            row = txn.one("SELECT id, standard FROM resource_classes "
                          "WHERE name = ?", (name,))
            if row is None:
                raise exception.ResourceClassNotFound(resource_class=name)
            id, standard = row
            if standard:
                raise exception.ResourceClassStandard(resource_class=name)
            if txn.one("SELECT 1 FROM inventories WHERE class_id = ? LIMIT 1",
                       (id,)):
                raise exception.ResourceClassInUse(resource_class=name)
            txn.run("DELETE FROM resource_classes WHERE id = ?", (id,))
            catalogue.stamp(txn, TABLE)
