"""Resource classes: the catalogue."""

from collections.abc import Sequence

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.sqlite import catalogue
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import providers

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

    def rename(self, name: str, new_name: str) -> models.CatalogueEntry:
        with self._store.write() as txn:
            id = _get_custom(txn, name)
            if new_name != name:
                if catalogue.ids(txn, TABLE, frozenset((new_name,))):
                    raise exception.ResourceClassExists(
                        resource_class=new_name)
                txn.run("UPDATE resource_classes SET name = ? WHERE id = ?",
                        (new_name, id))
                catalogue.stamp(txn, TABLE)
                providers.touch(txn, [provider_id for provider_id, in txn.all(
                    "SELECT provider_id FROM inventories WHERE class_id = ?",
                    (id,))], generation=False)
            entry, _made = catalogue.ensure(txn, TABLE, new_name)
            return entry

    def delete(self, name: str) -> None:
        with self._store.write() as txn:
            id = _get_custom(txn, name)
            if txn.one("SELECT 1 FROM inventories WHERE class_id = ? LIMIT 1",
                       (id,)):
                raise exception.ResourceClassInUse(resource_class=name)
            txn.run("DELETE FROM resource_classes WHERE id = ?", (id,))
            catalogue.stamp(txn, TABLE)


def _get_custom(txn: connection.Transaction, name: str) -> int:
    row = txn.one("SELECT id, standard FROM resource_classes WHERE name = ?",
                  (name,))
    if row is None:
        raise exception.ResourceClassNotFound(resource_class=name)
    id: int = row[0]
    if row[1]:
        raise exception.ResourceClassStandard(resource_class=name)
    return id
