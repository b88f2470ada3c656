"""Aggregates: which provider is in which. They have nothing but a uuid."""

from tachyon.db import base
from tachyon.db import models
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import providers


class AggregatesController(base.AggregatesController):
    """Aggregates in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def replace(self, provider_uuid: str, generation: int | None,
                uuids: frozenset[str]) -> models.Provider:
        with self._store.write() as txn:
            id = providers.get_id(txn, provider_uuid, generation)
            txn.run("DELETE FROM provider_aggregates WHERE provider_id = ?",
                    (id,))
            txn.many("INSERT INTO provider_aggregates "
                     "(provider_id, aggregate_uuid) VALUES (?, ?)",
                     [(id, uuid) for uuid in sorted(uuids)])
            providers.touch(txn, [id], generation=generation is not None)
            return providers.get(txn, provider_uuid)
