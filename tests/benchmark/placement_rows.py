"""A cloud into the database of Placement, by the batch: over its API a large
one would take hours. The rows are those that the API would leave."""

import itertools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from placement.db.sqlalchemy import models as placement_models

from tachyon.db import models
from tachyon.transfer import base

_TABLES = placement_models.BASE.metadata.tables
_BATCH = 2000


def load(url: str, source: base.Source) -> None:
    """Add the providers of a source to a Placement's database that has been
    synced and has none."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            _Loader(connection).load(source)
        with engine.connect() as connection:
            # As after some days of work: the planner knows what is there.
            for name in _TABLES:
                connection.execute(sa.text(f"ANALYZE TABLE {name}"))
    finally:
        engine.dispose()


class _Loader:

    def __init__(self, connection: sa.Connection):
        self._connection = connection
        self._ids: dict[str, int] = {}
        self._aggregates: dict[str, int] = {}
        self._next = itertools.count(1)

    def load(self, source: base.Source) -> None:
        classes = self._names("resource_classes", source.resource_classes())
        traits = self._names("traits", source.traits())
        for batch in source.providers():
            self._add_aggregates(batch)
            for record in batch:
                self._ids[record.uuid] = next(self._next)
            self._insert("resource_providers", (
                {"id": self._ids[one.uuid], "uuid": one.uuid,
                 "name": one.name, "generation": one.generation,
                 "root_provider_id": self._ids[one.root_uuid],
                 "parent_provider_id": self._ids.get(one.parent_uuid or ""),
                 "created_at": one.created_at} for one in batch))
            self._insert("inventories", (
                {"resource_provider_id": self._ids[one.uuid],
                 "resource_class_id": classes[name],
                 "created_at": one.created_at, "total": each.total,
                 "reserved": each.reserved, "min_unit": each.min_unit,
                 "max_unit": each.max_unit, "step_size": each.step_size,
                 "allocation_ratio": each.allocation_ratio}
                for one in batch for name, each in one.inventories.items()))
            self._insert("resource_provider_traits", (
                {"resource_provider_id": self._ids[one.uuid],
                 "trait_id": traits[name], "created_at": one.created_at}
                for one in batch for name in sorted(one.traits)))
            self._insert("resource_provider_aggregates", (
                {"resource_provider_id": self._ids[one.uuid],
                 "aggregate_id": self._aggregates[uuid],
                 "created_at": one.created_at}
                for one in batch for uuid in one.aggregates))

    def _names(self, table: str, wanted: Iterable[str]) -> dict[str, int]:
        """Return the ids of names, of which those that lack are added."""
        columns = _TABLES[table].c
        query = sa.select(columns.name, columns.id)
        known = {row.name for row in self._connection.execute(query)}
        self._insert(table, ({"name": name} for name in wanted
                             if name not in known))
        return {row.name: row.id for row in self._connection.execute(query)}

    def _add_aggregates(self, batch: Iterable[models.Provider]) -> None:
        new = sorted({uuid for one in batch for uuid in one.aggregates}
                     - self._aggregates.keys())
        for id, uuid in enumerate(new, start=len(self._aggregates) + 1):
            self._aggregates[uuid] = id
            self._insert("placement_aggregates", [{"id": id, "uuid": uuid}])

    def _insert(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        for batch in base.batches(rows, _BATCH):
            self._connection.execute(_TABLES[table].insert(), batch)
