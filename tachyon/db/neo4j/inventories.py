"""Inventories: what a provider has of each resource class."""

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
    RETURN p.generation,
        [(p)-[:HAS_INVENTORY]->(i:Inventory) | [i.resource_class, i.used]]"""
_IN_ORDER = """
    UNWIND $names AS name
    MATCH (e:ResourceClass {name: name})
    RETURN e.name ORDER BY e.standard DESC, e.position, e.name"""
NUMBERS = """
    i.total = row[1], i.reserved = row[2], i.min_unit = row[3],
    i.max_unit = row[4], i.step_size = row[5], i.allocation_ratio = row[6]"""
_WRITE = f"""
    CALL (p) {{
        MATCH (p)-[:HAS_INVENTORY]->(i:Inventory)
        WHERE NOT i.resource_class IN $asked.names
        DETACH DELETE i }}
    CALL (p) {{
        UNWIND $asked.inventories AS row
        MERGE (i:Inventory {{provider_uuid: $asked.uuid,
                            resource_class: row[0]}})
        ON CREATE SET i.used = 0
        SET {NUMBERS}
        WITH i WHERE NOT EXISTS {{ (i)<-[:HAS_INVENTORY]-() }}
        CREATE (p)-[:HAS_INVENTORY]->(i) }}
    SET {providers.RAISE}"""
_REPLACE = replacing.at_length(_WRITE)
_AT_ONCE = replacing.at_once(
    """NOT EXISTS {
        MATCH (p)-[:HAS_INVENTORY]->(i:Inventory)
        WHERE i.used > 0 AND NOT i.resource_class IN $asked.names }""",
    """COUNT {
        UNWIND $asked.names AS name MATCH (c:ResourceClass {name: name})
    } = size($asked.names)""", _WRITE)


class InventoriesController(base.InventoriesController):
    """Inventories in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def replace(self, provider_uuid: str, generation: int,
                inventories: Mapping[str, models.Inventory]
                ) -> models.Provider:
        asked = {
            "uuid": provider_uuid, "generation": generation,
            "names": sorted(inventories),
            "inventories": [row(name, one)
                            for name, one in inventories.items()]}
        return replacing.replace(
            self._store, _AT_ONCE, asked, lambda txn: _replace(txn, asked))


def row(name: str, one: models.Inventory) -> list[Any]:
    """Return an inventory as statements take it."""
    return [name, one.total, one.reserved, one.min_unit, one.max_unit,
            one.step_size, float(one.allocation_ratio)]


def check_free(txn: transaction.Transaction, uuid: str,
               in_use: Sequence[str]) -> None:
    """Return if none of the classes that a provider would lose is in use.

    :raises InventoryInUse: with these, in the catalogue's order.
    """
    if in_use:
        names = [name for name, in txn.all(_IN_ORDER, names=in_use)]
        raise exception.InventoryInUse(resource_classes=", ".join(names),
                                       uuid=uuid)


def _replace(txn: transaction.Transaction, asked: Mapping[str, Any]
             ) -> models.Provider:
    uuid, names = asked["uuid"], asked["names"]
    found = txn.one(_LOCK, uuid=uuid)
    if found is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    providers.check_generation(uuid, found[0], asked["generation"])
    used = dict(found[1])
    coming = [name for name in names if name not in used]
    if coming:
        known = catalogue.known(txn, catalogue.RESOURCE_CLASSES, coming)
        for name in coming:
            if name not in known:
                raise exception.ResourceClassNotFound(resource_class=name)
    check_free(txn, uuid, [name for name in sorted(used.keys() - set(names))
                           if used[name]])
    after = txn.write(_REPLACE, asked=asked)
    txn.touch([uuid])
    return providers.provider(after[0])
