"""What a view lives on: all providers once, and then what changed.

A write stamps what it changes with a number of its own, so "changed after n"
is an index away. Reads are of one moment and never see half a write, which
makes the answer exact.

A cursor is ``epoch:number``; one that ``snapshot`` gave ends in ``:new``,
since its holder has not seen the catalogue. The epoch is the store's, made by
its first ``sync``, and that of the file: a backup that is moved into its place
goes on from an older number, and must not be taken for what it was.
"""

from collections.abc import Iterator, Sequence

from tachyon import exception
from tachyon.db import models
from tachyon.db.sqlite import catalogue
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import providers
from tachyon.db.sqlite import resource_classes
from tachyon.db.sqlite import traits

PAGE = 1000

_NEW = "new"


def snapshot(store: connection.Store
             ) -> tuple[str, Iterator[Sequence[models.Provider]]]:
    """Do what ``DataDriverBase.snapshot`` promises."""
    with store.read() as txn:
        epoch, number = txn.one("SELECT epoch, number FROM store")
        return (f"{_life(txn, epoch)}:{number}:{_NEW}", _pages(store))


def since(store: connection.Store, cursor: str) -> models.Changes:
    """Do what ``DataDriverBase.changes`` promises."""
    life, seen, is_new = _parse(cursor)
    with store.read() as txn:
        (epoch, number, floor, traits_changed, classes_changed,
         types_changed) = txn.one(
             "SELECT epoch, number, floor, traits_changed, "
             "resource_classes_changed, consumer_types_changed FROM store")
        if life != _life(txn, epoch) or not floor <= seen <= number:
            raise exception.CursorExpired()
        after = f"{life}:{number}"
        if seen == number and not is_new:
            return models.Changes(cursor=after)
        gone = tuple(uuid for uuid, in txn.all(
            "SELECT uuid FROM tombstones WHERE changed > ? "
            "ORDER BY changed, uuid", (seen,)))
        return models.Changes(
            cursor=after, gone=gone,
            providers=tuple(providers.load(txn, "p.changed > ?", (seen,))),
            traits=(catalogue.load(txn, traits.TABLE, traits.ORDER)
                    if is_new or traits_changed > seen else None),
            resource_classes=(
                catalogue.load(txn, resource_classes.TABLE,
                               resource_classes.ORDER)
                if is_new or classes_changed > seen else None),
            consumer_types=(
                tuple(name for name, in txn.all(
                    "SELECT name FROM consumer_types ORDER BY name"))
                if is_new or types_changed > seen else None))


def bury(txn: connection.Transaction, before: int, limit: int) -> int:
    """Drop up to ``limit`` tombstones from before a time, and raise the floor
    below which ``changes`` can't tell any more what went."""
    going = txn.all("SELECT uuid, changed FROM tombstones WHERE gone_at < ? "
                    "ORDER BY gone_at LIMIT ?", (before, limit))
    if going:
        txn.many("DELETE FROM tombstones WHERE uuid = ?",
                 [(uuid,) for uuid, _changed in going])
        txn.run("UPDATE store SET floor = max(floor, ?)",
                (max(changed for _uuid, changed in going),))
    return len(going)


def _parse(cursor: str) -> tuple[str, int, bool]:
    life, _, rest = cursor.partition(":")
    number, _, mark = rest.partition(":")
    if not number.isdecimal() or mark not in ("", _NEW):
        raise exception.CursorExpired()
    return life, int(number), mark == _NEW


def _life(txn: connection.Transaction, epoch: str) -> str:
    return "-".join((epoch, *(f"{part:x}" for part in txn.identity)))


def _pages(store: connection.Store) -> Iterator[Sequence[models.Provider]]:
    last = 0
    while True:
        with store.read() as txn:
            row = txn.one(
                "SELECT max(id) FROM (SELECT id FROM providers WHERE id > ? "
                "ORDER BY id LIMIT ?)", (last, PAGE))
            if row[0] is None:
                return
            page = providers.load(txn, "p.id > ? AND p.id <= ?",
                                  (last, row[0]))
        last = row[0]
        yield page
