"""Resource classes: the catalogue."""

from collections.abc import Sequence

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.neo4j import catalogue
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import errors
from tachyon.db.neo4j import transaction

# Providers first, as everybody who uses a class has it: what began to use it
# between the two statements is seen by the second one.
_LOCK_USERS = """
    MATCH (i:Inventory {resource_class: $name})
    WITH DISTINCT i.provider_uuid AS uuid ORDER BY uuid
    MATCH (p:ResourceProvider {uuid: uuid}) SET p.locked = true
    RETURN p.uuid"""
_USERS = "MATCH (i:Inventory {resource_class: $name}) RETURN i.provider_uuid"
_RENAME = """
    MATCH (e:ResourceClass {name: $name}) SET e.name = $new
    WITH e
    CALL () { MATCH (i:Inventory {resource_class: $name})
              SET i.resource_class = $new }
    RETURN e.name, e.standard, e.created_at"""


class ResourceClassesController(base.ResourceClassesController):
    """Resource classes in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store

    def list(self) -> Sequence[models.CatalogueEntry]:
        return [catalogue.entry(*row)
                for row in self._store.read(catalogue.RESOURCE_CLASSES.list)]

    def create(self, name: str) -> tuple[models.CatalogueEntry, bool]:
        return self._store.write(
            catalogue.ensure, catalogue.RESOURCE_CLASSES, name)

    def rename(self, name: str, new_name: str) -> models.CatalogueEntry:
        return self._store.write(_rename, name, new_name)

    def delete(self, name: str) -> None:
        self._store.write(
            catalogue.drop, catalogue.RESOURCE_CLASSES, name,
            unknown=exception.ResourceClassNotFound(resource_class=name),
            standard=exception.ResourceClassStandard(resource_class=name),
            in_use=exception.ResourceClassInUse(resource_class=name))


def _rename(txn: transaction.Transaction, name: str,
            new_name: str) -> models.CatalogueEntry:
    classes = catalogue.RESOURCE_CLASSES
    locked = {uuid for uuid, in txn.all(_LOCK_USERS, name=name)}
    txn.lock_number()
    found = txn.one(classes.find, name=name)
    if found is None:
        raise exception.ResourceClassNotFound(resource_class=name)
    if found[1]:
        raise exception.ResourceClassStandard(resource_class=name)
    other = txn.one(classes.find, name=new_name)
    if other is not None and new_name == name:
        return catalogue.entry(*other)
    if other is not None:
        raise exception.ResourceClassExists(resource_class=new_name)
    users = {uuid for uuid, in txn.all(_USERS, name=name)}
    if users - locked:
        raise errors.Again("A provider began to use the class.")
    renamed = txn.write(_RENAME, name=name, new=new_name)
    txn.stamp(classes.name)
    txn.touch(users)
    return catalogue.entry(*renamed[0])
