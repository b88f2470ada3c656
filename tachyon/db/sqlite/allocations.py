"""Allocations: what consumers have, and what projects use."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import companions as common_companions
from tachyon.db.common import stored
from tachyon.db.sqlite import claims as resource_claims
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import decisions as decisions_module
from tachyon.db.sqlite import inventories
from tachyon.db.sqlite import providers
from tachyon.db.sqlite import rows
from tachyon.db.sqlite import writes as writes_module

_COLUMNS = ("c.uuid, c.generation, t.name, c.project_id, c.user_id, "
            "c.created_at, c.updated_at, p.uuid, p.generation, rc.name, "
            "a.used")
_JOINS = ("CROSS JOIN providers p ON p.id = a.provider_id "
          "CROSS JOIN resource_classes rc ON rc.id = a.class_id "
          "CROSS JOIN consumer_types t ON t.id = c.type_id")


class AllocationsController(base.AllocationsController):
    """Allocations in SQLite."""

    def __init__(self, store: connection.Store,
                 writes: writes_module.Writes):
        self._store = store
        self._writes = writes

    def get(self, consumer_uuid: str) -> models.Consumer:
        with self._store.read() as txn:
            found = load(txn, "c.uuid = ?", (consumer_uuid,))
        if not found:
            raise exception.ConsumerNotFound(uuid=consumer_uuid)
        return found[0]

    def get_many(self, consumer_uuids: Collection[str]
                 ) -> Sequence[models.Consumer]:
        with self._store.read() as txn:
            return load(txn, "c.uuid IN (SELECT value FROM json_each(?))",
                        (rows.array(sorted(set(consumer_uuids))),))

    def list_by_provider(
            self, provider_uuid: str
            ) -> tuple[models.Provider, Sequence[models.Consumer]]:
        with self._store.read() as txn:
            provider = providers.get(txn, provider_uuid)
            return provider, _consumers(txn.all(
                f"SELECT {_COLUMNS} FROM allocations a "
                f"CROSS JOIN consumers c ON c.id = a.consumer_id {_JOINS} "
                "WHERE a.provider_id = ? ORDER BY c.uuid, a.class_id",
                (providers.get_id(txn, provider_uuid),)))

    def replace(self, claims: Sequence[models.Claim],
                decisions: Sequence[models.Decision] = (),
                companions: models.Companions | None = None) -> None:
        def work(txn: connection.Transaction) -> None:
            # Nobody else writes until this transaction has ended.
            if companions is not None:
                common_companions.check(
                    companions, _places(txn, companions.uuids))
            resource_claims.apply(txn, claims)
            for decision in decisions:
                decisions_module.put(txn, decision)

        self._writes.do({claim.consumer_uuid for claim in claims}, work)

    def reshape(self, reshapes: Sequence[models.Reshape],
                claims: Sequence[models.Claim]) -> None:
        with self._store.write() as txn:
            ids = {wanted.provider_uuid: providers.get_id(
                       txn, wanted.provider_uuid, wanted.generation)
                   for wanted in reshapes}
            # What goes stays until what is allocated of it has left.
            for wanted in reshapes:
                inventories.put(txn, ids[wanted.provider_uuid],
                                wanted.inventories)
            providers.touch(txn, [
                ids[wanted.provider_uuid] for wanted in reshapes
                if wanted.inventories], generation=True)
            resource_claims.apply(txn, claims)
            for wanted in reshapes:
                inventories.drop_others(
                    txn, ids[wanted.provider_uuid], wanted.provider_uuid,
                    wanted.inventories)
            providers.touch(txn, ids.values(), generation=True)

    def delete(self, consumer_uuid: str) -> None:
        with self._store.write() as txn:
            if not resource_claims.release(txn, consumer_uuid):
                raise exception.ConsumerNotFound(uuid=consumer_uuid)

    def usages(self, project_id: str, user_id: str | None = None,
               consumer_type: str | None = None) -> Sequence[models.Usage]:
        condition, params = "c.project_id = ?", [project_id]
        if user_id is not None:
            condition += " AND c.user_id = ?"
            params.append(user_id)
        if consumer_type is not None:
            condition += " AND t.name = ?"
            params.append(consumer_type)
        with self._store.read() as txn:
            counts = txn.all(
                "SELECT t.name, count(*) FROM consumers c "
                "CROSS JOIN consumer_types t ON t.id = c.type_id "
                f"WHERE {condition} GROUP BY t.name ORDER BY t.name", params)
            sums = txn.all(
                "SELECT t.name, rc.name, sum(a.used) FROM consumers c "
                "CROSS JOIN consumer_types t ON t.id = c.type_id "
                "CROSS JOIN allocations a ON a.consumer_id = c.id "
                "CROSS JOIN resource_classes rc ON rc.id = a.class_id "
                f"WHERE {condition} GROUP BY t.name, a.class_id "
                "ORDER BY t.name, a.class_id", params)
        resources: dict[str, dict[str, int]] = defaultdict(dict)
        for type_name, class_name, amount in sums:
            resources[type_name][class_name] = amount
        return [models.Usage(consumer_type=name, consumer_count=count,
                             resources=resources[name])
                for name, count in counts]


def load(txn: connection.Transaction, condition: str,
         params: Sequence[Any]) -> list[models.Consumer]:
    """Return all consumers ``c`` that meet a condition, whole, by uuid."""
    return _consumers(txn.all(
        f"SELECT {_COLUMNS} FROM consumers c "
        f"CROSS JOIN allocations a ON a.consumer_id = c.id {_JOINS} "
        f"WHERE {condition} ORDER BY c.uuid, a.provider_id, a.class_id",
        params))


def _consumers(found: Sequence[Any]) -> list[models.Consumer]:
    """Return the consumers that rows of ``_COLUMNS`` speak of, in order."""
    heads: dict[str, Sequence[Any]] = {}
    allocations: dict[str, dict[str, models.Allocation]] = defaultdict(dict)
    resources: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in found:
        uuid, (provider_uuid, generation, class_name, used) = row[0], row[7:]
        heads[uuid] = row
        amounts = resources[uuid, provider_uuid]
        amounts[class_name] = used
        allocations[uuid][provider_uuid] = models.Allocation(
            provider_uuid=provider_uuid, provider_generation=generation,
            resources=amounts)
    return [
        models.Consumer(
            uuid=uuid, generation=row[1], type=row[2], project_id=row[3],
            user_id=row[4], created_at=stored.to_time(row[5]),
            updated_at=stored.to_time(row[6]), allocations=allocations[uuid])
        for uuid, row in heads.items()]


def _places(txn: connection.Transaction, uuids: Collection[str]
            ) -> dict[str, frozenset[str]]:
    """Return of those that have anything, of which providers."""
    return {each.uuid: frozenset(each.allocations) for each in load(
        txn, "c.uuid IN (SELECT value FROM json_each(?))",
        (rows.array(sorted(uuids)),))}
