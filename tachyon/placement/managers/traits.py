"""Traits: which there are, and which provider has which."""

from collections.abc import Collection, Sequence

from tachyon import context
from tachyon import exception
from tachyon.db import models
from tachyon.placement.managers import base


class TraitsManager(base.Manager):

    def list(self, ctx: context.RequestContext, *,
             names: Collection[str] | None = None,
             prefix: str | None = None, associated: bool | None = None
             ) -> Sequence[models.CatalogueEntry]:
        """Return traits, standard ones first, then by name: of these names,
        with this prefix, and that some (or no) provider has."""
        with self._view.read() as snapshot:
            return sorted(
                (entry for name, entry in snapshot.catalogue.traits.items()
                 if (names is None or name in names)
                 and (prefix is None or name.startswith(prefix))
                 and (associated is None
                      or associated is bool(len(snapshot.trait_rows(name))))),
                key=lambda entry: (not entry.standard, entry.name))

    def get(self, ctx: context.RequestContext,
            name: str) -> models.CatalogueEntry:
        """:raises TraitNotFound:"""
        with self._view.read() as snapshot:
            entry = snapshot.catalogue.traits.get(name)
        if entry is None:
            raise exception.TraitNotFound(names=name)
        return entry

    def ensure(self, ctx: context.RequestContext,
               name: str) -> tuple[models.CatalogueEntry, bool]:
        """Return the trait, and whether this call made it."""
        return self._driver.traits.create(name)

    def delete(self, ctx: context.RequestContext, name: str) -> None:
        """Delete a custom trait.

        :raises TraitNotFound:
        :raises TraitStandard:
        :raises TraitInUse:
        """
        self._driver.traits.delete(name)

    def replace(self, ctx: context.RequestContext, provider_uuid: str,
                generation: int, names: frozenset[str]) -> models.Provider:
        """Make these all traits of a provider.

        Its generation stays if it has just these already.

        :raises ResourceProviderNotFound:
        :raises ConcurrentUpdate: the generation is another.
        :raises TraitNotFound:
        """
        return self._driver.traits.replace(provider_uuid, generation, names)

    def remove_all(self, ctx: context.RequestContext,
                   provider_uuid: str) -> None:
        """Take all traits from a provider.

        :raises ResourceProviderNotFound:
        """
        self._driver.traits.replace(provider_uuid, None, frozenset())
