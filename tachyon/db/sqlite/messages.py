"""The durable request queue.

``free_at`` is when a message is, or was, free to be claimed: when it was
made, when its last claim expires, or when it was given back. So one indexed
column says what can be claimed, and since when.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import instances
from tachyon.db.sqlite import rows
from tachyon.db.sqlite import writes as writes_module

_COLUMNS = ("id, instance_id, action, request_id, context, attempt, "
            "deliveries, claimed_by, free_at, created_at")


class MessagesController(base.MessagesController):
    """Messages in SQLite."""

    def __init__(self, store: connection.Store,
                 writes: writes_module.Writes):
        self._store = store
        self._writes = writes

    def list(self, limit: int = 1000) -> Sequence[models.Message]:
        with self._store.read() as txn:
            return [_message(row, txn.now) for row in txn.all(
                f"SELECT {_COLUMNS} FROM messages ORDER BY seq LIMIT ?",
                (stored.limit(limit),))]

    def claim(self, owner: str, ttl: float, *, limit: int = 1,
              ids: Sequence[str] | None = None, min_age: float = 0.0
              ) -> Sequence[tuple[models.Message, models.Instance]]:
        condition, params = "free_at <= ?", list[Any]()
        if ids is not None:
            condition += " AND id IN (SELECT value FROM json_each(?))"
            params.append(rows.array(ids))
        elif not self._any(condition, params, min_age):
            return []

        def claiming(txn: connection.Transaction
                     ) -> Sequence[tuple[models.Message, models.Instance]]:
            found = txn.all(
                f"SELECT seq, instance_id FROM messages WHERE {condition} "
                "ORDER BY seq LIMIT ?",
                (txn.now - stored.microseconds(min_age), *params,
                 stored.limit(limit)))
            until = txn.now + stored.microseconds(ttl)
            return [_claim(txn, seq, instance_id, owner, until)
                    for seq, instance_id in found]

        return self._writes.do(ids or (), claiming)

    def renew(self, work: Sequence[tuple[str, int]], ttl: float
              ) -> Mapping[tuple[str, int], str | None]:
        if not work:
            return {}

        def renewing(txn: connection.Transaction
                     ) -> Mapping[tuple[str, int], str | None]:
            until = txn.now + stored.microseconds(ttl)
            return {
                each: txn.one("SELECT host FROM instances WHERE id = ?",
                              each[:1])[0]
                for each in work if each[1] > 0 and txn.run(
                    "UPDATE messages SET free_at = ? WHERE instance_id = ? "
                    "AND attempt = ? AND claimed_by IS NOT NULL",
                    (until, *each))}

        return self._writes.do((), renewing)

    def postpone(self, instance_id: str, attempt: int,
                 seconds: float) -> bool:
        with self._store.write() as txn:
            return bool(txn.run(
                "UPDATE messages SET claimed_by = NULL, free_at = ?, "
                "deliveries = deliveries - 1 WHERE instance_id = ? "
                "AND attempt = ? AND claimed_by IS NOT NULL",
                (txn.now + stored.microseconds(seconds), instance_id,
                 attempt)))

    def _any(self, condition: str, params: Sequence[Any],
             min_age: float) -> bool:
        """Look without the write lock whether there is anything to claim."""
        with self._store.read() as txn:
            return txn.one(
                f"SELECT 1 FROM messages WHERE {condition} LIMIT 1",
                (txn.now - stored.microseconds(min_age), *params)) is not None


def _claim(txn: connection.Transaction, seq: int, instance_id: str,
           owner: str, until: int) -> tuple[models.Message, models.Instance]:
    instance = instances.raise_attempt(txn, instance_id)
    row = txn.one(
        "UPDATE messages SET attempt = ?, deliveries = deliveries + 1, "
        f"claimed_by = ?, free_at = ? WHERE seq = ? RETURNING {_COLUMNS}",
        (instance.attempt, owner, until, seq))
    return _message(row, txn.now), instance


def _message(row: Sequence[Any], now: int) -> models.Message:
    (id, instance_id, action, request_id, context, attempt, deliveries,
     claimed_by, free_at, created_at) = row
    return models.Message(
        id=id, instance_id=instance_id, action=action, request_id=request_id,
        context=stored.load_or_none(context), attempt=attempt,
        deliveries=deliveries,
        claimed_by=claimed_by if free_at > now else None,
        created_at=stored.to_time(created_at))
