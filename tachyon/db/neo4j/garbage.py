"""What nobody needs any more, and when it goes."""

from collections.abc import Callable, Mapping

from oslo_config import cfg

from tachyon.db.common import stored
from tachyon.db.neo4j import changes
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import rows

BATCH = 500                             # nodes a transaction; others wait

# Nobody is in doubt about a write for longer, seconds.
WRITE_RETENTION = 3600

_NOW = f"RETURN {rows.NOW}"
_DECISIONS = """
    MATCH (d:Decision) WHERE d.created_at < $before
      AND d.request_id IS NOT NULL
    WITH d LIMIT $limit
    DELETE d
    RETURN count(*)"""
_INSTANCES = """
    MATCH (i:Instance) WHERE i.deleted_at < $before
    WITH i LIMIT $limit
    DETACH DELETE i
    RETURN count(*)"""
_WRITES = """
    MATCH (w:Write) WHERE w.id < $before
    WITH w LIMIT $limit
    DELETE w
    RETURN count(*)"""

_Step = Callable[[int], int]


def collect(store: connection.Store,
            group: cfg.ConfigOpts.GroupAttr) -> Mapping[str, int]:
    """Remove what is past the retentions of ``[database]``; return how many
    of each kind."""
    now = store.read(_NOW)[0][0]

    def drop(query: str, before: int | str) -> int:
        return _all(lambda limit: store.write_idempotent(
            query, before=before, limit=limit)[0][0])

    def since(seconds: float) -> int:
        return now - stored.microseconds(seconds)

    drop(_WRITES, connection.id_before(WRITE_RETENTION))
    return {
        "decisions": drop(_DECISIONS, since(group.decision_retention)),
        "instances": drop(_INSTANCES, since(group.deleted_retention)),
        "tombstones": _all(lambda limit: store.write(
            changes.bury, since(group.change_retention), limit)),
    }


def _all(step: _Step) -> int:
    total = 0
    while True:
        count = step(BATCH)
        total += count
        if count < BATCH:
            return total
