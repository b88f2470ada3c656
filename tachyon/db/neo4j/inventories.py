"""Inventories: what a provider has of each resource class."""

from collections.abc import Mapping, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import transaction

_LOCK = f"""
    {providers.LOCK}
    RETURN p.generation,
        [(p)-[:HAS_INVENTORY]->(i:Inventory) | [i.resource_class, i.used]]"""
# Returns which there are, and locks the custom ones: they can be deleted.
KNOWN = """
    UNWIND $names AS name
    MATCH (c:ResourceClass {name: name})
    FOREACH (x IN CASE WHEN c.standard THEN [] ELSE [c] END |
        SET x.locked = true)
    RETURN c.name"""
_IN_ORDER = """
    UNWIND $names AS name
    MATCH (e:ResourceClass {name: name})
    RETURN e.name ORDER BY e.standard DESC, e.position, e.name"""
NUMBERS = """
    i.total = row[1], i.reserved = row[2], i.min_unit = row[3],
    i.max_unit = row[4], i.step_size = row[5], i.allocation_ratio = row[6]"""
_REPLACE = f"""
    MATCH (p:ResourceProvider {{uuid: $uuid}})
    CALL (p) {{
        UNWIND $going AS name
        MATCH (i:Inventory {{provider_uuid: $uuid, resource_class: name}})
        DETACH DELETE i }}
    CALL (p) {{
        UNWIND $staying AS row
        MATCH (i:Inventory {{provider_uuid: $uuid, resource_class: row[0]}})
        SET {NUMBERS} }}
    CALL (p) {{
        UNWIND $coming AS row
        CREATE (p)-[:HAS_INVENTORY]->(i:Inventory {{
            provider_uuid: $uuid, resource_class: row[0], used: 0}})
        SET {NUMBERS} }}
    SET {providers.RAISE}
    WITH p
    RETURN {providers.COLUMNS}"""


class InventoriesController(base.InventoriesController):
    """Inventories in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def replace(self, provider_uuid: str, generation: int,
                inventories: Mapping[str, models.Inventory]
                ) -> models.Provider:
        return self._store.write(_replace, provider_uuid, generation,
                                 inventories)


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


def _replace(txn: transaction.Transaction, uuid: str, generation: int,
             inventories: Mapping[str, models.Inventory]) -> models.Provider:
    found = txn.one(_LOCK, uuid=uuid)
    if found is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    providers.check_generation(uuid, found[0], generation)
    used = dict(found[1])
    coming = sorted(inventories.keys() - used.keys())
    if coming:
        known = {name for name, in txn.all(KNOWN, names=coming)}
        for name in coming:
            if name not in known:
                raise exception.ResourceClassNotFound(resource_class=name)
    going = sorted(used.keys() - inventories.keys())
    in_use = [name for name in going if used[name]]
    check_free(txn, uuid, in_use)
    numbers = {name: row(name, one) for name, one in inventories.items()}
    after = txn.write(
        _REPLACE, uuid=uuid, going=going,
        coming=[numbers[name] for name in coming],
        staying=[numbers[name] for name in inventories if name in used])
    txn.touch([uuid])
    return providers.provider(after[0])
