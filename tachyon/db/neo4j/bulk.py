"""Whole providers and consumers, by the batch."""

from collections.abc import Iterator, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import allocations
from tachyon.db.neo4j import catalogue
from tachyon.db.neo4j import claims
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import inventories
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import transaction

_TAKEN_NAMES = """
    UNWIND $names AS name
    MATCH (p:ResourceProvider {name: name})
    RETURN p.name ORDER BY p.name"""
_ADD_PROVIDERS = """
    UNWIND $rows AS row
    CREATE (p:ResourceProvider {
        uuid: row[0], name: row[1], generation: row[2], root_uuid: row[3],
        created_at: row[4], updated_at: row[5]})
    WITH p, row
    CALL (p, row) {
        UNWIND row[6] AS one
        CREATE (p)-[:HAS_INVENTORY]->(:Inventory {
            provider_uuid: p.uuid, resource_class: one[0], total: one[1],
            reserved: one[2], min_unit: one[3], max_unit: one[4],
            step_size: one[5], allocation_ratio: one[6], used: 0}) }
    CALL (p, row) {
        UNWIND row[7] AS name
        MATCH (t:Trait {name: name})
        CREATE (p)-[:HAS_TRAIT]->(t) }
    CALL (p, row) {
        UNWIND row[8] AS uuid
        MERGE (a:Aggregate {uuid: uuid})
        CREATE (p)-[:MEMBER_OF]->(a) }
    CALL (p) { MATCH (t:Tombstone {uuid: p.uuid}) DELETE t }"""
_ADD_PARENTS = """
    UNWIND $pairs AS pair
    MATCH (p:ResourceProvider {uuid: pair[0]})
    CALL (p, pair) {
        MATCH (parent:ResourceProvider {uuid: pair[1]})
        CREATE (parent)-[:PARENT_OF]->(p) }"""
_ADD_TYPES = "UNWIND $types AS name CREATE (:ConsumerType {name: name})"
_ADD_CONSUMERS = """
    UNWIND $rows AS row
    CREATE (c:Consumer {
        uuid: row[0], generation: row[1], type: row[2], project_id: row[3],
        user_id: row[4], created_at: row[5], updated_at: row[6]})
    WITH c, row
    UNWIND row[7] AS part
    MATCH (i:Inventory {provider_uuid: part[0], resource_class: part[1]})
    CREATE (c)-[:CONSUMES {used: part[2]}]->(i)
    SET i.used = i.used + part[2]"""
# Those of a page are locked, then read with all they have.
_PAGE = f"""
    MATCH (c:Consumer) WHERE c.uuid > $last
    WITH c ORDER BY c.uuid LIMIT $limit
    SET c.locked = true
    WITH c
    MATCH (c)-[r:CONSUMES]->(i:Inventory)
          <-[:HAS_INVENTORY]-(p:ResourceProvider)
    RETURN {allocations.COLUMNS}"""
_SUMS = """
    COLLECT { MATCH (p)-[:HAS_INVENTORY]->(i:Inventory)
        OPTIONAL MATCH (i)<-[r:CONSUMES]-()
        WITH i, sum(r.used) AS allocated WHERE i.used <> allocated
        RETURN [i.resource_class, i.used, allocated]
        ORDER BY i.resource_class }"""
_SUSPECTS = f"""
    MATCH (p:ResourceProvider) WHERE p.uuid > ''
    WITH p, {_SUMS} AS wrong WHERE size(wrong) > 0
    RETURN p.uuid ORDER BY p.uuid"""
_MISCOUNTS = f"{providers.LOCK} RETURN {_SUMS}"
_RECOUNT = """
    UNWIND $rows AS row
    MATCH (i:Inventory {provider_uuid: $uuid, resource_class: row[0]})
    SET i.used = row[2]"""


class BulkController(base.BulkController):
    """Whole providers and consumers in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def add_providers(self, providers: Sequence[models.Provider]) -> int:
        return self._store.write(_add_providers, providers)

    def add_consumers(self, consumers: Sequence[models.Consumer]) -> int:
        return self._store.write(_add_consumers, consumers)

    def consumers(self, size: int = 1000
                  ) -> Iterator[Sequence[models.Consumer]]:
        last = ""
        while True:
            page = self._store.look(_page, last, size)
            if not page:
                return
            last = page[-1].uuid
            yield page

    def miscounts(self) -> Sequence[models.Miscount]:
        # What is read without locks only says whom to look at.
        return [
            models.Miscount(uuid, *row)
            for uuid, in self._store.read(_SUSPECTS)
            for row in self._store.look(_miscounts, uuid) or ()]

    def recount(self, provider_uuid: str) -> None:
        self._store.write(_recount, provider_uuid)


# ------------------------------------------------------------------ providers
def _add_providers(txn: transaction.Transaction,
                   records: Sequence[models.Provider]) -> int:
    parents = {record.parent_uuid for record in records
               if record.parent_uuid is not None}
    roots = providers.lock(txn, parents | {each.uuid for each in records})
    new = [record for record in records if record.uuid not in roots]
    if not new:
        return 0
    _check_names(txn, new)
    for record in new:
        parent = record.parent_uuid
        if parent is not None and parent not in roots:
            raise exception.ParentProviderNotFound(uuid=parent)
        roots[record.uuid] = record.uuid if parent is None else roots[parent]
    txn.write(_ADD_PROVIDERS,
              rows=[_provider_row(record, roots) for record in new])
    txn.write(_ADD_PARENTS, pairs=[
        [record.uuid, record.parent_uuid] for record in new
        if record.parent_uuid is not None])
    txn.touch(record.uuid for record in new)
    return len(new)


def _check_names(txn: transaction.Transaction,
                 new: Sequence[models.Provider]) -> None:
    names = [record.name for record in new]
    taken = [name for name, in txn.all(_TAKEN_NAMES, names=names)]
    taken += [name for name in names if names.count(name) > 1]
    for name in taken:
        raise exception.DuplicateProvider(field="name", value=name)
    wanted = sorted({name for record in new for name in record.traits})
    known = catalogue.known(txn, catalogue.TRAITS, wanted)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise exception.TraitNotFound(names=", ".join(unknown))
    wanted = sorted({name for record in new for name in record.inventories})
    known = catalogue.known(txn, catalogue.RESOURCE_CLASSES, wanted)
    for name in wanted:
        if name not in known:
            raise exception.ResourceClassNotFound(resource_class=name)


def _provider_row(record: models.Provider, roots: dict[str, str]
                  ) -> list[Any]:
    return [
        record.uuid, record.name, record.generation, roots[record.uuid],
        stored.from_time(record.created_at),
        stored.from_time(record.updated_at),
        [inventories.row(name, one)
         for name, one in record.inventories.items()],
        sorted(record.traits), sorted(record.aggregates)]


# ------------------------------------------------------------------ consumers
def _add_consumers(txn: transaction.Transaction,
                   records: Sequence[models.Consumer]) -> int:
    locked = claims.lock(
        txn, [record.uuid for record in records],
        {uuid for record in records for uuid in record.allocations},
        {record.type for record in records})
    new = [record for record in records if record.uuid not in locked.consumers]
    if not new:
        return 0
    parts = {record.uuid: [
        [uuid, name, amount]
        for uuid, allocation in sorted(record.allocations.items())
        for name, amount in sorted(allocation.resources.items())]
        for record in new}
    _check_parts(txn, locked, [part for each in parts.values()
                               for part in each])
    types = sorted({record.type for record in new} - locked.types)
    if types:
        txn.write(_ADD_TYPES, types=types)
        txn.stamp("consumer_types")
    txn.write(_ADD_CONSUMERS, rows=[
        [record.uuid, record.generation, record.type, record.project_id,
         record.user_id, stored.from_time(record.created_at),
         stored.from_time(record.updated_at), parts[record.uuid]]
        for record in new])
    txn.touch(uuid for record in new for uuid in record.allocations)
    return len(new)


def _check_parts(txn: transaction.Transaction, locked: claims.Locked,
                 parts: Sequence[Sequence[Any]]) -> None:
    unknown = txn.one(claims.UNKNOWN_CLASSES,
                      names=sorted({name for _uuid, name, _amount in parts}))
    if unknown is not None:
        raise exception.ResourceClassNotFound(resource_class=unknown[0])
    for uuid, name, _amount in parts:
        if uuid not in locked.generations:
            raise exception.ResourceProviderNotFound(uuid=uuid)
        if (uuid, name) not in locked.inventories:
            raise exception.InvalidInventory(resource_class=name, uuid=uuid)


def _page(txn: transaction.Transaction, last: str,
          size: int) -> list[models.Consumer]:
    found = txn.all(_PAGE, last=last, limit=stored.limit(size))
    # By consumer, provider and class; the server would sort what it has
    # walked in order already.
    return allocations.consumers(
        sorted(found, key=lambda row: (row[0], row[7], row[9])))


# ----------------------------------------------------------------- the counts
def _miscounts(txn: transaction.Transaction, uuid: str) -> list[Any] | None:
    """Return the class, ``used`` and the sum of each that is wrong; None if
    there is no such provider."""
    found = txn.one(_MISCOUNTS, uuid=uuid)
    return None if found is None else found[0]


def _recount(txn: transaction.Transaction, uuid: str) -> None:
    wrong = _miscounts(txn, uuid)
    if wrong is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    if wrong:
        txn.write(_RECOUNT, uuid=uuid, rows=wrong)
        txn.touch([uuid])
