"""Instance flavors: named sizes."""

from collections.abc import Sequence

from tachyon import exception
from tachyon import grouping
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction

_COLUMNS = "f.name, f.vcpus, f.memory_mb, f.disk_gb, f.created_at"
_GET = f"MATCH (f:Flavor {{name: $name}}) RETURN {_COLUMNS}"
_GET_ALL = f"""
    UNWIND $names AS name
    MATCH (f:Flavor {{name: name}}) RETURN {_COLUMNS}"""
_LIST = (f"MATCH (f:Flavor) WHERE f.name IS NOT NULL RETURN {_COLUMNS} "
         "ORDER BY f.vcpus, f.memory_mb, f.disk_gb, f.name")
_CREATE = f"""
    CREATE (f:Flavor {{name: $name, vcpus: $vcpus, memory_mb: $memory_mb,
                       disk_gb: $disk_gb, created_at: {rows.NOW}}})
    RETURN {_COLUMNS}"""
_LOCK = "MATCH (f:Flavor {name: $name}) SET f.locked = true RETURN f.name"
_DELETE = "MATCH (f:Flavor {name: $name}) DELETE f"


class FlavorsController(base.FlavorsController):
    """Flavors in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store
        # Each instance that is asked for asks for its flavor.
        self._getting: grouping.GroupCommit[str, models.Flavor] = (
            grouping.GroupCommit(self._get_all, self._get, lambda name: ()))

    def list(self) -> Sequence[models.Flavor]:
        return [_flavor(*row) for row in self._store.read(_LIST)]

    def get(self, name: str) -> models.Flavor:
        return self._getting.do(name)

    def create(self, flavor: models.Flavor) -> models.Flavor:
        return self._store.write(_create, flavor)

    def delete(self, name: str) -> None:
        self._store.write(_delete, name)

    def _get(self, name: str) -> models.Flavor:
        found, = self._get_all([name])
        if isinstance(found, Exception):
            raise found
        return found

    def _get_all(self, names: Sequence[str]
                 ) -> Sequence[models.Flavor | Exception]:
        try:
            found = {row[0]: _flavor(*row) for row in self._store.read(
                _GET_ALL, names=sorted(set(names)))}
        except exception.DriverUnavailable as exc:
            return [exc] * len(names)
        return [found.get(name) or exception.FlavorNotFound(name=name)
                for name in names]


def _create(txn: transaction.Transaction,
            flavor: models.Flavor) -> models.Flavor:
    if txn.one(_GET, name=flavor.name):
        raise exception.FlavorExists(name=flavor.name)
    made = txn.write(_CREATE, name=flavor.name, vcpus=flavor.vcpus,
                     memory_mb=flavor.memory_mb, disk_gb=flavor.disk_gb)
    return _flavor(*made[0])


def _delete(txn: transaction.Transaction, name: str) -> None:
    if txn.one(_LOCK, name=name) is None:
        raise exception.FlavorNotFound(name=name)
    txn.write(_DELETE, name=name)


def _flavor(name: str, vcpus: int, memory_mb: int, disk_gb: int,
            created_at: int) -> models.Flavor:
    return models.Flavor(
        name=name, vcpus=vcpus, memory_mb=memory_mb, disk_gb=disk_gb,
        created_at=stored.to_time(created_at))
