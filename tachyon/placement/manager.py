"""PlacementManager: the door to the placement plane.

The Placement API calls its nouns in process; the scheduler reports through it
what computes have.
"""

import dataclasses
from collections.abc import Collection, Mapping

from oslo_config import cfg
from oslo_log import log as logging

from tachyon import context
from tachyon import exception
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.placement import view as view_module
from tachyon.placement.managers import aggregates
from tachyon.placement.managers import allocations
from tachyon.placement.managers import base
from tachyon.placement.managers import candidates
from tachyon.placement.managers import explanations
from tachyon.placement.managers import inventories as inventories_manager
from tachyon.placement.managers import providers
from tachyon.placement.managers import resource_classes
from tachyon.placement.managers import traits as traits_manager

LOG = logging.getLogger(__name__)


class PlacementManager(base.Manager):
    """All managers of the placement plane, by noun."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 view: view_module.View):
        super().__init__(conf, driver, view)
        self.options = conf.placement
        self.providers = providers.ProvidersManager(conf, driver, view)
        self.inventories = inventories_manager.InventoriesManager(
            conf, driver, view)
        self.traits = traits_manager.TraitsManager(conf, driver, view)
        self.aggregates = aggregates.AggregatesManager(conf, driver, view)
        self.resource_classes = resource_classes.ResourceClassesManager(
            conf, driver, view)
        self.allocations = allocations.AllocationsManager(conf, driver, view)
        self.candidates = candidates.CandidatesManager(conf, driver, view)
        self.explanations = explanations.ExplanationsManager(
            conf, driver, view)

    def apply_inventory_report(
            self, ctx: context.RequestContext, provider_uuid: str, name: str,
            inventories: Mapping[str, models.Inventory],
            traits: Collection[str]) -> models.Provider:
        """Make a host in the store what its compute says it is.

        A host that is not there is created; one that an operator renamed
        keeps its name. Inventories become those reported; traits reported
        are added, and those that an operator gave to the host stay. Nothing
        is written, and no generation raised, where nothing differs.

        :raises DuplicateProvider: another provider has that name.
        :raises ResourceClassNotFound: a class is neither known nor custom.
        :raises TraitNotFound: a trait is neither known nor custom.
        :raises InventoryInUse: a class that went has allocations.
        """
        def attempt() -> models.Provider:
            provider = self._ensure_provider(provider_uuid, name)
            provider = self._report_inventories(provider, inventories)
            return self._report_traits(provider, frozenset(traits))
        return self._retry_conflicts(attempt)

    def _ensure_provider(self, uuid: str, name: str) -> models.Provider:
        try:
            return self._driver.resource_providers.get(uuid)
        except exception.ResourceProviderNotFound:
            LOG.info("Creating resource provider %s for host %s", uuid, name)
        try:
            return self._driver.resource_providers.create(uuid, name)
        except exception.DuplicateProvider as error:
            if error.field == "uuid":        # somebody was faster
                return self._driver.resource_providers.get(uuid)
            raise

    def _report_inventories(self, provider: models.Provider,
                            inventories: Mapping[str, models.Inventory]
                            ) -> models.Provider:
        wanted = {resource_class: dataclasses.replace(inventory, used=0)
                  for resource_class, inventory in inventories.items()}
        found = {resource_class: dataclasses.replace(inventory, used=0)
                 for resource_class, inventory
                 in provider.inventories.items()}
        if wanted == found:
            return provider
        for resource_class in wanted.keys() - found.keys():
            if resource_class.startswith("CUSTOM_"):
                self._driver.resource_classes.create(resource_class)
        return self._driver.inventories.replace(
            provider.uuid, provider.generation, wanted)

    def _report_traits(self, provider: models.Provider,
                       traits: frozenset[str]) -> models.Provider:
        missing = traits - provider.traits
        if not missing:
            return provider
        for name in missing:
            if name.startswith("CUSTOM_"):
                self._driver.traits.create(name)
        return self._driver.traits.replace(
            provider.uuid, provider.generation, provider.traits | traits)
