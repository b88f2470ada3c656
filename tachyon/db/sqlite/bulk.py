"""Whole providers and consumers, by the batch."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.sqlite import allocations
from tachyon.db.sqlite import catalogue
from tachyon.db.sqlite import claims
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import providers
from tachyon.db.sqlite import resource_classes
from tachyon.db.sqlite import rows
from tachyon.db.sqlite import traits

_SUMS = """
    SELECT i.provider_id, i.class_id, i.used,
        coalesce(sum(a.used), 0) AS allocated
    FROM inventories i LEFT JOIN allocations a
        ON a.provider_id = i.provider_id AND a.class_id = i.class_id"""


class BulkController(base.BulkController):
    """Whole providers and consumers in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def add_providers(self, providers: Sequence[models.Provider]) -> int:
        with self._store.write() as txn:
            new = _missing(txn, "providers", providers)
            _add_providers(txn, new)
        return len(new)

    def add_consumers(self, consumers: Sequence[models.Consumer]) -> int:
        with self._store.write() as txn:
            new = _missing(txn, "consumers", consumers)
            _add_consumers(txn, new)
        return len(new)

    def consumers(self, size: int = 1000
                  ) -> Iterator[Sequence[models.Consumer]]:
        last = ""
        while True:
            with self._store.read() as txn:
                page = allocations.load(txn, "c.id IN (SELECT id FROM "
                                        "consumers WHERE uuid > ? "
                                        "ORDER BY uuid LIMIT ?)",
                                        (last, stored.limit(size)))
            if not page:
                return
            last = page[-1].uuid
            yield page

    def miscounts(self) -> Sequence[models.Miscount]:
        with self._store.read() as txn:
            return [models.Miscount(*row) for row in txn.all(
                "SELECT p.uuid, c.name, s.used, s.allocated FROM ("
                f"{_SUMS} GROUP BY i.provider_id, i.class_id "
                "HAVING i.used <> allocated) s "
                "JOIN providers p ON p.id = s.provider_id "
                "JOIN resource_classes c ON c.id = s.class_id "
                "ORDER BY p.uuid, c.name")]

    def recount(self, provider_uuid: str) -> None:
        with self._store.write() as txn:
            id = providers.get_id(txn, provider_uuid)
            wrong = txn.all(
                f"{_SUMS} WHERE i.provider_id = ? "
                "GROUP BY i.class_id HAVING i.used <> allocated", (id,))
            txn.many("UPDATE inventories SET used = ? "
                     "WHERE provider_id = ? AND class_id = ?",
                     [(allocated, id, class_id)
                      for _id, class_id, _used, allocated in wrong])
            if wrong:
                providers.touch(txn, [id], generation=False)


def _missing(txn: connection.Transaction, table: str,
             records: Sequence[Any]) -> list[Any]:
    known = {uuid for uuid, in txn.all(
        f"SELECT uuid FROM {table} "
        "WHERE uuid IN (SELECT value FROM json_each(?))",
        (rows.array(record.uuid for record in records),))}
    return [record for record in records if record.uuid not in known]


# ------------------------------------------------------------------ providers
def _add_providers(txn: connection.Transaction,
                   new: Sequence[models.Provider]) -> None:
    class_ids = _ids(txn, resource_classes.TABLE, {
        name for record in new for name in record.inventories})
    trait_ids = catalogue.ids(txn, traits.TABLE, frozenset(
        name for record in new for name in record.traits))
    for record in new:
        unknown = record.traits - trait_ids.keys()
        if unknown:
            raise exception.TraitNotFound(names=", ".join(sorted(unknown)))
        id = providers.insert(
            txn, record.uuid, record.name, record.parent_uuid,
            generation=record.generation,
            created_at=stored.from_time(record.created_at),
            updated_at=stored.from_time(record.updated_at))
        txn.many("INSERT INTO inventories (provider_id, class_id, total, "
                 "reserved, min_unit, max_unit, step_size, allocation_ratio, "
                 "used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
                 [(id, class_ids[name], one.total, one.reserved, one.min_unit,
                   one.max_unit, one.step_size, float(one.allocation_ratio))
                  for name, one in record.inventories.items()])
        txn.many("INSERT INTO provider_traits (provider_id, trait_id) "
                 "VALUES (?, ?)",
                 [(id, trait_ids[name]) for name in record.traits])
        txn.many("INSERT INTO provider_aggregates (provider_id, "
                 "aggregate_uuid) VALUES (?, ?)",
                 [(id, uuid) for uuid in record.aggregates])


def _ids(txn: connection.Transaction, table: str,
         names: set[str]) -> dict[str, int]:
    found = catalogue.ids(txn, table, frozenset(names))
    for name in sorted(names - found.keys()):
        raise exception.ResourceClassNotFound(resource_class=name)
    return found


# ------------------------------------------------------------------ consumers
def _add_consumers(txn: connection.Transaction,
                   new: Sequence[models.Consumer]) -> None:
    keys = _keys(txn, new)
    used: dict[tuple[int, int], int] = defaultdict(int)
    for record in new:
        consumer_id, = txn.one(
            "INSERT INTO consumers (uuid, generation, type_id, project_id, "
            "user_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
            "RETURNING id",
            (record.uuid, record.generation,
             claims.type_id(txn, record.type), record.project_id,
             record.user_id, stored.from_time(record.created_at),
             stored.from_time(record.updated_at)))
        amounts = [(keys[uuid, name], amount)
                   for uuid, allocation in record.allocations.items()
                   for name, amount in allocation.resources.items()]
        txn.many("INSERT INTO allocations (consumer_id, provider_id, "
                 "class_id, used) VALUES (?, ?, ?, ?)",
                 [(consumer_id, *key, amount) for key, amount in amounts])
        for key, amount in amounts:
            used[key] += amount
    claims.add_used(txn, used)
    providers.touch(txn, sorted({id for id, _class_id in used}),
                    generation=False)


def _keys(txn: connection.Transaction, new: Sequence[models.Consumer]
          ) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Return the rows of each provider and class that is named, which has an
    inventory."""
    wanted = {(uuid, name) for record in new
              for uuid, allocation in record.allocations.items()
              for name in allocation.resources}
    class_ids = _ids(txn, resource_classes.TABLE,
                     {name for _uuid, name in wanted})
    ids = dict(txn.all(
        "SELECT uuid, id FROM providers "
        "WHERE uuid IN (SELECT value FROM json_each(?))",
        (rows.array({uuid for uuid, _name in wanted}),)))
    present = set(txn.all(
        "SELECT provider_id, class_id FROM inventories "
        "WHERE provider_id IN (SELECT value FROM json_each(?))",
        (rows.array(ids.values()),)))
    found = {}
    for uuid, name in sorted(wanted):
        if uuid not in ids:
            raise exception.ResourceProviderNotFound(uuid=uuid)
        found[uuid, name] = key = ids[uuid], class_ids[name]
        if key not in present:
            raise exception.InvalidInventory(resource_class=name, uuid=uuid)
    return found
