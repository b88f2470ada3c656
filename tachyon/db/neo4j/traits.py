"""Traits: the catalogue, and which provider has which."""

from collections.abc import Mapping, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.neo4j import catalogue
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import replacing
from tachyon.db.neo4j import transaction

_LOCK = f"""
    {providers.LOCK}
    RETURN p.generation, [(p)-[:HAS_TRAIT]->(t:Trait) | t.name]"""
_WRITE = f"""
    CALL (p) {{
        MATCH (p)-[r:HAS_TRAIT]->(t:Trait) WHERE NOT t.name IN $asked.names
        DELETE r }}
    CALL (p) {{
        WITH [(p)-[:HAS_TRAIT]->(t:Trait) | t.name] AS has
        UNWIND [name IN $asked.names WHERE NOT name IN has] AS name
        MATCH (t:Trait {{name: name}})
        CREATE (p)-[:HAS_TRAIT]->(t) }}
    SET {providers.RAISE}"""
_REPLACE = replacing.at_length(_WRITE)
# With the same as before there is nothing to write.
_AT_ONCE = replacing.at_once(
    """(EXISTS {
            MATCH (p)-[:HAS_TRAIT]->(t:Trait)
            WHERE NOT t.name IN $asked.names }
         OR COUNT { (p)-[:HAS_TRAIT]->() } < size($asked.names))""",
    """COUNT {
        UNWIND $asked.names AS name MATCH (t:Trait {name: name})
    } = size($asked.names)""", _WRITE)


class TraitsController(base.TraitsController):
    """Traits in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def list(self) -> Sequence[models.CatalogueEntry]:
        return [catalogue.entry(*row)
                for row in self._store.read(catalogue.TRAITS.list)]

    def create(self, name: str) -> tuple[models.CatalogueEntry, bool]:
        return self._store.write(catalogue.ensure, catalogue.TRAITS, name)

    def delete(self, name: str) -> None:
        self._store.write(
            catalogue.drop, catalogue.TRAITS, name,
            unknown=exception.TraitNotFound(names=name),
            standard=exception.TraitStandard(name=name),
            in_use=exception.TraitInUse(name=name))

    def replace(self, provider_uuid: str, generation: int | None,
                names: frozenset[str]) -> models.Provider:
        asked = {"uuid": provider_uuid, "generation": generation,
                 "names": sorted(names)}
        return replacing.replace(
            self._store, _AT_ONCE, asked, lambda txn: _replace(txn, asked))


def _replace(txn: transaction.Transaction, asked: Mapping[str, Any]
             ) -> models.Provider:
    uuid, names = asked["uuid"], asked["names"]
    found = txn.one(_LOCK, uuid=uuid)
    if found is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    providers.check_generation(uuid, found[0], asked["generation"])
    coming = [name for name in names if name not in found[1]]
    if coming:
        known = catalogue.known(txn, catalogue.TRAITS, coming)
        unknown = [name for name in coming if name not in known]
        if unknown:
            raise exception.TraitNotFound(names=", ".join(unknown))
    elif len(found[1]) == len(names):
        return providers.get(txn, uuid)
    after = txn.write(_REPLACE, asked=asked)
    txn.touch([uuid])
    return providers.provider(after[0])
