"""Services: which daemons there are, and when each was last heard of."""

import json
from collections.abc import Sequence

from oslo_utils import uuidutils

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.sqlite import connection

_COLUMNS = "id, host, binary, serves, enabled, disabled_reason, last_seen"

_REPORT = """
    INSERT INTO services (id, binary, host, serves, enabled, last_seen)
    VALUES (?, ?, ?, ?, 1, ?)
    ON CONFLICT (binary, host) DO UPDATE SET
        serves = excluded.serves, last_seen = excluded.last_seen"""


class ServicesController(base.ServicesController):
    """Services in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def report(self, heartbeats: Sequence[models.Heartbeat]) -> None:
        with self._store.write() as txn:
            txn.many(_REPORT, [
                (uuidutils.generate_uuid(), heartbeat.binary, heartbeat.host,
                 stored.dump(heartbeat.serves), txn.now)
                for heartbeat in heartbeats])

    def list(self) -> Sequence[models.Service]:
        with self._store.read() as txn:
            return [_service(*row, now=txn.now) for row in txn.all(
                f"SELECT {_COLUMNS} FROM services ORDER BY binary, host")]

    def update(self, id: str, *, enabled: bool,
               disabled_reason: str | None = None) -> models.Service:
        with self._store.write() as txn:
            row = txn.one("UPDATE services SET enabled = ?, "
                          "disabled_reason = ? WHERE id = ? "
                          f"RETURNING {_COLUMNS}",
                          (enabled, disabled_reason, id))
            if row is None:
                raise exception.ServiceNotFound(id=id)
            return _service(*row, now=txn.now)

    def delete(self, id: str) -> None:
        with self._store.write() as txn:
            if not txn.run("DELETE FROM services WHERE id = ?", (id,)):
                raise exception.ServiceNotFound(id=id)


def _service(id: str, host: str, binary: str, serves: str, enabled: int,
             disabled_reason: str | None, last_seen: int, *,
             now: int) -> models.Service:
    return models.Service(
        id=id, host=host, binary=binary, serves=tuple(json.loads(serves)),
        enabled=bool(enabled), disabled_reason=disabled_reason,
        last_seen=stored.to_time(last_seen),
        age=max(0, now - last_seen) / 1e6)
