"""Aggregates: which provider is in which. They have nothing but a uuid."""

from collections.abc import Mapping
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import replacing
from tachyon.db.neo4j import transaction

_LOCK = f"{providers.LOCK} RETURN p.generation"
_KEEP = """
    CALL (p) {
        MATCH (p)-[r:MEMBER_OF]->(a:Aggregate)
        WHERE NOT a.uuid IN $asked.uuids
        DELETE r }
    CALL (p) {
        WITH [(p)-[:MEMBER_OF]->(a:Aggregate) | a.uuid] AS has
        UNWIND [uuid IN $asked.uuids WHERE NOT uuid IN has] AS uuid
        MERGE (a:Aggregate {uuid: uuid})
        CREATE (p)-[:MEMBER_OF]->(a) }"""
_RAISE = f"{_KEEP} SET {providers.RAISE}"
# Both ways to write; a generation that is not compared is not raised.
_AT_LENGTH = {raises: replacing.at_length(write)
              for raises, write in ((False, _KEEP), (True, _RAISE))}
_AT_ONCE = {raises: replacing.at_once("true", "true", write)
            for raises, write in ((False, _KEEP), (True, _RAISE))}


class AggregatesController(base.AggregatesController):
    """Aggregates in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def replace(self, provider_uuid: str, generation: int | None,
                uuids: frozenset[str]) -> models.Provider:
        asked = {"uuid": provider_uuid, "generation": generation,
                 "uuids": sorted(uuids)}
        return replacing.replace(
            self._store, _AT_ONCE[generation is not None], asked,
            lambda txn: _replace(txn, asked))


def _replace(txn: transaction.Transaction, asked: Mapping[str, Any]
             ) -> models.Provider:
    uuid, generation = asked["uuid"], asked["generation"]
    found = txn.one(_LOCK, uuid=uuid)
    if found is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    providers.check_generation(uuid, found[0], generation)
    after = txn.write(_AT_LENGTH[generation is not None], asked=asked)
    txn.touch([uuid])
    return providers.provider(after[0])
