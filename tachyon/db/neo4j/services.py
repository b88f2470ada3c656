"""Services: which daemons there are, and when each was last heard of."""

from collections.abc import Sequence

from oslo_utils import uuidutils

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction

_COLUMNS = f"""
    s.id, s.host, s.binary, s.serves, s.enabled, s.disabled_reason,
    s.last_seen, {rows.NOW}"""
_REPORT = f"""
    UNWIND $heartbeats AS row
    MERGE (s:Service {{binary: row[0], host: row[1]}})
    ON CREATE SET s.id = row[2], s.enabled = true
    SET s.serves = row[3], s.last_seen = {rows.NOW}"""
_LIST = (f"MATCH (s:Service) WHERE s.binary IS NOT NULL AND s.host IS NOT NULL"
         f" RETURN {_COLUMNS} ORDER BY s.binary, s.host")
_UPDATE = f"""
    MATCH (s:Service {{id: $id}})
    SET s.enabled = $enabled, s.disabled_reason = $disabled_reason
    RETURN {_COLUMNS}"""
_LOCK = "MATCH (s:Service {id: $id}) SET s.locked = true RETURN s.id"
_DELETE = "MATCH (s:Service {id: $id}) DELETE s"


class ServicesController(base.ServicesController):
    """Services in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def report(self, heartbeats: Sequence[models.Heartbeat]) -> None:
        if heartbeats:
            self._store.write_idempotent(_REPORT, heartbeats=sorted(
                [one.binary, one.host, uuidutils.generate_uuid(),
                 list(one.serves)] for one in heartbeats))

    def list(self) -> Sequence[models.Service]:
        return [_service(*row) for row in self._store.read(_LIST)]

    def update(self, id: str, *, enabled: bool,
               disabled_reason: str | None = None) -> models.Service:
        found = self._store.write_idempotent(
            _UPDATE, id=id, enabled=enabled, disabled_reason=disabled_reason)
        if not found:
            raise exception.ServiceNotFound(id=id)
        return _service(*found[0])

    def delete(self, id: str) -> None:
        self._store.write(_delete, id)


def _delete(txn: transaction.Transaction, id: str) -> None:
    if txn.one(_LOCK, id=id) is None:
        raise exception.ServiceNotFound(id=id)
    txn.write(_DELETE, id=id)


def _service(id: str, host: str, binary: str, serves: Sequence[str],
             enabled: bool, disabled_reason: str | None, last_seen: int,
             now: int) -> models.Service:
    return models.Service(
        id=id, host=host, binary=binary, serves=tuple(serves),
        enabled=enabled, disabled_reason=disabled_reason,
        last_seen=stored.to_time(last_seen),
        age=max(0, now - last_seen) / 1e6)
