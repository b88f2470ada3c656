"""Allocations, and what projects use by them."""

import collections
from collections.abc import Sequence

from tachyon import context
from tachyon import exception
from tachyon.db import models
from tachyon.placement.managers import base

ALL_TYPES = "all"


class AllocationsManager(base.Manager):

    def find(self, ctx: context.RequestContext,
             consumer_uuid: str) -> models.Consumer | None:
        """Return a consumer with all it has, None if it has nothing."""
        try:
            return self._driver.allocations.get(consumer_uuid)
        except exception.ConsumerNotFound:
            return None

    def list_by_provider(self, ctx: context.RequestContext,
                         provider_uuid: str
                         ) -> tuple[models.Provider,
                                    Sequence[models.Consumer]]:
        """Return a provider, and its consumers with what they have of it.

        :raises ResourceProviderNotFound:
        """
        return self._driver.allocations.list_by_provider(provider_uuid)

    def replace(self, ctx: context.RequestContext,
                claims: Sequence[models.Claim]) -> None:
        """Give each consumer what its claim says, all of them or none.

        A stale consumer generation is told before anything else, whatever
        else may be wrong with the claims.

        :raises ConsumerGenerationConflict:
        :raises: whatever ``AllocationsController.replace`` does.
        """
        def attempt() -> None:
            try:
                self._driver.allocations.replace(claims)
            except (exception.NotFound, exception.Conflict,
                    exception.BadRequest):
                self._check_generations(ctx, claims)
                raise
        self._retry_conflicts(attempt)

    def reshape(self, ctx: context.RequestContext,
                reshapes: Sequence[models.Reshape],
                claims: Sequence[models.Claim]) -> None:
        """Replace inventories together with allocations, all or nothing.

        Stale generations are told before anything else.

        :raises ReshapedProviderNotFound:
        :raises ConcurrentUpdate: of a reshaped provider.
        :raises ConsumerGenerationConflict:
        :raises: whatever ``AllocationsController.reshape`` does.
        """
        for wanted in reshapes:
            self._check_reshaped(wanted)
        try:
            self._driver.allocations.reshape(reshapes, claims)
        except (exception.NotFound, exception.Conflict,
                exception.BadRequest):
            self._check_generations(ctx, claims)
            raise

    def delete(self, ctx: context.RequestContext, consumer_uuid: str) -> None:
        """Take everything from a consumer.

        :raises ConsumerNotFound:
        """
        self._driver.allocations.delete(consumer_uuid)

    def list_usages(self, ctx: context.RequestContext, project_id: str,
                    user_id: str | None = None,
                    consumer_type: str | None = None
                    ) -> Sequence[models.Usage]:
        """Return what the consumers of a project use, a row a type.

        The type ``all`` stands for all of them together, in one row.
        """
        wanted = None if consumer_type == ALL_TYPES else consumer_type
        usages = self._driver.allocations.usages(project_id, user_id, wanted)
        if consumer_type != ALL_TYPES or not usages:
            return usages
        total: collections.Counter[str] = collections.Counter()
        for usage in usages:
            total.update(usage.resources)
        return [models.Usage(
            ALL_TYPES, sum(usage.consumer_count for usage in usages), total)]

    # ----------------------------------------------------------- internals
    def _check_reshaped(self, wanted: models.Reshape) -> None:
        uuid = wanted.provider_uuid
        try:
            found = self._driver.resource_providers.get(uuid).generation
        except exception.ResourceProviderNotFound:
            raise exception.ReshapedProviderNotFound(uuid=uuid) from None
        if found != wanted.generation:
            raise exception.ProviderGenerationConflict(
                uuid=uuid, actual=found, given=wanted.generation)

    def _check_generations(self, ctx: context.RequestContext,
                           claims: Sequence[models.Claim]) -> None:
        for claim in claims:
            consumer = self.find(ctx, claim.consumer_uuid)
            found = None if consumer is None else consumer.generation
            if claim.compared and found != claim.consumer_generation:
                raise exception.ConsumerGenerationConflict(
                    expected="null" if found is None else found,
                    got=claim.consumer_generation)
