"""Controllers of what Placement knows: providers, what they have, and who
has it."""

import abc
from collections.abc import Collection, Mapping, Sequence

from tachyon.db import models


class ResourceProvidersController(abc.ABC):
    """Resource providers and the forest that they form."""

    @abc.abstractmethod
    def get(self, uuid: str) -> models.Provider:
        """Return one provider, whole.

        :raises ResourceProviderNotFound:
        """

    @abc.abstractmethod
    def create(self, uuid: str, name: str,
               parent_uuid: str | None = None) -> models.Provider:
        """Create a provider of generation 0.

        :raises DuplicateProvider: the name or the uuid is taken.
        :raises ParentProviderNotFound:
        """

    @abc.abstractmethod
    def update(self, uuid: str, name: str,
               parent_uuid: str | None) -> models.Provider:
        """Rename a provider and put it under a parent (None: make it a root).

        The generation stays as it is, as in Placement.

        :raises ResourceProviderNotFound:
        :raises DuplicateProvider: the name is taken.
        :raises ParentProviderNotFound:
        :raises ProviderLoop: the parent is in the provider's own subtree.
        """

    @abc.abstractmethod
    def delete(self, uuid: str) -> None:
        """Delete a provider with its inventories, traits and memberships.

        :raises ResourceProviderNotFound:
        :raises ProviderHasChildren:
        :raises ProviderInUse: something is allocated from it.
        """


class InventoriesController(abc.ABC):

    @abc.abstractmethod
    def replace(self, provider_uuid: str, generation: int,
                inventories: Mapping[str, models.Inventory]
                ) -> models.Provider:
        """Make these all inventories of a provider; raise its generation.

        ``used`` of the given records is ignored. A total below what is used
        is stored (a host may shrink); it only keeps new claims out.

        :raises ResourceProviderNotFound:
        :raises ConcurrentUpdate: the generation is another by now.
        :raises ResourceClassNotFound:
        :raises InventoryInUse: classes that would go have allocations; it
            names them in the order of the catalogue.
        """


class TraitsController(abc.ABC):
    """The catalogue of traits, and which provider has which."""

    @abc.abstractmethod
    def list(self) -> Sequence[models.CatalogueEntry]:
        """Return all traits by name."""

    @abc.abstractmethod
    def create(self, name: str) -> tuple[models.CatalogueEntry, bool]:
        """Return the trait, and whether this call made it."""

    @abc.abstractmethod
    def delete(self, name: str) -> None:
        """Delete a custom trait.

        :raises TraitNotFound:
        :raises TraitStandard:
        :raises TraitInUse: a provider has it.
        """

    @abc.abstractmethod
    def replace(self, provider_uuid: str, generation: int | None,
                names: frozenset[str]) -> models.Provider:
        """Make these all traits of a provider; raise its generation, unless
        it has exactly these.

        A generation of None is not compared.

        :raises ResourceProviderNotFound:
        :raises ConcurrentUpdate:
        :raises TraitNotFound: with all unknown ``names``.
        """


class ResourceClassesController(abc.ABC):

    @abc.abstractmethod
    def list(self) -> Sequence[models.CatalogueEntry]:
        """Return all resource classes, standard ones first, in order made."""

    @abc.abstractmethod
    def create(self, name: str) -> tuple[models.CatalogueEntry, bool]:
        """Return the class, and whether this call made it."""

    @abc.abstractmethod
    def delete(self, name: str) -> None:
        """Delete a custom class.

        :raises ResourceClassNotFound:
        :raises ResourceClassStandard:
        :raises ResourceClassInUse: an inventory is of it.
        """


    @abc.abstractmethod
    def rename(self, name: str, new_name: str) -> models.CatalogueEntry:
        """Rename a custom class, and with it what is of it.

        :raises ResourceClassNotFound:
        :raises ResourceClassStandard:
        :raises ResourceClassExists: the new name is taken.
        """


class AggregatesController(abc.ABC):

    @abc.abstractmethod
    def replace(self, provider_uuid: str, generation: int | None,
                uuids: frozenset[str]) -> models.Provider:
        """Make these all aggregates of a provider; raise its generation.

        A generation of None is neither compared nor raised, as in Placement
        before microversion 1.19.

        :raises ResourceProviderNotFound:
        :raises ConcurrentUpdate:
        """


class AllocationsController(abc.ABC):
    """What consumers have. Consumers exist while they have something."""

    @abc.abstractmethod
    def get(self, consumer_uuid: str) -> models.Consumer:
        """Return a consumer with all it has, in the order in which the
        providers were made.

        :raises ConsumerNotFound: it has nothing.
        """

    @abc.abstractmethod
    def get_many(self, consumer_uuids: Collection[str]
                 ) -> Sequence[models.Consumer]:
        """Return those of these consumers that have something, by uuid, each
        as ``get`` does. It asks the store once."""

    @abc.abstractmethod
    def list_by_provider(
            self, provider_uuid: str
            ) -> tuple[models.Provider, Sequence[models.Consumer]]:
        """Return a provider and its consumers by uuid, each with what it has
        of *this* provider.

        :raises ResourceProviderNotFound:
        """

    @abc.abstractmethod
    def replace(self, claims: Sequence[models.Claim],
                decisions: Sequence[models.Decision] = (),
                companions: models.Companions | None = None) -> None:
        """Give each consumer what its claim says, all of them or none, and
        store the decisions that led there.

        With ``companions``, only if these are where they were seen.

        Raises the generation of each consumer (a new one begins with 1), of
        each provider that a claim names, and of each that an empty claim
        leaves. A provider that a claim merely drops keeps its generation, as
        in Placement: there is only more room. ``changes`` tells of all.

        What these consumers had counts as free in the check, so that two can
        swap. More than the capacity passes if it is no more than there was.
        A claim names a consumer once.

        :raises ConcurrentUpdate: of a consumer or a compared provider, or a
            companion is elsewhere by now.
        :raises ResourceProviderNotFound:
        :raises ResourceClassNotFound:
        :raises InvalidInventory: the provider has none of that class.
        :raises CapacityExceeded:
        :raises AllocationConstraintsViolated:
        """

    @abc.abstractmethod
    def reshape(self, reshapes: Sequence[models.Reshape],
                claims: Sequence[models.Claim]) -> None:
        """Replace inventories together with allocations: so what is allocated
        can move with the inventory it is of. A provider is named once.

        As in Placement, the generation of a reshaped provider is raised
        once, once more if it gets any inventory, and as by ``replace``.

        :raises ConcurrentUpdate: also of a reshaped provider.
        :raises InventoryInUse: a class that would go has allocations still.
        :raises: whatever ``replace`` does.
        """

    @abc.abstractmethod
    def delete(self, consumer_uuid: str) -> None:
        """Take everything from a consumer, whatever its generation. The
        providers keep theirs.

        :raises ConsumerNotFound:
        """

    @abc.abstractmethod
    def usages(self, project_id: str, user_id: str | None = None,
               consumer_type: str | None = None) -> Sequence[models.Usage]:
        """Return what the consumers of a project have, a row a type."""
