"""Resource classes: the catalogue."""

from collections.abc import Sequence

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.neo4j import catalogue
from tachyon.db.neo4j import connection


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

    def delete(self, name: str) -> None:
        self._store.write(
            catalogue.drop, catalogue.RESOURCE_CLASSES, name,
            unknown=exception.ResourceClassNotFound(resource_class=name),
            standard=exception.ResourceClassStandard(resource_class=name),
            in_use=exception.ResourceClassInUse(resource_class=name))
