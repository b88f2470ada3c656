"""The store, abstractly: one data driver, and a controller a kind of thing.

Managers know the store only through this module and ``tachyon.db.models``.
What every driver promises (the contract suite holds it to that):

* **Atomic.** A controller call is one transaction: all of it or nothing.
* **Compare and swap.** A write that carries a generation or an attempt is
  compared inside its transaction; a stale one raises ``ConcurrentUpdate`` or
  ``Fenced`` and changes nothing. Capacity is checked inside the transaction
  that takes it.
* **Changes.** Once a write has returned, every ``changes`` call that starts
  later, in any process, includes it; none ever sees half of one.
* **Bounded.** Connection loss, deadlock and lock waits are retried inside the
  driver within its deadline, then raise ``DriverUnavailable``.

All methods may be called from any thread, and a driver is made after the
fork. Records go in and out; sequences returned are in a stable order.
"""

import abc
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oslo_config import cfg

from tachyon import exception
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
        :raises InventoryInUse: a class that would go has allocations.
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
        """Return a consumer with all it has.

        :raises ConsumerNotFound: it has nothing.
        """

    @abc.abstractmethod
    def list_by_provider(
            self, provider_uuid: str
            ) -> tuple[models.Provider, Sequence[models.Consumer]]:
        """Return a provider and its consumers by uuid, each with what it has
        of *this* provider.

        :raises ResourceProviderNotFound:
        """

    @abc.abstractmethod
    def replace(self, claims: Sequence[models.Claim]) -> None:
        """Give each consumer what its claim says, all of them or none.

        Raises the generation of each consumer (a new one begins with 1), of
        each provider that a claim names, and of each that an empty claim
        leaves. A provider that a claim merely drops keeps its generation, as
        in Placement: there is only more room. ``changes`` tells of all.

        What these consumers had counts as free in the check, so that two can
        swap. More than the capacity passes if it is no more than there was.
        A claim names a consumer once.

        :raises ConcurrentUpdate: of a consumer or a compared provider.
        :raises ResourceProviderNotFound:
        :raises ResourceClassNotFound:
        :raises InvalidInventory: the provider has none of that class.
        :raises CapacityExceeded:
        :raises AllocationConstraintsViolated:
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


class FlavorsController(abc.ABC):

    @abc.abstractmethod
    def list(self) -> Sequence[models.Flavor]:
        """Return all flavors, smallest first (vcpus, memory, disk, name)."""

    @abc.abstractmethod
    def get(self, name: str) -> models.Flavor:
        """:raises FlavorNotFound:"""

    @abc.abstractmethod
    def create(self, flavor: models.Flavor) -> models.Flavor:
        """:raises FlavorExists:"""

    @abc.abstractmethod
    def delete(self, name: str) -> None:
        """:raises FlavorNotFound:"""


class InstancesController(abc.ABC):
    """Instances, and the verbs that touch them with what belongs to them.

    Each verb raises ``generation`` of the instance and sets ``updated_at``.
    A verb that carries an ``attempt`` raises ``Fenced``, and changes nothing,
    unless a message of this instance exists whose ``attempt`` is that one:
    who was overtaken, or was deleted meanwhile, is told no.
    """

    @abc.abstractmethod
    def get(self, id: str) -> models.Instance:
        """:raises InstanceNotFound:"""

    @abc.abstractmethod
    def list(self, *, project_id: str | None = None,
             filters: Mapping[str, str] | None = None,
             include_deleted: bool = False, marker: str | None = None,
             limit: int = 1000) -> Sequence[models.Instance]:
        """Return instances, oldest first (created_at, then id).

        ``filters`` compare name, status, host, flavor or image for equality.
        DELETED ones are listed only if asked for, by ``include_deleted`` or
        by a filter on that status. The page starts behind ``marker``, an id
        that need not match the filters.

        :raises MarkerNotFound:
        """

    @abc.abstractmethod
    def submit(self, instance: models.Instance,
               message: models.Message) -> models.Instance:
        """Store a new instance and its message.

        :raises InstanceExists:
        """

    @abc.abstractmethod
    def submit_action(self, id: str, generation: int,
                      message: models.Message) -> models.Instance:
        """Store the message of an action, and make it the instance's task.

        Older messages of the instance are removed, and ``attempt`` is raised:
        whoever works on one is fenced.

        :raises InstanceNotFound:
        :raises ConcurrentUpdate: the instance's generation is another.
        """

    @abc.abstractmethod
    def land(self, id: str, attempt: int, host: str, provider_uuid: str,
             claim: models.Claim, decision: models.Decision
             ) -> models.Instance:
        """Allocate for a BUILDING instance, give it its host, and store the
        decision. What the consumer had before is replaced, whatever its
        generation: the claim's ``consumer_generation`` is not compared.

        :raises Fenced: also if it is not BUILDING.
        :raises ConcurrentUpdate: of a compared provider.
        :raises: whatever ``AllocationsController.replace`` does.
        """

    @abc.abstractmethod
    def unland(self, id: str, attempt: int, failed_host: str | None = None,
               fault: str | None = None) -> models.Instance:
        """Take allocation and host from a BUILDING instance and make its
        message claimable at once, for another try. ``failed_host`` joins
        ``tried``, and its ``fault`` is kept until the instance lands well or
        ends; None leaves the fault as it is.

        :raises Fenced: also if it is not BUILDING.
        """

    @abc.abstractmethod
    def finish(self, id: str, attempt: int, host: str, status: str, *,
               ip_address: str | None = None, fault: str | None = None
               ) -> models.Instance:
        """End the action under way: store the status, clear the task, remove
        the message. DELETED also gives the allocation back.

        A repeat of the very finish that ended the attempt, by a caller who
        did not hear of it, returns the instance as it is.

        :raises Fenced: also if ``host`` is not the instance's.
        """

    @abc.abstractmethod
    def fail(self, id: str, attempt: int, fault: str,
             decision: models.Decision | None = None) -> models.Instance:
        """End the action under way in ERROR: as ``finish``, and an instance
        that was BUILDING gives its allocation and its host back.

        :raises Fenced:
        """

    @abc.abstractmethod
    def end(self, id: str, generation: int) -> models.Instance:
        """Make an instance DELETED at once, with nobody else's doing: its
        messages go, its allocation is given back.

        :raises InstanceNotFound:
        :raises ConcurrentUpdate: the instance's generation is another.
        """


class MessagesController(abc.ABC):
    """The durable request queue, filled and drained by
    ``InstancesController``."""

    @abc.abstractmethod
    def list(self, limit: int = 1000) -> Sequence[models.Message]:
        """Return messages, oldest first, claimed or not."""

    @abc.abstractmethod
    def claim(self, owner: str, ttl: float, *, limit: int = 1,
              ids: Sequence[str] | None = None, min_age: float = 0.0
              ) -> Sequence[tuple[models.Message, models.Instance]]:
        """Claim up to ``limit`` messages that nobody holds, oldest first, and
        return each with its instance as it is from now on.

        With ``ids`` only these are looked at. ``min_age`` leaves those out
        that were made, or became free, less than so many seconds ago. The
        claim lasts ``ttl`` seconds by the store's clock. It raises
        ``attempt`` of message and instance to the same new number, and
        ``deliveries`` by one; the instance's generation stays.
        """

    @abc.abstractmethod
    def renew(self, work: Sequence[tuple[str, int]], ttl: float
              ) -> Sequence[tuple[str, int]]:
        """Make the claims of these (instance id, attempt) pairs last ``ttl``
        seconds from now, and return the pairs that are current still."""


class DecisionsController(abc.ABC):
    """Explain documents, by request id."""

    @abc.abstractmethod
    def get(self, request_id: str) -> models.Decision:
        """:raises RequestNotFound:"""

    @abc.abstractmethod
    def list(self, *, consumer_uuid: str | None = None,
             project_id: str | None = None, marker: str | None = None,
             limit: int = 1000) -> Sequence[models.Decision]:
        """Return decisions, newest first, from behind ``marker``, a request
        id.

        :raises MarkerNotFound:
        """


class ServicesController(abc.ABC):

    @abc.abstractmethod
    def report(self, heartbeats: Sequence[models.Heartbeat]) -> None:
        """Store heartbeats, all seen now. Wakes no view, takes no number.

        Their ``work`` is not looked at: see ``MessagesController.renew``.
        """

    @abc.abstractmethod
    def list(self) -> Sequence[models.Service]:
        """Return all services, by binary and host."""

    @abc.abstractmethod
    def update(self, id: str, *, enabled: bool,
               disabled_reason: str | None = None) -> models.Service:
        """:raises ServiceNotFound:"""

    @abc.abstractmethod
    def delete(self, id: str) -> None:
        """Forget a service that is gone for good.

        :raises ServiceNotFound:
        """


class DataDriverBase(abc.ABC):
    """A store.

    Opening one reads its schema version and nothing else; an embedded one
    makes itself where there is none. While the schema is older or later than
    this code knows, whatever needs it raises ``SchemaOutOfDate``.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        self.conf = conf

    # ------------------------------------------------------------ the store
    @property
    @abc.abstractmethod
    def capabilities(self) -> frozenset[str]:
        """Return what this driver can do beyond the contract, such as
        ``multi-process``, ``multi-host``, ``online-backup``."""

    @abc.abstractmethod
    def is_alive(self) -> bool:
        """Return whether the store answers, within its deadline."""

    @abc.abstractmethod
    def health(self) -> Mapping[str, Any]:
        """Return name, version, latency_ms and schema_version of the store.

        :raises DriverUnavailable:
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Give back connections; the driver is of no use afterwards."""

    @abc.abstractmethod
    def schema_version(self) -> int:
        """Return the version of the store's schema, 0 if there is none.

        :raises DriverUnavailable:
        """

    @abc.abstractmethod
    def sync(self) -> int:
        """Bring the schema up to date, put in the standard traits, resource
        classes and instance flavors, and return the version. Idempotent:
        flavors that were deleted stay away.

        :raises SchemaOutOfDate: the store's is later than this code knows.
        """

    @abc.abstractmethod
    def gc(self) -> Mapping[str, int]:
        """Remove decisions, DELETED instances and tombstones past their
        retention; return how many of each, under ``decisions``,
        ``instances`` and ``tombstones``."""

    def backup(self, path: str) -> None:
        """Make a file that holds the store as it is at one moment. Others go
        on reading and writing meanwhile.

        Only a driver with the capability ``online-backup`` does it.

        :raises BackupNotSupported:
        :raises BackupFailed: the file is there already, or can't be written.
        """
        raise exception.BackupNotSupported()

    def restore(self, path: str) -> None:
        """Make the store what it was when that file was made, brought up to
        the schema that this code knows; all of it, or nothing.

        It begins another life with that: every cursor from before expires,
        also of those who have the store open meanwhile.

        :raises BackupNotSupported:
        :raises BackupFailed: the file is not there, or not sound.
        :raises SchemaOutOfDate: it is of a later release.
        """
        raise exception.BackupNotSupported()

    # -------------------------------------------------------------- the view
    @abc.abstractmethod
    def snapshot(self) -> tuple[str, Iterator[Sequence[models.Provider]]]:
        """Return a cursor and all providers in pages.

        The cursor is read before the first page, and a page may hold a
        provider in a later state, or miss one that is gone: ``changes`` from
        this cursor makes it exact. That first call returns the catalogue.
        """

    @abc.abstractmethod
    def changes(self, cursor: str) -> models.Changes:
        """Return all that changed after ``cursor``.

        :raises CursorExpired: it is from before the last ``gc``, or from
            another life of the store: load afresh with ``snapshot``.
        """

    # ----------------------------------------------------------- controllers
    @property
    @abc.abstractmethod
    def resource_providers(self) -> ResourceProvidersController: ...

    @property
    @abc.abstractmethod
    def inventories(self) -> InventoriesController: ...

    @property
    @abc.abstractmethod
    def traits(self) -> TraitsController: ...

    @property
    @abc.abstractmethod
    def resource_classes(self) -> ResourceClassesController: ...

    @property
    @abc.abstractmethod
    def aggregates(self) -> AggregatesController: ...

    @property
    @abc.abstractmethod
    def allocations(self) -> AllocationsController: ...

    @property
    @abc.abstractmethod
    def flavors(self) -> FlavorsController: ...

    @property
    @abc.abstractmethod
    def instances(self) -> InstancesController: ...

    @property
    @abc.abstractmethod
    def messages(self) -> MessagesController: ...

    @property
    @abc.abstractmethod
    def decisions(self) -> DecisionsController: ...

    @property
    @abc.abstractmethod
    def services(self) -> ServicesController: ...
