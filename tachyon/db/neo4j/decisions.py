"""Decisions: the Explain documents, by request id."""

import json
from collections.abc import Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction

_COLUMNS = ("d.request_id, d.consumer_uuid, d.project_id, d.verdict, "
            "d.document, d.created_at")
_GET = ("MATCH (d:Decision {request_id: $id}) "
        f"RETURN {_COLUMNS}")
# Stores ``decision``; the last one of a request is kept.
PUT = f"""
    MERGE (d:Decision {{request_id: decision.request_id}})
    SET d += decision, d.created_at = {rows.NOW}"""


class DecisionsController(base.DecisionsController):
    """Decisions in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def put(self, decision: models.Decision) -> None:
        self._store.write(put, decision)

    def get(self, request_id: str) -> models.Decision:
        found = self._store.read(_GET, id=request_id)
        if not found:
            raise exception.RequestNotFound(id=request_id)
        return _decision(found[0])

    def list(self, *, consumer_uuid: str | None = None,
             project_id: str | None = None, marker: str | None = None,
             limit: int = 1000) -> Sequence[models.Decision]:
        made, made_id = rows.LATEST, ""
        if marker is not None:
            position = self._store.read(_GET, id=marker)
            if not position:
                raise exception.MarkerNotFound(marker=marker)
            made, made_id = position[0][5], marker
        wanted = {name: value for name, value in (
            ("consumer_uuid", consumer_uuid), ("project_id", project_id))
            if value is not None}
        return [_decision(row) for row in self._store.read(
            rows.page("Decision", "d", tuple(wanted), "request_id", _COLUMNS,
                      walked=next(iter(wanted), None), descending=True),
            **wanted, made=made, made_id=made_id, limit=stored.limit(limit))]


def put(txn: transaction.Transaction, decision: models.Decision) -> None:
    """Store a decision; the last one of a request is kept."""
    txn.write(f"WITH $decision AS decision {PUT}", decision=params(decision))


def params(decision: models.Decision) -> dict[str, str | None]:
    """Return a decision as statements take it."""
    return {"request_id": decision.request_id,
            "consumer_uuid": decision.consumer_uuid,
            "project_id": decision.project_id, "verdict": decision.verdict,
            "document": stored.dump(decision.document)}


def _decision(row: Sequence[Any]) -> models.Decision:
    return models.Decision(
        request_id=row[0], consumer_uuid=row[1], project_id=row[2],
        verdict=row[3], document=json.loads(row[4]),
        created_at=stored.to_time(row[5]))
