"""Reshaping: inventories and allocations, replaced in one transaction.

All is decided on what the locks gave to read: the inventories to come are
laid over those there are, the claims are held against both, and those to go
must be empty after that. What goes is deleted last, when nothing is allocated
of it any more.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import models
from tachyon.db.neo4j import catalogue
from tachyon.db.neo4j import claims as resource_claims
from tachyon.db.neo4j import inventories
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction

_Key = tuple[str, str]                  # provider, resource class

_PUT = f"""
    CALL () {{
        UNWIND $staying AS row
        MATCH (i:Inventory {{provider_uuid: row[7], resource_class: row[0]}})
        SET {inventories.NUMBERS} }}
    CALL () {{
        UNWIND $coming AS row
        MATCH (p:ResourceProvider {{uuid: row[7]}})
        CREATE (p)-[:HAS_INVENTORY]->(i:Inventory {{
            provider_uuid: row[7], resource_class: row[0], used: 0}})
        SET {inventories.NUMBERS} }}
    UNWIND $raised AS row
    MATCH (p:ResourceProvider {{uuid: row[0]}})
    SET p.generation = p.generation + row[1], p.updated_at = {rows.NOW}"""


def apply(txn: transaction.Transaction, reshapes: Sequence[models.Reshape],
          claims: Sequence[models.Claim]) -> None:
    """Do what ``AllocationsController.reshape`` promises."""
    locked = resource_claims.lock_claims(
        txn, claims, [wanted.provider_uuid for wanted in reshapes])
    _check(txn, locked, reshapes)
    coming: list[list[Any]] = []
    staying: list[list[Any]] = []
    kept: dict[_Key, models.Inventory] = {}
    for wanted in reshapes:
        uuid = wanted.provider_uuid
        for name, one in wanted.inventories.items():
            found = locked.inventories.get((uuid, name))
            (coming if found is None else staying).append(
                [*inventories.row(name, one), uuid])
            kept[uuid, name] = dataclasses.replace(
                one, used=0 if found is None else found.used)
    reshaped = {wanted.provider_uuid for wanted in reshapes}
    going = [key for key in locked.inventories
             if key[0] in reshaped and key not in kept]
    locked.inventories.update(kept)
    consumers = resource_claims.decide(txn, locked, claims)
    _check_empty(txn, locked, consumers, going)
    txn.write(_PUT, coming=coming, staying=staying, raised=[
        [wanted.provider_uuid, 2 if wanted.inventories else 1]
        for wanted in reshapes])
    txn.touch(reshaped)
    resource_claims.write(txn, locked, [consumers], going)


def _check(txn: transaction.Transaction, locked: resource_claims.Locked,
           reshapes: Iterable[models.Reshape]) -> None:
    for wanted in reshapes:
        uuid = wanted.provider_uuid
        if uuid not in locked.generations:
            raise exception.ResourceProviderNotFound(uuid=uuid)
        providers.check_generation(uuid, locked.generations[uuid],
                                   wanted.generation)
    names = sorted({name for wanted in reshapes
                    for name in wanted.inventories})
    known = catalogue.known(txn, catalogue.RESOURCE_CLASSES, names)
    for name in names:
        if name not in known:
            raise exception.ResourceClassNotFound(resource_class=name)


def _check_empty(txn: transaction.Transaction,
                 locked: resource_claims.Locked,
                 consumers: Iterable[resource_claims.Consumer],
                 going: Iterable[_Key]) -> None:
    used: dict[_Key, int] = defaultdict(int)
    for consumer in consumers:
        for key, amount in consumer.had.items():
            used[key] -= amount
        for key, amount in consumer.wants.items():
            used[key] += amount
    left: dict[str, list[str]] = defaultdict(list)
    for key in going:
        if locked.inventories[key].used + used[key]:
            left[key[0]].append(key[1])
    for uuid, names in left.items():
        inventories.check_free(txn, uuid, names)
