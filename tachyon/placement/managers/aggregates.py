"""Aggregates: groups of providers, known by their uuids alone."""

from tachyon import context
from tachyon.db import models
from tachyon.placement.managers import base


class AggregatesManager(base.Manager):

    def replace(self, ctx: context.RequestContext, provider_uuid: str,
                generation: int | None, uuids: frozenset[str]
                ) -> models.Provider:
        """Make these all aggregates of a provider.

        A generation of None is neither compared nor raised.

        :raises ResourceProviderNotFound:
        :raises ConcurrentUpdate: the generation is another.
        """
        return self._driver.aggregates.replace(provider_uuid, generation,
                                               uuids)
