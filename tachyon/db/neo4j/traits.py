"""Traits: the catalogue, and which provider has which."""

from collections.abc import Sequence

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.neo4j import catalogue
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import transaction

_LOCK = f"""
    {providers.LOCK}
    RETURN p.generation, [(p)-[:HAS_TRAIT]->(t:Trait) | t.name]"""
# Returns which there are, and locks the custom ones: they can be deleted.
KNOWN = """
    UNWIND $names AS name
    MATCH (t:Trait {name: name})
    FOREACH (x IN CASE WHEN t.standard THEN [] ELSE [t] END |
        SET x.locked = true)
    RETURN t.name"""
_REPLACE = f"""
    MATCH (p:ResourceProvider {{uuid: $uuid}})
    CALL (p) {{
        MATCH (p)-[r:HAS_TRAIT]->(t:Trait) WHERE t.name IN $going DELETE r }}
    CALL (p) {{
        UNWIND $coming AS name
        MATCH (t:Trait {{name: name}})
        CREATE (p)-[:HAS_TRAIT]->(t) }}
    SET {providers.RAISE}
    WITH p
    RETURN {providers.COLUMNS}"""


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
        return self._store.write(_replace, provider_uuid, generation, names)


def _replace(txn: transaction.Transaction, uuid: str, generation: int | None,
             names: frozenset[str]) -> models.Provider:
    found = txn.one(_LOCK, uuid=uuid)
    if found is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    providers.check_generation(uuid, found[0], generation)
    has = set(found[1])
    coming = sorted(names - has)
    if coming:
        known = {name for name, in txn.all(KNOWN, names=coming)}
        unknown = [name for name in coming if name not in known]
        if unknown:
            raise exception.TraitNotFound(names=", ".join(unknown))
    elif has == names:
        return providers.get(txn, uuid)
    after = txn.write(_REPLACE, uuid=uuid, coming=coming,
                      going=sorted(has - names))
    txn.touch([uuid])
    return providers.provider(after[0])
