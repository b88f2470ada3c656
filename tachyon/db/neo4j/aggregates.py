"""Aggregates: which provider is in which. They have nothing but a uuid."""

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import transaction

_LOCK = f"""
    {providers.LOCK}
    RETURN p.generation, [(p)-[:MEMBER_OF]->(a:Aggregate) | a.uuid]"""
_REPLACE = """
    MATCH (p:ResourceProvider {uuid: $uuid})
    CALL (p) {
        MATCH (p)-[r:MEMBER_OF]->(a:Aggregate) WHERE a.uuid IN $going
        DELETE r }
    CALL (p) {
        UNWIND $coming AS each
        MERGE (a:Aggregate {uuid: each})
        CREATE (p)-[:MEMBER_OF]->(a) }"""
_KEEP = f"{_REPLACE} WITH p RETURN {providers.COLUMNS}"
_RAISE = f"""{_REPLACE}
    SET {providers.RAISE}
    WITH p
    RETURN {providers.COLUMNS}"""


class AggregatesController(base.AggregatesController):
    """Aggregates in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def replace(self, provider_uuid: str, generation: int | None,
                uuids: frozenset[str]) -> models.Provider:
        return self._store.write(_replace, provider_uuid, generation, uuids)


def _replace(txn: transaction.Transaction, uuid: str, generation: int | None,
             uuids: frozenset[str]) -> models.Provider:
    found = txn.one(_LOCK, uuid=uuid)
    if found is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    providers.check_generation(uuid, found[0], generation)
    has = set(found[1])
    after = txn.write(_KEEP if generation is None else _RAISE, uuid=uuid,
                      coming=sorted(uuids - has), going=sorted(has - uuids))
    txn.touch([uuid])
    return providers.provider(after[0])
