"""nova's API database: which cells there are, and the host aggregates."""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources.nova import tables

# The cell where nova keeps what never got a host.
CELL0 = "00000000-0000-0000-0000-000000000000"
_OF_AGGREGATES = (tables.AGGREGATES, tables.AGGREGATE_HOSTS,
                  tables.AGGREGATE_METADATA)


@dataclasses.dataclass(frozen=True, slots=True)
class CellMapping:
    """Where an enabled cell is."""

    uuid: str
    database_connection: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What one look found. ``aggregates`` is None if they are what they
    were."""

    cells: tuple[CellMapping, ...]
    aggregates: tuple[node_module.Aggregate, ...] | None


class ApiDatabase:
    """Looks at the API database; one thread at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._mark: Any = None

    def look(self) -> Look:
        """Read what changed since the last look.

        :raises SQLAlchemyError: it does not answer.
        """
        table = tables.CELLS.c
        with self.engine.connect() as connection:
            cells = tuple(
                CellMapping(uuid, url) for uuid, url, disabled
                in connection.execute(sa.select(
                    table.uuid, table.database_connection, table.disabled))
                if uuid != CELL0 and not disabled)
            # A row more, less, or changed: one of these differs.
            mark = tuple(tuple(connection.execute(sa.select(
                sa.func.count(), sa.func.max(each.c.id),
                sa.func.max(each.c.updated_at)).select_from(each)).one())
                for each in _OF_AGGREGATES)
            if mark == self._mark:
                return Look(cells, None)
            aggregates = _aggregates(connection)
        self._mark = mark
        return Look(cells, aggregates)

    def find_buried(self, since: datetime.datetime) -> Sequence[str]:
        """Return the servers that were put into cell 0 since then; any
        thread may ask.

        :raises SQLAlchemyError: it does not answer.
        """
        servers = tables.SERVERS.c
        with self.engine.connect() as connection:
            return connection.execute(
                sa.select(servers.instance_uuid)
                .join(tables.CELLS, tables.CELLS.c.id == servers.cell_id)
                .where(tables.CELLS.c.uuid == CELL0,
                       servers.updated_at >= since)).scalars().all()

    def close(self) -> None:
        self.engine.dispose()


def _aggregates(connection: sa.Connection
                ) -> tuple[node_module.Aggregate, ...]:
    hosts: dict[int, set[str]] = {}
    for id, host in connection.execute(sa.select(
            tables.AGGREGATE_HOSTS.c.aggregate_id,
            tables.AGGREGATE_HOSTS.c.host)):
        hosts.setdefault(id, set()).add(host)
    metadata: dict[int, dict[str, str]] = {}
    for id, key, value in connection.execute(sa.select(
            tables.AGGREGATE_METADATA.c.aggregate_id,
            tables.AGGREGATE_METADATA.c.key,
            tables.AGGREGATE_METADATA.c.value)):
        metadata.setdefault(id, {})[key] = value
    return tuple(
        node_module.Aggregate(id, uuid, name, frozenset(hosts.get(id, ())),
                              metadata.get(id, {}))
        for id, uuid, name in connection.execute(sa.select(
            tables.AGGREGATES.c.id, tables.AGGREGATES.c.uuid,
            tables.AGGREGATES.c.name)))
