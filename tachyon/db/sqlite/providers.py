"""Resource providers: their rows, their forest, and how they are read.

``load`` reads whole providers with four statements, however many there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.sqlite import connection

_SUBTREE = """
    WITH RECURSIVE subtree (id) AS (
        SELECT ? UNION ALL
        SELECT p.id FROM subtree JOIN providers p ON p.parent_id = subtree.id)
    SELECT id FROM subtree"""


class ResourceProvidersController(base.ResourceProvidersController):
    """Resource providers in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def get(self, uuid: str) -> models.Provider:
        with self._store.read() as txn:
            return get(txn, uuid)

    def create(self, uuid: str, name: str,
               parent_uuid: str | None = None) -> models.Provider:
        with self._store.write() as txn:
            insert(txn, uuid, name, parent_uuid)
            return get(txn, uuid)

    def update(self, uuid: str, name: str,
               parent_uuid: str | None) -> models.Provider:
        with self._store.write() as txn:
            row = txn.one("SELECT id, name, parent_id, root_id "
                          "FROM providers WHERE uuid = ?", (uuid,))
            if row is None:
                raise exception.ResourceProviderNotFound(uuid=uuid)
            id, old_name, old_parent_id, old_root_id = row
            parent_id, root_id = None, id
            if parent_uuid is not None:
                parent_id, root_id = _get_parent(txn, parent_uuid)
            if parent_id != old_parent_id:
                _move(txn, id, parent_id, root_id)
            if name != old_name:
                _check_unique(txn, "name", name)
                txn.run("UPDATE providers SET name = ?, updated_at = ?, "
                        "changed = ? WHERE id = ?",
                        (name, txn.now, txn.number(), id))
            return get(txn, uuid)

    def delete(self, uuid: str) -> None:
        with self._store.write() as txn:
            id = get_id(txn, uuid)
            if txn.one("SELECT 1 FROM providers WHERE parent_id = ? LIMIT 1",
                       (id,)):
                raise exception.ProviderHasChildren(uuid=uuid)
            if txn.one("SELECT 1 FROM allocations WHERE provider_id = ? "
                       "LIMIT 1", (id,)):
                raise exception.ProviderInUse(uuid=uuid)
            txn.run("DELETE FROM providers WHERE id = ?", (id,))
            txn.run("INSERT INTO tombstones (uuid, changed, gone_at) "
                    "VALUES (?, ?, ?)",
                    (uuid, txn.number(), txn.now))


# ------------------------------------------------ for the other controllers
def insert(txn: connection.Transaction, uuid: str, name: str,
           parent_uuid: str | None, *, generation: int = 0,
           created_at: int | None = None,
           updated_at: int | None = None) -> int:
    """Insert a provider, by default a new one, and return its row id.

    :raises DuplicateProvider:
    :raises ParentProviderNotFound:
    """
    id: int = txn.one("SELECT coalesce(max(id), 0) + 1 FROM providers")[0]
    parent_id, root_id = None, id
    if parent_uuid is not None:
        parent_id, root_id = _get_parent(txn, parent_uuid)
    _check_unique(txn, "uuid", uuid)
    _check_unique(txn, "name", name)
    txn.run("INSERT INTO providers (id, uuid, name, generation, parent_id, "
            "root_id, created_at, updated_at, changed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (id, uuid, name, generation, parent_id, root_id,
             txn.now if created_at is None else created_at,
             txn.now if updated_at is None else updated_at, txn.number()))
    txn.run("DELETE FROM tombstones WHERE uuid = ?", (uuid,))
    return id


def get_id(txn: connection.Transaction, uuid: str,
           generation: int | None = None) -> int:
    """Return a provider's row id, of this generation where one is given.

    :raises ResourceProviderNotFound:
    :raises ConcurrentUpdate:
    """
    row = txn.one("SELECT id, generation FROM providers WHERE uuid = ?",
                  (uuid,))
    if row is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    if generation is not None and row[1] != generation:
        raise exception.ConcurrentUpdate(what=f"Resource provider {uuid}")
    id: int = row[0]
    return id


def touch(txn: connection.Transaction, ids: Iterable[int], *,
          generation: bool) -> None:
    """Stamp providers as changed, and raise their generation or not."""
    if generation:
        txn.many("UPDATE providers SET generation = generation + 1, "
                 "updated_at = ?, changed = ? WHERE id = ?",
                 [(txn.now, txn.number(), id) for id in ids])
    else:
        txn.many("UPDATE providers SET changed = ? WHERE id = ?",
                 [(txn.number(), id) for id in ids])


def get(txn: connection.Transaction, uuid: str) -> models.Provider:
    """Return one provider, whole.

    :raises ResourceProviderNotFound:
    """
    found = load(txn, "p.uuid = ?", (uuid,))
    if not found:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    return found[0]


def load(txn: connection.Transaction, condition: str,
         params: Sequence[Any]) -> list[models.Provider]:
    """Return all providers ``p`` that meet a condition, whole, by row id."""
    inventories: dict[int, dict[str, models.Inventory]] = defaultdict(dict)
    for row in txn.all(
            "SELECT p.id, c.name, i.total, i.reserved, i.min_unit, "
            "i.max_unit, i.step_size, i.allocation_ratio, i.used "
            "FROM providers p "
            "CROSS JOIN inventories i ON i.provider_id = p.id "
            "CROSS JOIN resource_classes c ON c.id = i.class_id "
            f"WHERE {condition}", params):
        inventories[row[0]][row[1]] = models.Inventory(*row[2:])
    traits: dict[int, set[str]] = defaultdict(set)
    for id, name in txn.all(
            "SELECT p.id, t.name FROM providers p "
            "CROSS JOIN provider_traits pt ON pt.provider_id = p.id "
            "CROSS JOIN traits t ON t.id = pt.trait_id "
            f"WHERE {condition}", params):
        traits[id].add(name)
    aggregates: dict[int, set[str]] = defaultdict(set)
    for id, uuid in txn.all(
            "SELECT p.id, a.aggregate_uuid FROM providers p "
            "CROSS JOIN provider_aggregates a ON a.provider_id = p.id "
            f"WHERE {condition}", params):
        aggregates[id].add(uuid)
    return [
        models.Provider(
            uuid=row[1], name=row[2], generation=row[3], parent_uuid=row[4],
            root_uuid=row[5], created_at=stored.to_time(row[6]),
            updated_at=stored.to_time(row[7]),
            inventories=inventories.get(row[0], {}),
            traits=frozenset(traits.get(row[0], ())),
            aggregates=frozenset(aggregates.get(row[0], ())))
        for row in txn.all(
            "SELECT p.id, p.uuid, p.name, p.generation, parent.uuid, "
            "root.uuid, p.created_at, p.updated_at FROM providers p "
            "LEFT JOIN providers parent ON parent.id = p.parent_id "
            "CROSS JOIN providers root ON root.id = p.root_id "
            # The plus keeps the order from deciding how rows are found.
            f"WHERE {condition} ORDER BY +p.id", params)]


# ----------------------------------------------------------------- internals
def _check_unique(txn: connection.Transaction, field: str, value: str) -> None:
    if txn.one(f"SELECT 1 FROM providers WHERE {field} = ?", (value,)):
        raise exception.DuplicateProvider(field=field, value=value)


def _get_parent(txn: connection.Transaction, uuid: str) -> tuple[int, int]:
    row: tuple[int, int] | None = txn.one(
        "SELECT id, root_id FROM providers WHERE uuid = ?", (uuid,))
    if row is None:
        raise exception.ParentProviderNotFound(uuid=uuid)
    return row


def _move(txn: connection.Transaction, id: int, parent_id: int | None,
          root_id: int) -> None:
    """Put a subtree elsewhere. All of it is stamped: its root is another."""
    subtree = [row[0] for row in txn.all(_SUBTREE, (id,))]
    if parent_id in subtree:
        uuid, = txn.one("SELECT uuid FROM providers WHERE id = ?",
                        (parent_id,))
        raise exception.ProviderLoop(uuid=uuid)
    txn.run("UPDATE providers SET parent_id = ? WHERE id = ?",
            (parent_id, id))
    txn.many("UPDATE providers SET root_id = ?, updated_at = ?, changed = ? "
             "WHERE id = ?",
             [(root_id, txn.now, txn.number(), member) for member in subtree])
