"""Resource providers and their trees."""

from tachyon import context
from tachyon import exception
from tachyon.db import models
from tachyon.placement import providers
from tachyon.placement.managers import base
from tachyon.placement.managers import names


class ProvidersManager(base.Manager):

    def list(self, ctx: context.RequestContext,
             wanted: providers.ProviderFilter) -> list[models.Provider]:
        """Return the providers that match a filter.

        :raises ResourceClassNotFound: the filter names an unknown class.
        :raises TraitNotFound: the filter names unknown traits.
        """
        with self._view.read() as snapshot:
            names.check(snapshot, [wanted.group])
            return [snapshot.provider(row)
                    for row in providers.find(snapshot, wanted)]

    def get(self, ctx: context.RequestContext, uuid: str) -> models.Provider:
        """:raises ResourceProviderNotFound:"""
        return self._driver.resource_providers.get(uuid)

    def create(self, ctx: context.RequestContext, uuid: str, name: str,
               parent_uuid: str | None = None) -> models.Provider:
        """Create a provider.

        :raises DuplicateProvider: the name or the uuid is taken.
        :raises ParentProviderNotFound:
        :raises ProviderLoop: it would be its own parent.
        """
        if parent_uuid == uuid:
            raise exception.ProviderLoop(uuid=uuid)
        return self._driver.resource_providers.create(uuid, name, parent_uuid)

    def rename(self, ctx: context.RequestContext, uuid: str,
               name: str) -> models.Provider:
        """Give a provider another name, and leave it where it is.

        :raises ResourceProviderNotFound:
        :raises DuplicateProvider: the name is taken.
        """
        provider = self._driver.resource_providers.get(uuid)
        return self.update(ctx, uuid, name, provider.parent_uuid)

    def update(self, ctx: context.RequestContext, uuid: str, name: str,
               parent_uuid: str | None, *, only_adopt: bool = False
               ) -> models.Provider:
        """Name a provider and put it under a parent (None: make it a root).

        With ``only_adopt`` a root may get a parent, but what has one keeps
        it.

        :raises ProviderHasParent: another one, by ``only_adopt``.
        :raises ResourceProviderNotFound:
        :raises DuplicateProvider: the name is taken.
        :raises ParentProviderNotFound:
        :raises ProviderLoop: the parent is in the provider's own subtree.
        """
        if only_adopt:
            found = self._driver.resource_providers.get(uuid).parent_uuid
            if found not in (None, parent_uuid):
                raise exception.ProviderHasParent(
                    uuid=uuid, action="un-parenting" if parent_uuid is None
                    else "re-parenting")
        return self._driver.resource_providers.update(uuid, name, parent_uuid)

    def delete(self, ctx: context.RequestContext, uuid: str) -> None:
        """Delete a provider.

        :raises ResourceProviderNotFound:
        :raises ProviderHasChildren:
        :raises ProviderInUse:
        """
        self._driver.resource_providers.delete(uuid)
