"""Inventories of a provider.

The store replaces all of them at once; what changes one reads the others and
writes them back on the generation it has read. Unless ``all_reserved``, some
capacity must be left besides what is reserved.
"""

from collections.abc import Mapping

from tachyon import context
from tachyon import exception
from tachyon.db import models
from tachyon.placement.managers import base


class InventoriesManager(base.Manager):

    def replace(self, ctx: context.RequestContext, provider_uuid: str,
                generation: int, inventories: Mapping[str, models.Inventory],
                *, all_reserved: bool = True) -> models.Provider:
        """Make these all inventories of a provider.

        :raises ResourceProviderNotFound:
        :raises ConcurrentUpdate: the generation is another.
        :raises InvalidInventoryCapacity:
        :raises ResourceClassNotFound:
        :raises InventoryInUse: a class that would go has allocations.
        """
        try:
            for resource_class, inventory in inventories.items():
                check_capacity(provider_uuid, resource_class, inventory,
                               all_reserved)
        except exception.InvalidInventoryCapacity:
            # That the provider is not there, or another, is told first.
            self._get(provider_uuid, generation)
            raise
        return self._driver.inventories.replace(provider_uuid, generation,
                                                inventories)

    def create(self, ctx: context.RequestContext, provider_uuid: str,
               resource_class: str, inventory: models.Inventory, *,
               all_reserved: bool = True) -> models.Provider:
        """Give a provider an inventory of one class more.

        :raises ResourceProviderNotFound:
        :raises InvalidInventoryCapacity:
        :raises ResourceClassNotFound:
        :raises InventoryExists: it has one of that class.
        """
        def attempt() -> models.Provider:
            provider = self._driver.resource_providers.get(provider_uuid)
            check_capacity(provider_uuid, resource_class, inventory,
                           all_reserved)
            if resource_class in provider.inventories:
                raise exception.InventoryExists(
                    resource_class=resource_class, uuid=provider_uuid)
            return self._write(provider, {**provider.inventories,
                                          resource_class: inventory})
        return self._retry_conflicts(attempt)

    def update(self, ctx: context.RequestContext, provider_uuid: str,
               generation: int, resource_class: str,
               inventory: models.Inventory, *, all_reserved: bool = True
               ) -> models.Provider:
        """Change the inventory of one class.

        :raises ResourceProviderNotFound:
        :raises ConcurrentUpdate: the generation is another.
        :raises InvalidInventoryCapacity:
        :raises ResourceClassNotFound:
        :raises InventoryNotFound: the provider has none of that class.
        """
        provider = self._get(provider_uuid, generation)
        check_capacity(provider_uuid, resource_class, inventory, all_reserved)
        self._check_present(provider, resource_class)
        return self._write(provider, {**provider.inventories,
                                      resource_class: inventory})

    def delete(self, ctx: context.RequestContext, provider_uuid: str,
               resource_class: str) -> None:
        """Take the inventory of one class from a provider.

        :raises ResourceProviderNotFound:
        :raises ResourceClassNotFound:
        :raises InventoryNotFound: the provider has none of that class.
        :raises InventoryInUse:
        """
        def attempt() -> None:
            provider = self._driver.resource_providers.get(provider_uuid)
            self._check_present(provider, resource_class)
            inventories = dict(provider.inventories)
            del inventories[resource_class]
            self._write(provider, inventories)
        self._retry_conflicts(attempt)

    def delete_all(self, ctx: context.RequestContext,
                   provider_uuid: str) -> None:
        """Take all inventories from a provider.

        :raises ResourceProviderNotFound:
        :raises InventoryInUse:
        """
        def attempt() -> None:
            provider = self._driver.resource_providers.get(provider_uuid)
            self._write(provider, {})
        self._retry_conflicts(attempt)

    # ----------------------------------------------------------- internals
    def _get(self, uuid: str, generation: int) -> models.Provider:
        provider = self._driver.resource_providers.get(uuid)
        if provider.generation != generation:
            raise exception.ConcurrentUpdate(
                what=f"Resource provider {uuid}")
        return provider

    def _write(self, provider: models.Provider,
               inventories: Mapping[str, models.Inventory]
               ) -> models.Provider:
        return self._driver.inventories.replace(
            provider.uuid, provider.generation, inventories)

    def _check_present(self, provider: models.Provider,
                       resource_class: str) -> None:
        if resource_class in provider.inventories:
            return
        known = self._driver.resource_classes.list()
        if all(entry.name != resource_class for entry in known):
            raise exception.ResourceClassNotFound(
                resource_class=resource_class)
        raise exception.InventoryNotFound(resource_class=resource_class,
                                          uuid=provider.uuid)


def check_capacity(provider_uuid: str, resource_class: str,
                   inventory: models.Inventory, all_reserved: bool) -> None:
    """Return if not too much of an inventory is reserved.

    :raises InvalidInventoryCapacity:
    """
    if inventory.capacity < (0 if all_reserved else 1):
        raise exception.InvalidInventoryCapacity(
            resource_class=resource_class, uuid=provider_uuid,
            excess="greater than" if all_reserved
            else "greater than or equal to")
