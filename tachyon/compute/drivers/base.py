"""What a domain driver is: the hand of a compute on its hosts.

A domain is the copy of an instance on a host. Drivers load through stevedore
(``tachyon.compute.drivers``); a compute makes one, after the fork, and closes
it at the end. It calls ``list`` and ``inventory`` at any time, and each other
method from many threads, but never two for the same instance at once.

Every action may come again, since whoever asked for it may have died before
it heard of the end: an action whose outcome is already there succeeds and
changes nothing. What can't be done raises ``DomainError``.
"""

import abc
import dataclasses
import enum
from collections.abc import Mapping, Sequence

from oslo_config import cfg

MAX_INT = 2147483647


class State(enum.StrEnum):
    """The states of a domain. One that was destroyed is not there at all."""

    STOPPED = "STOPPED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"


@dataclasses.dataclass(frozen=True, slots=True)
class DomainSpec:
    """What to make. ``resources`` are amounts by resource class."""

    instance_id: str
    attempt: int
    host: str                                       # the root provider's name
    name: str
    image: str
    resources: Mapping[str, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Domain:
    """What is there. ``attempt`` is of the create that made or adopted it."""

    instance_id: str
    attempt: int
    host: str
    state: State
    ip_address: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Inventory:
    """How much of one resource class a host has."""

    total: int
    reserved: int = 0
    min_unit: int = 1
    max_unit: int = MAX_INT
    step_size: int = 1
    allocation_ratio: float = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """A host that this driver has: the root of a provider tree.

    Its ``uuid`` stays the same for as long as the host does.
    """

    uuid: str
    name: str
    inventories: Mapping[str, Inventory]            # by resource class
    traits: frozenset[str] = frozenset()


class DomainDriver(abc.ABC):
    """Makes, runs and destroys domains."""

    def __init__(self, conf: cfg.ConfigOpts):
        self.conf = conf

    @abc.abstractmethod
    def close(self) -> None:
        """Give back what the driver holds; domains go on as they are."""

    # ------------------------------------------------------------- what is
    @abc.abstractmethod
    def inventory(self) -> Sequence[Host]:
        """Return the hosts whose inventory this driver knows.

        None, if others report it: such a driver makes domains on hosts of
        any name that it is asked for.
        """

    @abc.abstractmethod
    def list(self) -> Sequence[Domain]:
        """Return all domains of all hosts of this driver."""

    @abc.abstractmethod
    def get(self, instance_id: str) -> Domain | None:
        """Return the domain of an instance, or None if there is none."""

    # ------------------------------------------------------------- actions
    @abc.abstractmethod
    def create(self, spec: DomainSpec) -> Domain:
        """Make a domain, stopped.

        If the instance has one on that host already, from an attempt whose
        result got lost, it is adopted: it gets the attempt of ``spec`` and
        is returned as it is.

        :raises DomainError:
        """

    @abc.abstractmethod
    def destroy(self, instance_id: str) -> None:
        """Destroy a domain, whatever its state, if there is one.

        :raises DomainError:
        """

    @abc.abstractmethod
    def start(self, instance_id: str) -> None:
        """STOPPED -> RUNNING.

        :raises DomainError:
        """

    @abc.abstractmethod
    def stop(self, instance_id: str) -> None:
        """RUNNING or PAUSED -> STOPPED.

        :raises DomainError:
        """

    @abc.abstractmethod
    def restart(self, instance_id: str) -> None:
        """RUNNING -> RUNNING, from scratch.

        :raises DomainError:
        """

    @abc.abstractmethod
    def pause(self, instance_id: str) -> None:
        """RUNNING -> PAUSED.

        :raises DomainError:
        """

    @abc.abstractmethod
    def resume(self, instance_id: str) -> None:
        """PAUSED -> RUNNING.

        :raises DomainError:
        """
