"""Resource classes."""

from collections.abc import Sequence

from tachyon import context
from tachyon import exception
from tachyon.db import models
from tachyon.placement.managers import base


class ResourceClassesManager(base.Manager):

    def list(self, ctx: context.RequestContext
             ) -> Sequence[models.CatalogueEntry]:
        """Return all classes, standard ones first, in the order made."""
        return self._driver.resource_classes.list()

    def get(self, ctx: context.RequestContext,
            name: str) -> models.CatalogueEntry:
        """:raises ResourceClassNotFound:"""
        with self._view.read() as snapshot:
            entry = snapshot.catalogue.resource_classes.get(name)
        if entry is None:
            raise exception.ResourceClassNotFound(resource_class=name)
        return entry

    def ensure(self, ctx: context.RequestContext,
               name: str) -> tuple[models.CatalogueEntry, bool]:
        """Return the class, and whether this call made it."""
        return self._driver.resource_classes.create(name)

    def create(self, ctx: context.RequestContext,
               name: str) -> models.CatalogueEntry:
        """:raises ResourceClassExists:"""
        entry, made = self._driver.resource_classes.create(name)
        if not made:
            raise exception.ResourceClassExists(resource_class=name)
        return entry

    def rename(self, ctx: context.RequestContext, name: str,
               new_name: str) -> models.CatalogueEntry:
        """Rename a custom class, and with it what is of it.

        :raises ResourceClassNotFound:
        :raises ResourceClassStandard:
        :raises ResourceClassExists: the new name is taken.
        """
        return self._driver.resource_classes.rename(name, new_name)

    def delete(self, ctx: context.RequestContext, name: str) -> None:
        """Delete a custom class.

        :raises ResourceClassNotFound:
        :raises ResourceClassStandard:
        :raises ResourceClassInUse:
        """
        self._driver.resource_classes.delete(name)
