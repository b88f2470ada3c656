"""Instance flavors: named sizes."""

from collections.abc import Sequence

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.sqlite import connection

_SELECT = "SELECT name, vcpus, memory_mb, disk_gb, created_at FROM flavors"


class FlavorsController(base.FlavorsController):
    """Flavors in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def list(self) -> Sequence[models.Flavor]:
        with self._store.read() as txn:
            return [_flavor(*row) for row in txn.all(
                f"{_SELECT} ORDER BY vcpus, memory_mb, disk_gb, name")]

    def get(self, name: str) -> models.Flavor:
        with self._store.read() as txn:
            return _get(txn, name)

    def create(self, flavor: models.Flavor) -> models.Flavor:
        with self._store.write() as txn:
            if not txn.run(
                    "INSERT INTO flavors (name, vcpus, memory_mb, disk_gb, "
                    "created_at) VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    (flavor.name, flavor.vcpus, flavor.memory_mb,
                     flavor.disk_gb, txn.now)):
                raise exception.FlavorExists(name=flavor.name)
            return _get(txn, flavor.name)

    def delete(self, name: str) -> None:
        with self._store.write() as txn:
            if not txn.run("DELETE FROM flavors WHERE name = ?", (name,)):
                raise exception.FlavorNotFound(name=name)


def _get(txn: connection.Transaction, name: str) -> models.Flavor:
    row = txn.one(f"{_SELECT} WHERE name = ?", (name,))
    if row is None:
        raise exception.FlavorNotFound(name=name)
    return _flavor(*row)


def _flavor(name: str, vcpus: int, memory_mb: int, disk_gb: int,
            created_at: int) -> models.Flavor:
    return models.Flavor(
        name=name, vcpus=vcpus, memory_mb=memory_mb, disk_gb=disk_gb,
        created_at=stored.to_time(created_at))
