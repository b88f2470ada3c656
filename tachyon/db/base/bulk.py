"""Providers and consumers by the batch: for what moves whole stores."""

import abc
from collections.abc import Iterator, Sequence

from tachyon.db import models


class BulkController(abc.ABC):
    """Whole records in and out, without the rules of single changes.

    What is added keeps the generations and times that it has. A batch is one
    transaction, so who was interrupted adds the same again: what is there by
    its uuid is left as it is.
    """

    @abc.abstractmethod
    def add_providers(self, providers: Sequence[models.Provider]) -> int:
        """Add those that are not there, and return how many.

        Parents come first, here or in an earlier batch. ``root_uuid`` and
        ``used`` of the records are ignored: they follow from the rest.

        :raises DuplicateProvider: another provider has the name.
        :raises ParentProviderNotFound:
        :raises ResourceClassNotFound:
        :raises TraitNotFound:
        """

    @abc.abstractmethod
    def add_consumers(self, consumers: Sequence[models.Consumer]) -> int:
        """Add those that are not there, with all they have, and return how
        many.

        Neither capacity nor units are checked: what is allocated elsewhere
        is so, whether it fits or not. Generations of providers stay.

        :raises ResourceProviderNotFound:
        :raises ResourceClassNotFound:
        :raises InvalidInventory: the provider has none of that class.
        """

    @abc.abstractmethod
    def consumers(self, size: int = 1000
                  ) -> Iterator[Sequence[models.Consumer]]:
        """Return all consumers by uuid, in pages of up to ``size``.

        Each page is of one moment, and later than the one before.
        """

    @abc.abstractmethod
    def miscounts(self) -> Sequence[models.Miscount]:
        """Return all inventories whose ``used`` is not the sum of what is
        allocated from them, by provider and class. There should be none."""

    @abc.abstractmethod
    def recount(self, provider_uuid: str) -> None:
        """Make ``used`` of a provider's inventories the sum of what is
        allocated from them. Its generation stays.

        :raises ResourceProviderNotFound:
        """
