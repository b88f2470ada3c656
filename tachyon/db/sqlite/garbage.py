"""What nobody needs any more, and when it goes."""

import time
from collections.abc import Callable, Mapping

from oslo_config import cfg

from tachyon.db.common import stored
from tachyon.db.sqlite import changes
from tachyon.db.sqlite import connection

BATCH = 500                             # rows a transaction; others wait

_Step = Callable[[connection.Transaction, int, int], int]


def collect(store: connection.Store,
            group: cfg.ConfigOpts.GroupAttr) -> Mapping[str, int]:
    """Remove what is past the retentions of ``[database]``; return how many
    of each kind."""
    now = time.time_ns() // 1000
    return {
        "decisions": _all(store, _drop_decisions,
                          now - stored.microseconds(group.decision_retention)),
        "instances": _all(store, _drop_instances,
                          now - stored.microseconds(group.deleted_retention)),
        "tombstones": _all(store, changes.bury,
                           now - stored.microseconds(group.change_retention)),
    }


def _all(store: connection.Store, step: _Step, before: int) -> int:
    total = 0
    while True:
        with store.write() as txn:
            count = step(txn, before, BATCH)
        total += count
        if count < BATCH:
            return total


def _drop_decisions(txn: connection.Transaction, before: int,
                    limit: int) -> int:
    return txn.run(
        "DELETE FROM decisions WHERE rowid IN (SELECT rowid FROM decisions "
        "WHERE created_at < ? ORDER BY created_at LIMIT ?)", (before, limit))


def _drop_instances(txn: connection.Transaction, before: int,
                    limit: int) -> int:
    return txn.run(
        "DELETE FROM instances WHERE rowid IN (SELECT rowid FROM instances "
        "WHERE deleted_at < ? ORDER BY deleted_at LIMIT ?)", (before, limit))
