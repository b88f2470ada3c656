"""What a view lives on: all providers once, and then what changed.

A write stamps what it changes with a number of its own, which it takes last:
the order of numbers is the order of commits. Who reads what was stamped holds
the number's lock meanwhile, since a commit is not atomic to those who do not:
its number may be seen before the index knows of what it stamped.

A cursor is ``epoch:number``; one that ``snapshot`` gave ends in ``:new``,
since its holder has not seen the catalogue.
"""

from collections.abc import Iterator, Sequence
from concurrent import futures
from typing import Any

from tachyon import exception
from tachyon.db import models
from tachyon.db.neo4j import catalogue
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import transaction

PAGE = 1000

_NEW = "new"

_FIND = "MATCH (s:Store {name: $store})"
_LOCK = f"{_FIND} SET s.locked = true WITH s"
_HEAD = f"s.epoch, s.number, s.floor, {transaction.STATE}"
_LOOK = f"{_FIND} RETURN {_HEAD}"
_LOCKED_LOOK = f"{_LOCK} RETURN {_HEAD}"
# What may be many is in one row: the library spends more on each row than on
# what is in it.
_READ = f"""
    {_LOCK}
    RETURN {_HEAD}, s.gone_changed, s.traits_changed,
        s.resource_classes_changed, s.consumer_types_changed, COLLECT {{
            MATCH (p:ResourceProvider) WHERE p.changed > $seen
            RETURN [{providers.COLUMNS}] }}"""
_GONE = """
    MATCH (t:Tombstone) WHERE t.changed > $seen
    RETURN t.uuid ORDER BY t.changed, t.uuid"""
_TYPES = """
    MATCH (t:ConsumerType) WHERE t.name IS NOT NULL
    RETURN t.name ORDER BY t.name"""
_PAGE = f"""
    MATCH (p:ResourceProvider) WHERE p.uuid > $last
    WITH p ORDER BY p.uuid LIMIT $limit
    RETURN collect([{providers.COLUMNS}])"""
_ANY_TO_BURY = """
    MATCH (t:Tombstone) WHERE t.gone_at < $before RETURN 1 LIMIT 1"""
_BURY = """
    MATCH (t:Tombstone) WHERE t.gone_at < $before
    WITH t ORDER BY t.gone_at LIMIT $limit
    WITH collect(t) AS going, max(t.changed) AS changed
    FOREACH (t IN going | DELETE t)
    WITH size(going) AS count, changed
    MATCH (s:Store {name: $store})
    SET s.floor = CASE WHEN changed > s.floor THEN changed ELSE s.floor END
    RETURN count"""


def snapshot(store: connection.Store
             ) -> tuple[str, Iterator[Sequence[models.Provider]]]:
    """Do what ``DataDriverBase.snapshot`` promises."""
    head = store.read(_LOCKED_LOOK, store=transaction.STORE)[0]
    store.check(head[3])
    return f"{head[0]}:{head[1]}:{_NEW}", _pages(store)


def since(store: connection.Store, cursor: str) -> models.Changes:
    """Do what ``DataDriverBase.changes`` promises."""
    epoch, seen, is_new = _parse(cursor)
    head = store.read(_LOOK, store=transaction.STORE)
    number = _check(store, head, epoch, seen)
    if seen == number and not is_new:
        return models.Changes(cursor=cursor)
    found = store.read(_READ, store=transaction.STORE, seen=seen)
    number = _check(store, found, epoch, seen)
    if not is_new and max(found[0][4:8]) <= seen:
        return models.Changes(cursor=f"{epoch}:{number}",
                              providers=_providers(found))
    # There is more to be read under the same lock.
    return store.look(_since, store, epoch, seen, is_new)


def bury(txn: transaction.Transaction, before: int, limit: int) -> int:
    """Drop up to ``limit`` tombstones from before a time, and raise the floor
    below which ``changes`` can't tell any more what went."""
    txn.all(_LOCKED_LOOK, store=transaction.STORE)
    if not txn.all(_ANY_TO_BURY, before=before):
        return 0
    count: int = txn.write(_BURY, store=transaction.STORE, before=before,
                           limit=limit)[0][0]
    return count


# ----------------------------------------------------------------- internals
def _since(txn: transaction.Transaction, store: connection.Store, epoch: str,
           seen: int, is_new: bool) -> models.Changes:
    found = txn.all(_READ, store=transaction.STORE, seen=seen)
    number = _check(store, found, epoch, seen)
    gone, traits, classes, types = found[0][4:8]
    return models.Changes(
        cursor=f"{epoch}:{number}",
        providers=_providers(found),
        gone=(tuple(uuid for uuid, in txn.all(_GONE, seen=seen))
              if gone > seen else ()),
        traits=(catalogue.load(txn, catalogue.TRAITS)
                if is_new or traits > seen else None),
        resource_classes=(catalogue.load(txn, catalogue.RESOURCE_CLASSES)
                          if is_new or classes > seen else None),
        consumer_types=(tuple(name for name, in txn.all(_TYPES))
                        if is_new or types > seen else None))


def _providers(found: Sequence[Sequence[Any]]) -> tuple[models.Provider, ...]:
    return tuple(sorted(map(providers.provider, found[0][8]),
                        key=lambda one: one.uuid))


def _check(store: connection.Store, found: Sequence[Sequence[Any]],
           epoch: str, seen: int) -> int:
    """Return the number, if the cursor still says anything.

    :raises CursorExpired:
    :raises DriverUnavailable: the store is being restored.
    :raises SchemaOutOfDate:
    """
    current, number, floor, state = found[0][:4] if found else ("", 0, 0, {})
    store.check(state)
    if epoch != current or not floor <= seen <= number:
        raise exception.CursorExpired()
    assert isinstance(number, int)
    return number


def _parse(cursor: str) -> tuple[str, int, bool]:
    epoch, _, rest = cursor.partition(":")
    number, _, mark = rest.partition(":")
    if not number.isdecimal() or mark not in ("", _NEW):
        raise exception.CursorExpired()
    return epoch, int(number), mark == _NEW


def _pages(store: connection.Store) -> Iterator[Sequence[models.Provider]]:
    """Yield all providers. The server reads a page while whoever wants them
    takes in the one before."""
    with futures.ThreadPoolExecutor(1, "pages") as reader:
        coming = reader.submit(_page, store, "")
        while page := coming.result():
            coming = reader.submit(_page, store, page[-1][0])
            yield [providers.provider(row) for row in page]


def _page(store: connection.Store, last: str) -> Sequence[Sequence[Any]]:
    found: Sequence[Sequence[Any]] = store.read(
        _PAGE, last=last, limit=PAGE)[0][0]
    return found
