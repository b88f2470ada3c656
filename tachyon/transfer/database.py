"""Placement's own SQL database as a source: MariaDB, PostgreSQL or SQLite.

The schema is that of Placement 16. All is read in one transaction that can't
write, so what is read is of one moment, also while Placement serves. Of the
providers only ids are kept in memory.
"""

import contextlib
import datetime
import os
import urllib.parse
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from tachyon import exception
from tachyon.db import models
from tachyon.transfer import base


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(
        sa.column(column, sa.DateTime() if column.endswith("_at") else None)
        for column in columns))


_CLASSES = _table("resource_classes", "id", "name")
_TRAITS = _table("traits", "id", "name")
_PROVIDERS = _table("resource_providers", "id", "uuid", "name", "generation",
                    "parent_provider_id", "created_at", "updated_at")
_INVENTORIES = _table(
    "inventories", "resource_provider_id", "resource_class_id", "total",
    "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")
_PROVIDER_TRAITS = _table("resource_provider_traits", "resource_provider_id",
                          "trait_id")
_PROVIDER_AGGREGATES = _table("resource_provider_aggregates",
                              "resource_provider_id", "aggregate_id")
_AGGREGATES = _table("placement_aggregates", "id", "uuid")
_ALLOCATIONS = _table("allocations", "resource_provider_id", "consumer_id",
                      "resource_class_id", "used")
_CONSUMERS = _table("consumers", "uuid", "generation", "project_id",
                    "user_id", "consumer_type_id", "created_at",
                    "updated_at")
_PROJECTS = _table("projects", "id", "external_id")
_USERS = _table("users", "id", "external_id")
_TYPES = _table("consumer_types", "id", "name")
_TABLES = (_CLASSES, _TRAITS, _PROVIDERS, _INVENTORIES, _PROVIDER_TRAITS,
           _PROVIDER_AGGREGATES, _AGGREGATES, _ALLOCATIONS, _CONSUMERS,
           _PROJECTS, _USERS, _TYPES)


class DatabaseSource(base.Source):
    """Reads a database. ``project_id`` and ``user_id`` are given to those
    consumers that have none: their allocations are older than these."""

    def __init__(self, url: str, project_id: str, user_id: str):
        super().__init__()
        self._owner = project_id, user_id
        self._now = datetime.datetime.now(datetime.UTC)
        try:
            parsed = _read_only(sa.make_url(url))
            self._where = parsed.render_as_string(hide_password=True)
            self._engine = sa.create_engine(parsed)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as exc:
            raise exception.TransferFailed(
                where="--database-connection", reason=exc) from exc
        except ImportError as exc:
            raise exception.TransferFailed(
                where="--database-connection",
                reason=f"{exc}: install what SQLAlchemy needs for this "
                       "database") from exc
        with contextlib.ExitStack() as stack:
            stack.callback(self._engine.dispose)
            with self._translated():
                self._connection = stack.enter_context(self._connect())
                self._check_schema()
                self._classes = self._names(_CLASSES)
                self._traits = self._names(_TRAITS)
                self._uuids = {
                    id: uuid for id, uuid in self._connection.execute(
                        sa.select(_PROVIDERS.c.id, _PROVIDERS.c.uuid))}
            self._stack = stack.pop_all()

    def close(self) -> None:
        self._stack.close()

    # ---------------------------------------------------------------- reading
    def size(self) -> base.Size:
        with self._translated():
            consumers, = self._connection.execute(sa.select(sa.func.count(
                sa.distinct(_ALLOCATIONS.c.consumer_id)))).one()
        return base.Size(len(self._uuids), consumers)

    def resource_classes(self) -> frozenset[str]:
        return frozenset(self._classes.values())

    def traits(self) -> frozenset[str]:
        return frozenset(self._traits.values())

    def providers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Provider]]:
        with self._translated():
            parents: dict[int, int | None] = {
                id: parent for id, parent in self._connection.execute(
                    sa.select(_PROVIDERS.c.id,
                              _PROVIDERS.c.parent_provider_id))}
        ordered = base.parents_first(parents)
        for id in sorted(parents.keys() - set(ordered)):
            self.problems.append(f"provider {self._uuids[id]}: its parents "
                                 "go round in a circle")
        for ids in base.batches((id for id in ordered
                                 if self._uuids[id] not in known),
                                base.PROVIDERS):
            with self._translated():
                batch = self._load_providers(ids)
            yield batch

    def consumers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Consumer]]:
        last = ""
        while True:
            with self._translated():
                page = [uuid for uuid, in self._connection.execute(
                    sa.select(_ALLOCATIONS.c.consumer_id).distinct()
                    .where(_ALLOCATIONS.c.consumer_id > last)
                    .order_by(_ALLOCATIONS.c.consumer_id)
                    .limit(base.CONSUMERS))]
                if not page:
                    return
                last = page[-1]
                batch = self._load_consumers(
                    [uuid for uuid in page if uuid not in known])
            yield batch

    # ------------------------------------------------------------ the database
    def _connect(self) -> sa.Connection:
        connection = self._engine.connect()
        match self._engine.dialect.name:
            case "postgresql":
                return connection.execution_options(
                    isolation_level="REPEATABLE READ",
                    postgresql_readonly=True)
            case "mysql" | "mariadb":
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ")
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
                connection.exec_driver_sql(
                    "START TRANSACTION WITH CONSISTENT SNAPSHOT")
            case "sqlite":
                # The library begins a transaction only with a write.
                connection.exec_driver_sql("BEGIN")
        return connection

    def _check_schema(self) -> None:
        inspector = sa.inspect(self._connection)
        for table in _TABLES:
            found = set()
            if inspector.has_table(table.name):
                found = {column["name"]
                         for column in inspector.get_columns(table.name)}
            missing = sorted({column.name for column in table.c} - found)
            if missing:
                raise exception.TransferFailed(
                    where=self._where,
                    reason=f"table {table.name} has no {', '.join(missing)}: "
                           "it is not the database of Placement 16; upgrade "
                           "it with placement-manage db sync")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlalchemy.exc.SQLAlchemyError as exc:
            raise exception.TransferFailed(
                where=self._where,
                reason=getattr(exc, "orig", None) or exc) from exc

    def _names(self, table: sa.TableClause) -> dict[int, str]:
        return {id: name for id, name in self._connection.execute(
            sa.select(table.c.id, table.c.name))}

    # --------------------------------------------------------------- providers
    def _load_providers(self, ids: Sequence[int]) -> list[models.Provider]:
        inventories: dict[int, dict[str, models.Inventory]] = defaultdict(dict)
        for row in self._of(_INVENTORIES.c.resource_provider_id, ids,
                            sa.select(_INVENTORIES)):
            name = self._classes[row.resource_class_id]
            inventories[row.resource_provider_id][name] = models.Inventory(
                total=row.total, reserved=row.reserved,
                min_unit=row.min_unit, max_unit=row.max_unit,
                step_size=row.step_size,
                allocation_ratio=float(row.allocation_ratio))
        traits: dict[int, set[str]] = defaultdict(set)
        for id, trait_id in self._of(
                _PROVIDER_TRAITS.c.resource_provider_id, ids,
                sa.select(_PROVIDER_TRAITS)):
            traits[id].add(self._traits[trait_id])
        aggregates: dict[int, set[str]] = defaultdict(set)
        for id, uuid in self._of(
                _PROVIDER_AGGREGATES.c.resource_provider_id, ids,
                sa.select(_PROVIDER_AGGREGATES.c.resource_provider_id,
                          _AGGREGATES.c.uuid).join_from(
                    _PROVIDER_AGGREGATES, _AGGREGATES,
                    _AGGREGATES.c.id == _PROVIDER_AGGREGATES.c.aggregate_id)):
            aggregates[id].add(uuid)
        heads = {row.id: row for row in self._of(
            _PROVIDERS.c.id, ids, sa.select(_PROVIDERS))}
        return [models.Provider(
            uuid=row.uuid, name=row.name or row.uuid,
            generation=row.generation or 0,
            parent_uuid=self._uuids.get(row.parent_provider_id),
            root_uuid=row.uuid, inventories=inventories[row.id],
            traits=frozenset(traits[row.id]),
            aggregates=frozenset(aggregates[row.id]), **self._times(row))
            for row in map(heads.__getitem__, ids)]

    def _of(self, column: sa.ColumnClause[Any], values: Sequence[Any],
            query: sa.Select[Any]) -> Iterator[Any]:
        return iter(self._connection.execute(
            query.where(column.in_(values))))

    def _times(self, row: Any) -> Mapping[str, datetime.datetime]:
        """Return when a row was made, and last changed. Placement has naive
        times, of UTC, or none."""
        made = (row.created_at.replace(tzinfo=datetime.UTC)
                if row.created_at else self._now)
        changed = (row.updated_at.replace(tzinfo=datetime.UTC)
                   if row.updated_at else made)
        return {"created_at": made, "updated_at": changed}

    # --------------------------------------------------------------- consumers
    def _load_consumers(self, uuids: Sequence[str]
                        ) -> list[models.Consumer]:
        heads = {row.uuid: row for row in self._of(
            _CONSUMERS.c.uuid, uuids,
            sa.select(
                _CONSUMERS.c.uuid, _CONSUMERS.c.generation,
                _CONSUMERS.c.created_at, _CONSUMERS.c.updated_at,
                _PROJECTS.c.external_id.label("project"),
                _USERS.c.external_id.label("user"),
                _TYPES.c.name.label("type"))
            .join_from(_CONSUMERS, _PROJECTS, isouter=True,
                       onclause=_PROJECTS.c.id == _CONSUMERS.c.project_id)
            .join(_USERS, isouter=True,
                  onclause=_USERS.c.id == _CONSUMERS.c.user_id)
            .join(_TYPES, isouter=True,
                  onclause=_TYPES.c.id == _CONSUMERS.c.consumer_type_id))}
        resources: dict[str, dict[str, dict[str, int]]] = {}
        for provider_id, consumer, class_id, used in self._of(
                _ALLOCATIONS.c.consumer_id, uuids, sa.select(_ALLOCATIONS)):
            name = self._classes.get(class_id)
            provider = self._uuids.get(provider_id)
            if provider is None or name is None or used < 1:
                self.problems.append(
                    f"consumer {consumer}: an allocation of {used} of "
                    f"{name or f'resource class {class_id}'} from provider "
                    f"{provider or provider_id} makes no sense")
                continue
            amounts = resources.setdefault(consumer, {}).setdefault(
                provider, {})
            amounts[name] = amounts.get(name, 0) + used
        return [self._consumer(uuid, heads.get(uuid), allocations)
                for uuid, allocations in sorted(resources.items())]

    def _consumer(self, uuid: str, row: Any,
                  allocations: Mapping[str, Mapping[str, int]]
                  ) -> models.Consumer:
        project, user = self._owner
        times = {"created_at": self._now, "updated_at": self._now}
        if row is not None:
            times = dict(self._times(row))
        return models.Consumer(
            uuid=uuid, generation=row.generation if row else 0,
            type=(row and row.type) or models.UNKNOWN_TYPE,
            project_id=(row and row.project) or project,
            user_id=(row and row.user) or user,
            allocations={
                provider: models.Allocation(provider, 0, amounts)
                for provider, amounts in allocations.items()},
            **times)


def _read_only(url: sa.URL) -> sa.URL:
    """Return a URL that does not make an SQLite file where there is none."""
    if url.get_backend_name() != "sqlite":
        return url
    path = os.path.abspath(url.database or "")
    if not os.path.isfile(path):
        raise exception.TransferFailed(where=url, reason="no such file")
    return url.set(database=f"file:{urllib.parse.quote(path)}",
                   query={"mode": "ro", "uri": "true"})
