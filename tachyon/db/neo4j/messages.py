"""The durable request queue.

``free_at`` is when a message is, or was, free to be claimed: when it was
made, when its last claim expires, or when it was given back. So one property
says what can be claimed, and since when.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import instances
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import together
from tachyon.db.neo4j import transaction

_WALK = f"""
    MATCH (m:Message) {rows.walk("Message", "m", "created_at", "id")}
    WHERE m.created_at IS NOT NULL AND m.id IS NOT NULL"""
_LIST = f"""
    {_WALK}
    RETURN properties(m), {rows.NOW}
    ORDER BY m.created_at, m.id LIMIT $limit"""
_FREE = f"m.free_at <= {rows.NOW} - $min_age"
# Those that are claimed already are among the oldest, and few: as many as the
# schedulers and computes work on. Those that are free may be a long backlog.
_FIND = f"""
    {_WALK} AND {_FREE}
    RETURN m.id ORDER BY m.created_at, m.id LIMIT $limit"""
_FIND_AMONG = f"""
    UNWIND $ids AS id
    MATCH (m:Message {{id: id}}) WHERE {_FREE}
    RETURN m.id ORDER BY m.created_at, m.id LIMIT $limit"""
# What was found may be somebody else's, or done, once its instance is locked.
_LOCK = """
    UNWIND $asked.rows AS row
    MATCH (:Message {id: row.id})<-[:AWAITS]-(i:Instance)
    WITH i ORDER BY i.id
    SET i.locked = true
    RETURN i.id"""
_CLAIM = f"""
    UNWIND $asked.rows AS row
    MATCH (m:Message {{id: row.id}})<-[:AWAITS]-(i:Instance)
    WHERE m.free_at <= {rows.NOW} - row.min_age
    SET i.attempt = i.attempt + 1
    SET m.attempt = i.attempt, m.deliveries = m.deliveries + 1,
        m.claimed_by = row.owner, m.free_at = {rows.NOW} + row.ttl
    RETURN properties(m), properties(i), {rows.NOW}
    ORDER BY m.created_at, m.id"""
_RENEW = f"""
    CALL () {{
        UNWIND $asked.ids AS id
        MATCH (i:Instance {{id: id}}) SET i.locked = true
        RETURN count(*) AS locked }}
    UNWIND $asked.work AS row
    MATCH (i:Instance {{id: row[0]}})-[:AWAITS]->(m:Message)
    WHERE m.attempt = row[1] AND m.claimed_by IS NOT NULL
    SET m.free_at = {rows.NOW} + row[2]
    RETURN row[0], row[1], i.host"""

_POSTPONE = f"""
    MATCH (i:Instance {{id: $id}}) SET i.locked = true
    WITH i
    MATCH (i)-[:AWAITS]->(m:Message)
    WHERE m.attempt = $attempt AND m.claimed_by IS NOT NULL
    SET m.claimed_by = null, m.free_at = {rows.NOW} + $delay,
        m.deliveries = m.deliveries - 1
    RETURN m.id"""


_Wanted: TypeAlias = Sequence[Mapping[str, Any]]        # rows of ``_CLAIM``
_Claimed: TypeAlias = Sequence[tuple[models.Message, models.Instance]]
_Work: TypeAlias = Sequence[tuple[str, int, int]]       # rows of ``_RENEW``
_Renewed: TypeAlias = Mapping[tuple[str, int], str | None]


class MessagesController(base.MessagesController):
    """Messages in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store
        self._claiming: together.Together[_Wanted, _Claimed] = (
            together.Together(store, _claim))
        self._renewing: together.Together[_Work, _Renewed] = (
            together.Together(store, _renew))

    def list(self, limit: int = 1000) -> Sequence[models.Message]:
        return [_message(*row) for row in self._store.read(
            _LIST, limit=stored.limit(limit))]

    def claim(self, owner: str, ttl: float, *, limit: int = 1,
              ids: Sequence[str] | None = None, min_age: float = 0.0
              ) -> Sequence[tuple[models.Message, models.Instance]]:
        """Claim what looks free; and look again as long as others were
        faster, and there is more."""
        age = stored.microseconds(min_age)
        if ids is not None and len(ids) <= stored.limit(limit):
            return self._claim(ids, owner, ttl, age)
        claimed: list[tuple[models.Message, models.Instance]] = []
        while (left := stored.limit(limit) - len(claimed)) > 0:
            if ids is None:
                found = self._find(_FIND, min_age=age, limit=left)
            else:
                found = self._find(_FIND_AMONG, min_age=age, limit=left,
                                   ids=sorted(set(ids)))
            if not found:
                break
            try:
                claimed += self._claim(found, owner, ttl, age)
            except exception.DriverUnavailable:
                if not claimed:
                    raise
                break
        return claimed

    def renew(self, work: Sequence[tuple[str, int]], ttl: float
              ) -> Mapping[tuple[str, int], str | None]:
        last = stored.microseconds(ttl)
        current = [(id, attempt, last) for id, attempt in work if attempt > 0]
        if not current:
            return {}
        found = self._renewing.do((), current)
        return {each: found[each] for each in work if each in found}

    def postpone(self, instance_id: str, attempt: int,
                 seconds: float) -> bool:
        return bool(self._store.write(_postpone, instance_id, attempt,
                                      stored.microseconds(seconds)))

    def _claim(self, ids: Iterable[str], owner: str, ttl: float,
               min_age: int) -> _Claimed:
        ids = sorted(set(ids))
        return self._claiming.do(ids, [
            {"id": id, "owner": owner, "ttl": stored.microseconds(ttl),
             "min_age": min_age} for id in ids]) if ids else []

    def _find(self, query: str, **params: Any) -> Sequence[str]:
        return [id for id, in self._store.read(query, **params)]


def _claim(txn: transaction.Transaction,
           wanted: Sequence[_Wanted]) -> list[_Claimed]:
    asked = {"rows": [row for rows in wanted for row in rows]}
    if not txn.all(_LOCK, asked=asked):
        return [[] for _ in wanted]
    claimed = [(_message(message, now), instances.instance(instance))
               for message, instance, now in txn.write(_CLAIM, asked=asked)]
    return [[pair for pair in claimed
             if pair[0].id in {row["id"] for row in rows}]
            for rows in wanted]


def _renew(txn: transaction.Transaction,
           wanted: Sequence[_Work]) -> list[_Renewed]:
    work = sorted({row for rows in wanted for row in rows})
    found = {(id, attempt): host for id, attempt, host in txn.write(
        _RENEW, asked={"ids": sorted({id for id, _, _ in work}),
                       "work": [list(row) for row in work]})}
    return [found for _ in wanted]


def _postpone(txn: transaction.Transaction, id: str, attempt: int,
              delay: int) -> list[list[Any]]:
    return txn.write(_POSTPONE, id=id, attempt=attempt, delay=delay)


def _message(found: Mapping[str, Any], now: int) -> models.Message:
    return models.Message(
        id=found["id"], instance_id=found["instance_id"],
        action=found["action"], request_id=found["request_id"],
        context=stored.load_or_none(found["context"]),
        attempt=found["attempt"], deliveries=found["deliveries"],
        claimed_by=(found.get("claimed_by") if found["free_at"] > now
                    else None),
        created_at=stored.to_time(found["created_at"]))
