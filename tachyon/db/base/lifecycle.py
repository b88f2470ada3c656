"""Controllers of instances, and of what belongs to their life: flavors, the
requests for them, how those were decided, and the daemons at work."""

import abc
from collections.abc import Mapping, Sequence

from tachyon.db import models


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
    def get_many(self, ids: Sequence[str]) -> Sequence[models.Instance]:
        """Return those of these instances that there are, in any order."""

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
              ) -> Mapping[tuple[str, int], str | None]:
        """Make the claims of these (instance id, attempt) pairs last ``ttl``
        seconds from now, and return those that are current still, each with
        the host that its instance is on."""

    @abc.abstractmethod
    def postpone(self, instance_id: str, attempt: int,
                 seconds: float) -> bool:
        """Give a message back that nothing could be done with: it is free
        in so many seconds, and this delivery does not count. The attempt
        stays. Return whether it was current."""


class DecisionsController(abc.ABC):
    """Explain documents, by request id."""

    @abc.abstractmethod
    def put(self, decision: models.Decision) -> None:
        """Store a decision that nothing else is written with. The last one
        of a request is kept."""

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
