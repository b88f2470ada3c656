"""Copies of the store: how one is made, and how one takes its place.

Community edition can be copied only while it is stopped, so this goes through
the graph. A copy is of one moment: its transaction holds the locks of all
instances, by id, and that of the change number. Who has none of these waits,
or changes nothing that a copy holds: a new instance comes with a message of
its own, and neither is looked at. One that got its resources before the
number was locked is: what it consumes is in the copy.

A restore can't be one transaction, so it marks the store, and waits until
everybody has seen that. From then on daemons refuse to work, until it is over.
One that broke off leaves the mark, and is begun again. A restored store begins
another life, with an epoch of its own: its numbers go on from where the copy
was made, so a cursor from before would otherwise be taken for one of what
comes now.
"""

import datetime
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from oslo_utils import uuidutils

from tachyon import exception
from tachyon.db import base
from tachyon.db.common import files
from tachyon.db.common import versions
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import dump
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import schema
from tachyon.db.neo4j import transaction

PATIENCE = 3600.0                       # seconds that a copy may take
TELL = 5.0                              # seconds between two lines
DELETED = 5000                          # nodes a transaction

# Label: the properties by which a node of it is found.
KEYS = {
    "Trait": ("name",),
    "ResourceClass": ("name",),
    "ConsumerType": ("name",),
    "Aggregate": ("uuid",),
    "ResourceProvider": ("uuid",),
    "Inventory": ("provider_uuid", "resource_class"),
    "Consumer": ("uuid",),
    "Flavor": ("name",),
    "Instance": ("id",),
    "Message": ("id",),
    "Decision": ("request_id",),
    "Service": ("id",),
}
# They mean something only to a life of the store that is over, or to a write
# under way.
NOT_COPIED = ("Tombstone", "Write")
# Type: the labels that it goes from and to.
RELATIONS = {
    "PARENT_OF": ("ResourceProvider", "ResourceProvider"),
    "HAS_INVENTORY": ("ResourceProvider", "Inventory"),
    "HAS_TRAIT": ("ResourceProvider", "Trait"),
    "MEMBER_OF": ("ResourceProvider", "Aggregate"),
    "CONSUMES": ("Consumer", "Inventory"),
    "AWAITS": ("Instance", "Message"),
}

_LOCK_INSTANCES = """
    MATCH (n:Instance) WHERE n.id > ''
    WITH n ORDER BY n.id
    SET n.locked = $mark
    RETURN count(*)"""
_LOCK_STORE = """
    MATCH (s:Store {name: $store}) SET s.locked = true
    RETURN properties(s)"""
# Against the order of locks: who has one of these, and waits for the number,
# is in a deadlock with us, and one of the two begins again.
_LOCK_LANDED = """
    MATCH (n:Instance) WHERE n.id > ''
      AND coalesce(n.locked, true) <> $mark
      AND EXISTS { (:Consumer {uuid: n.id}) }
    WITH n ORDER BY n.id
    SET n.locked = $mark
    RETURN count(*)"""
# What each label, or type, is read by, where that is not all there is.
_LOCKED = "n.locked = $mark"
_ONLY = {
    "Instance": _LOCKED,
    "Message": "EXISTS { (i:Instance)-[:AWAITS]->(n) "
               "WHERE i.locked = $mark }",
    "Decision": f"n.created_at <= {rows.NOW}",
    "AWAITS": _LOCKED,
}

_MARK = """
    MERGE (s:Store {name: $store})
    SET s.restoring = $since, s.restorer = $mark"""
_UNMARK = """
    MATCH (s:Store {name: $store, restorer: $mark})
    REMOVE s.restoring, s.restorer
    WITH s WHERE s.version IS NULL
    DELETE s"""
# In each transaction of a restore: another may have been begun meanwhile.
_HOLD = """
    MATCH (s:Store {name: $store}) SET s.locked = true
    WITH s WHERE s.restorer = $mark
    RETURN count(*)"""
_BEGIN_LIFE = """
    MATCH (s:Store {name: $store})
    SET s = $values, s.floor = s.number"""
_HEAR = f"MATCH (s:Service) SET s.last_seen = {rows.NOW}"
_NEW_EPOCH = "MATCH (s:Store {name: $store}) SET s.epoch = $epoch"


# --------------------------------------------------------------------- backup
def backup(store: connection.Store, path: str, tell: base.Tell) -> None:
    """Do what ``DataDriverBase.backup`` promises."""
    with files.made(path) as copy:
        counts = store.look_long(lambda txn: _copy(txn, store, copy, tell),
                                 PATIENCE)
    tell(_sum(counts))


def _copy(txn: transaction.Transaction, store: connection.Store, path: str,
          tell: base.Tell) -> Counter[str]:
    mark = uuidutils.generate_uuid()
    txn.all(_LOCK_INSTANCES, mark=mark)
    head = _lock_store(txn)
    store.check(head)
    txn.all(_LOCK_LANDED, mark=mark)
    with open(path, "wb") as file:
        return _write(txn, mark, head, file, tell)


def _lock_store(txn: transaction.Transaction) -> Mapping[str, Any]:
    return txn.all(_LOCK_STORE, store=transaction.STORE)[0][0]


def _write(txn: transaction.Transaction, mark: str, head: Mapping[str, Any],
           file: BinaryIO, tell: base.Tell) -> Counter[str]:
    writer = dump.Writer(file, {
        "schema": head["version"],
        "made_at": datetime.datetime.now(datetime.UTC).isoformat(),
        "store": {name: value for name, value in head.items()
                  if name not in ("locked", "epoch")}})
    meter = _Meter(tell)
    for label in KEYS:
        writer.add("node", label, meter.count(label, (
            _without_lock(row[0]) for row in txn.each(
                f"MATCH (n:{label}) {_where(label)} RETURN properties(n)",
                mark=mark))))
    for kind, (start, end) in RELATIONS.items():
        writer.add("relation", kind, meter.count(kind, txn.each(
            f"MATCH (n:{start})-[r:{kind}]->(m:{end}) {_where(kind)} "
            f"RETURN {_key('n', start)}, {_key('m', end)}, properties(r)",
            mark=mark)))
    writer.close()
    return writer.counts


def _where(name: str) -> str:
    return f"WHERE {_ONLY[name]}" if name in _ONLY else ""


def _key(node: str, label: str) -> str:
    return f"[{', '.join(f'{node}.{name}' for name in KEYS[label])}]"


def _without_lock(properties: dict[str, Any]) -> dict[str, Any]:
    properties.pop("locked", None)
    return properties


# -------------------------------------------------------------------- restore
def restore(store: connection.Store, path: str, tell: base.Tell) -> None:
    """Do what ``DataDriverBase.restore`` promises."""
    source = dump.Dump(path)
    version = source.head["schema"]
    if version > schema.VERSION:
        raise exception.SchemaOutOfDate(
            f"{path}: a dump of version {version} of the schema, this code "
            f"knows {schema.VERSION}: upgrade Tachyon.",
            found=version, needed=schema.VERSION)
    unknown = source.counts.keys() - KEYS.keys() - RELATIONS.keys()
    if unknown:
        raise source.refuse(f"it holds {', '.join(sorted(unknown))}, which "
                            "this release does not know")
    restorer = _Restorer(store, source, tell)
    restorer.mark()
    restorer.empty()
    restorer.fill()
    restorer.end()
    tell(_sum(source.counts))


class _Restorer:
    """One restore. Every transaction sees that it has the store still."""

    def __init__(self, store: connection.Store, source: dump.Dump,
                 tell: base.Tell):
        self._store = store
        self._source = source
        self._tell = tell
        self._meter = _Meter(tell)
        self._mark = uuidutils.generate_uuid()

    def mark(self) -> None:
        """Take the store, and wait until nobody works with it any more."""
        state = self._store.state()
        interrupted = bool(state.get("restoring"))
        if not interrupted:
            versions.check_not_beyond(self._store.schema(state))
        self._store.ask(_MARK, store=transaction.STORE, mark=self._mark,
                        since=_now())
        try:
            self._store.settle()
        except BaseException:
            if not interrupted:         # nothing has happened yet
                self._store.ask(_UNMARK, store=transaction.STORE,
                                mark=self._mark)
            raise

    def empty(self) -> None:
        for label in (*KEYS, *NOT_COPIED):
            query = (f"MATCH (n:{label}) WITH n LIMIT $limit "
                     "DETACH DELETE n RETURN count(*)")
            count = DELETED
            while count == DELETED:
                count = self._do(query, limit=DELETED)[0][0]
                self._meter.add(f"old {label}", count)

    def fill(self) -> None:
        # Without indexes no relationship finds its nodes.
        schema.take_steps(self._store, schema.VERSION, self._tell)
        made = Counter[str]()
        for kind, name, batch in self._source.batches():
            query = _make_node(name) if kind == "node" else _relate(name)
            made[name] += self._do(query, rows=batch)[0][0]
            self._meter.add(name, len(batch))
        if made != Counter(self._source.counts):
            raise self._source.refuse("a relationship in it leads nowhere")

    def end(self) -> None:
        """Bring what was loaded up to date, and give the store back."""
        version = self._source.head["schema"]
        schema.take_steps(self._store, version, self._tell)
        values = {**self._source.head["store"], "name": transaction.STORE,
                  "epoch": uuidutils.generate_uuid()}

        def give_back(txn: transaction.Transaction) -> None:
            self._hold(txn)
            txn.write(_HEAR)
            txn.write(_BEGIN_LIFE, store=transaction.STORE, values=values)
            schema.fill(txn, self._store)

        self._store.establish(give_back, PATIENCE)

    def _do(self, query: str, **params: Any) -> list[list[Any]]:
        def work(txn: transaction.Transaction) -> list[list[Any]]:
            self._hold(txn)
            return txn.write(query, **params)

        return self._store.establish(work, PATIENCE)

    def _hold(self, txn: transaction.Transaction) -> None:
        if not txn.all(_HOLD, store=transaction.STORE,
                       mark=self._mark)[0][0]:
            raise self._source.refuse("another restore has begun meanwhile")


def _make_node(label: str) -> str:
    return (f"UNWIND $rows AS row CREATE (n:{label}) SET n = row "
            "RETURN count(*)")


def _relate(kind: str) -> str:
    start, end = RELATIONS[kind]
    return (f"UNWIND $rows AS row "
            f"MATCH (n:{start} {_pattern(start, 0)}) "
            f"MATCH (m:{end} {_pattern(end, 1)}) "
            f"CREATE (n)-[r:{kind}]->(m) SET r = row[2] RETURN count(*)")


def _pattern(label: str, place: int) -> str:
    pairs = (f"{name}: row[{place}][{index}]"
             for index, name in enumerate(KEYS[label]))
    return f"{{{', '.join(pairs)}}}"


# ------------------------------------------------------------------ new epoch
def new_epoch(store: connection.Store) -> None:
    """Do what ``DataDriverBase.new_epoch`` promises."""
    def work(txn: transaction.Transaction) -> None:
        txn.write(_HEAR)
        txn.write(_NEW_EPOCH, store=transaction.STORE,
                  epoch=uuidutils.generate_uuid())

    store.write(work)


# ------------------------------------------------------------------ internals
class _Meter:
    """Tells now and then how far it is."""

    def __init__(self, tell: base.Tell):
        self._tell = tell
        self._counts = Counter[str]()
        self._told = time.monotonic()

    def add(self, name: str, count: int) -> None:
        self._counts[name] += count
        if time.monotonic() - self._told > TELL:
            self._told = time.monotonic()
            self._tell(f"{name}: {self._counts[name]}")

    def count(self, name: str, rows: Iterator[Any]) -> Iterator[Any]:
        """Hand rows on, and count them."""
        for row in rows:
            self.add(name, 1)
            yield row


def _sum(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {counts[name]}" for name in
                     ("ResourceProvider", "Consumer", "Instance", "Decision"))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
