"""Resource providers: their nodes, their forest, and how they are read."""

from collections.abc import Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import errors
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction

# What ``provider`` makes a record of; ``p`` is the node.
COLUMNS = """
    p.uuid, p.name, p.generation,
    [(p)<-[:PARENT_OF]-(parent:ResourceProvider) | parent.uuid][0],
    p.root_uuid, p.created_at, p.updated_at,
    [(p)-[:HAS_INVENTORY]->(i:Inventory) | [
        i.resource_class, i.total, i.reserved, i.min_unit, i.max_unit,
        i.step_size, i.allocation_ratio, i.used]],
    [(p)-[:HAS_TRAIT]->(t:Trait) | t.name],
    [(p)-[:MEMBER_OF]->(a:Aggregate) | a.uuid]"""

# Raises the generation of ``p``, in a statement that has it locked.
RAISE = f"p.generation = p.generation + 1, p.updated_at = {rows.NOW}"

LOCK = "MATCH (p:ResourceProvider {uuid: $uuid}) SET p.locked = true WITH p"

_GET = f"{LOCK} RETURN {COLUMNS}"
_LOCK_MANY = """
    UNWIND $uuids AS uuid
    MATCH (p:ResourceProvider {uuid: uuid}) SET p.locked = true
    RETURN p.uuid, p.root_uuid"""
_TAKEN = """
    OPTIONAL MATCH (u:ResourceProvider {uuid: $uuid})
    OPTIONAL MATCH (n:ResourceProvider {name: $name})
    RETURN u IS NOT NULL, n IS NOT NULL"""
_CREATE = f"""
    CREATE (p:ResourceProvider {{
        uuid: $uuid, name: $name, generation: 0, root_uuid: $root,
        created_at: {rows.NOW}, updated_at: {rows.NOW}}})
    WITH p
    CALL (p) {{
        MATCH (parent:ResourceProvider {{uuid: $parent}})
        CREATE (parent)-[:PARENT_OF]->(p) }}
    CALL () {{ MATCH (t:Tombstone {{uuid: $uuid}}) DELETE t }}
    RETURN {COLUMNS}"""
# A provider's name, its parent, and its subtree, itself included.
_PLACE = """
    MATCH (p:ResourceProvider {uuid: $uuid})
    RETURN p.name,
        [(p)<-[:PARENT_OF]-(parent:ResourceProvider) | parent.uuid][0],
        COLLECT { MATCH (p)-[:PARENT_OF*0..]->(m:ResourceProvider)
                  RETURN m.uuid }"""
_RENAME = f"""
    MATCH (p:ResourceProvider {{uuid: $uuid}})
    SET p.name = $name, p.updated_at = {rows.NOW}"""
_MOVE = f"""
    MATCH (p:ResourceProvider {{uuid: $uuid}})
    CALL (p) {{ MATCH (p)<-[r:PARENT_OF]-() DELETE r }}
    CALL (p) {{
        MATCH (parent:ResourceProvider {{uuid: $parent}})
        CREATE (parent)-[:PARENT_OF]->(p) }}
    WITH p
    UNWIND $subtree AS uuid
    MATCH (m:ResourceProvider {{uuid: uuid}})
    SET m.root_uuid = $root, m.updated_at = {rows.NOW}"""
_USED_BY = f"""
    {LOCK}
    RETURN EXISTS {{ (p)-[:PARENT_OF]->() }},
        EXISTS {{ (p)-[:HAS_INVENTORY]->()<-[:CONSUMES]-() }}"""
_DELETE = """
    MATCH (p:ResourceProvider {uuid: $uuid})
    CALL (p) { MATCH (p)-[:HAS_INVENTORY]->(i:Inventory) DETACH DELETE i }
    DETACH DELETE p"""


class ResourceProvidersController(base.ResourceProvidersController):
    """Resource providers in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def get(self, uuid: str) -> models.Provider:
        return only(uuid, self._store.read(_GET, uuid=uuid))

    def create(self, uuid: str, name: str,
               parent_uuid: str | None = None) -> models.Provider:
        return self._store.write(_create, uuid, name, parent_uuid)

    def update(self, uuid: str, name: str,
               parent_uuid: str | None) -> models.Provider:
        return self._store.write(_update, uuid, name, parent_uuid)

    def delete(self, uuid: str) -> None:
        self._store.write(_delete, uuid)


# ------------------------------------------------ for the other controllers
def get(txn: transaction.Transaction, uuid: str) -> models.Provider:
    """Lock a provider and return it, whole.

    :raises ResourceProviderNotFound:
    """
    return only(uuid, txn.all(_GET, uuid=uuid))


def only(uuid: str, found: Sequence[Sequence[Any]]) -> models.Provider:
    """Return the record of the one row of ``COLUMNS`` that there may be.

    :raises ResourceProviderNotFound:
    """
    if not found:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    return provider(found[0])


def lock(txn: transaction.Transaction, uuids: set[str]) -> dict[str, str]:
    """Lock providers; return the root of each that there is."""
    return dict(txn.all(_LOCK_MANY, uuids=sorted(uuids)))


def check_generation(uuid: str, found: int, expected: int | None) -> None:
    """:raises ConcurrentUpdate: one is expected, and it is another."""
    if expected is not None and found != expected:
        raise exception.ConcurrentUpdate(what=f"Resource provider {uuid}")


def provider(row: Sequence[Any]) -> models.Provider:
    """Return the record of a row of ``COLUMNS``.

    Who reads without a lock may meet an inventory that is about to appear,
    or to go, without all its properties.
    """
    return models.Provider(
        uuid=row[0], name=row[1], generation=row[2], parent_uuid=row[3],
        root_uuid=row[4], created_at=stored.to_time(row[5]),
        updated_at=stored.to_time(row[6]),
        inventories={each[0]: models.Inventory(*each[1:])
                     for each in row[7] if None not in each},
        traits=frozenset(row[8]), aggregates=frozenset(row[9]))


# ----------------------------------------------------------------- internals
def _create(txn: transaction.Transaction, uuid: str, name: str,
            parent_uuid: str | None) -> models.Provider:
    root_uuid = uuid
    if parent_uuid is not None:
        root_uuid = lock(txn, {parent_uuid}).get(parent_uuid, "")
        if not root_uuid:
            raise exception.ParentProviderNotFound(uuid=parent_uuid)
    _check_unique(txn, uuid, name)
    made = txn.write(_CREATE, uuid=uuid, name=name, root=root_uuid,
                     parent=parent_uuid)
    txn.touch([uuid])
    return provider(made[0])


def _update(txn: transaction.Transaction, uuid: str, name: str,
            parent_uuid: str | None) -> models.Provider:
    """Rename and move. What moves is locked with all its subtree, so that
    nobody is put into it, or moves what is above it, meanwhile."""
    _name, old_parent, subtree = _place(txn, uuid)
    moves = parent_uuid != old_parent
    locked = {uuid, *([parent_uuid] if parent_uuid else ()),
              *(subtree if moves else ())}
    roots = lock(txn, locked)
    old_name, old_parent, subtree = _place(txn, uuid)
    if moves != (parent_uuid != old_parent) or (
            moves and not roots.keys() >= set(subtree)):
        raise errors.Again(f"the tree around {uuid} changed")
    if parent_uuid is not None and parent_uuid not in roots:
        raise exception.ParentProviderNotFound(uuid=parent_uuid)
    if moves and parent_uuid in subtree:
        raise exception.ProviderLoop(uuid=parent_uuid)
    if name != old_name:
        _check_unique(txn, None, name)
        txn.write(_RENAME, uuid=uuid, name=name)
        txn.touch([uuid])
    if moves:
        txn.write(_MOVE, uuid=uuid, parent=parent_uuid, subtree=subtree,
                  root=uuid if parent_uuid is None else roots[parent_uuid])
        txn.touch(subtree)
    return get(txn, uuid)


def _delete(txn: transaction.Transaction, uuid: str) -> None:
    found = txn.one(_USED_BY, uuid=uuid)
    if found is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    has_children, is_used = found
    if has_children:
        raise exception.ProviderHasChildren(uuid=uuid)
    if is_used:
        raise exception.ProviderInUse(uuid=uuid)
    txn.write(_DELETE, uuid=uuid)
    txn.bury(uuid)


def _check_unique(txn: transaction.Transaction, uuid: str | None,
                  name: str) -> None:
    found = txn.one(_TAKEN, uuid=uuid, name=name)
    assert found is not None
    for taken, field, value in zip(found, ("uuid", "name"), (uuid, name),
                                   strict=True):
        if taken:
            raise exception.DuplicateProvider(field=field, value=value)


def _place(txn: transaction.Transaction, uuid: str) -> list[Any]:
    found = txn.one(_PLACE, uuid=uuid)
    if found is None:
        raise exception.ResourceProviderNotFound(uuid=uuid)
    return found
