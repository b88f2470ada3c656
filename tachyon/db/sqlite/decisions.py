"""Decisions: the Explain documents, by request id."""

import json
from collections.abc import Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.sqlite import connection

_COLUMNS = ("request_id, consumer_uuid, project_id, verdict, document, "
            "created_at")


class DecisionsController(base.DecisionsController):
    """Decisions in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def put(self, decision: models.Decision) -> None:
        with self._store.write() as txn:
            put(txn, decision)

    def get(self, request_id: str) -> models.Decision:
        with self._store.read() as txn:
            row = txn.one(f"SELECT {_COLUMNS} FROM decisions "
                          "WHERE request_id = ?", (request_id,))
        if row is None:
            raise exception.RequestNotFound(id=request_id)
        return _decision(row)

    def list(self, *, consumer_uuid: str | None = None,
             project_id: str | None = None, marker: str | None = None,
             limit: int = 1000) -> Sequence[models.Decision]:
        conditions, params = ["1"], list[Any]()
        for column, value in (("consumer_uuid", consumer_uuid),
                              ("project_id", project_id)):
            if value is not None:
                conditions.append(f"{column} = ?")
                params.append(value)
        with self._store.read() as txn:
            if marker is not None:
                position = txn.one("SELECT created_at, request_id "
                                   "FROM decisions WHERE request_id = ?",
                                   (marker,))
                if position is None:
                    raise exception.MarkerNotFound(marker=marker)
                conditions.append("(created_at, request_id) < (?, ?)")
                params.extend(position)
            return [_decision(row) for row in txn.all(
                f"SELECT {_COLUMNS} FROM decisions "
                f"WHERE {' AND '.join(conditions)} "
                "ORDER BY created_at DESC, request_id DESC LIMIT ?",
                (*params, stored.limit(limit)))]


def put(txn: connection.Transaction, decision: models.Decision) -> None:
    """Store a decision; the last one of a request is kept."""
    txn.run(f"INSERT OR REPLACE INTO decisions ({_COLUMNS}) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (decision.request_id, decision.consumer_uuid, decision.project_id,
             decision.verdict, stored.dump(decision.document), txn.now))


def _decision(row: Sequence[Any]) -> models.Decision:
    return models.Decision(
        request_id=row[0], consumer_uuid=row[1], project_id=row[2],
        verdict=row[3], document=json.loads(row[4]),
        created_at=stored.to_time(row[5]))
