"""Inventories: what a provider has of each resource class."""

from collections.abc import Collection, Mapping

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.sqlite import catalogue
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import providers
from tachyon.db.sqlite import resource_classes

_PUT = """
    INSERT INTO inventories (
        provider_id, class_id, total, reserved, min_unit, max_unit, step_size,
        allocation_ratio, used)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
    ON CONFLICT (provider_id, class_id) DO UPDATE SET
        total = excluded.total, reserved = excluded.reserved,
        min_unit = excluded.min_unit, max_unit = excluded.max_unit,
        step_size = excluded.step_size,
        allocation_ratio = excluded.allocation_ratio"""


class InventoriesController(base.InventoriesController):
    """Inventories in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def replace(self, provider_uuid: str, generation: int,
                inventories: Mapping[str, models.Inventory]
                ) -> models.Provider:
        with self._store.write() as txn:
            id = providers.get_id(txn, provider_uuid, generation)
            put(txn, id, inventories)
            drop_others(txn, id, provider_uuid, inventories)
            providers.touch(txn, [id], generation=True)
            return providers.get(txn, provider_uuid)


def put(txn: connection.Transaction, provider_id: int,
        inventories: Mapping[str, models.Inventory]) -> None:
    """Give a provider these inventories, besides the others it has.

    :raises ResourceClassNotFound:
    """
    found = catalogue.ids(txn, resource_classes.TABLE,
                          frozenset(inventories))
    for name in inventories:
        if name not in found:
            raise exception.ResourceClassNotFound(resource_class=name)
    txn.many(_PUT, [
        (provider_id, found[name], record.total, record.reserved,
         record.min_unit, record.max_unit, record.step_size,
         float(record.allocation_ratio))
        for name, record in inventories.items()])


def drop_others(txn: connection.Transaction, id: int, uuid: str,
                kept: Collection[str]) -> None:
    """Take all inventories from a provider but those of some classes.

    :raises InventoryInUse: one that would go has allocations.
    """
    going = [row for row in txn.all(
        "SELECT i.class_id, c.name, i.used FROM inventories i "
        "JOIN resource_classes c ON c.id = i.class_id "
        "WHERE i.provider_id = ? ORDER BY i.class_id", (id,))
        if row[1] not in kept]
    in_use = [name for _class_id, name, used in going if used]
    if in_use:
        raise exception.InventoryInUse(resource_classes=", ".join(in_use),
                                       uuid=uuid)
    txn.many("DELETE FROM inventories WHERE provider_id = ? AND class_id = ?",
             [(id, class_id) for class_id, _name, _used in going])
