"""Records: what controllers of ``tachyon.db.base`` take and return.

Frozen, without behaviour beyond what follows from their own fields, and
without any trace of the store they came from. Times are aware datetimes
(UTC) by the store's clock; amounts are whole units of their resource class.
"""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

MAX_INT = 2147483647
# Of consumers that were made by clients which did not say.
UNKNOWN_TYPE = "unknown"


# ------------------------------------------------------------------ the store
@dataclasses.dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a store, as this code sees it.

    ``version`` is the store's, 0 if there is none; ``known`` is the latest
    that this code knows. Code works on the store if it knows ``compatible``
    or a later version, and none later than the store's own.
    """

    version: int
    compatible: int
    known: int

    @property
    def state(self) -> str:
        """Return what an operator is told."""
        if self.compatible > self.known:
            return "later than this code can work with: upgrade Tachyon"
        if self.version > self.known:
            return "later than this code, which can work with it"
        if self.version < self.known:
            return "run 'tachyon-manage db sync'"
        return "up to date"


# ------------------------------------------------------------------ placement
@dataclasses.dataclass(frozen=True, slots=True)
class Inventory:
    """How much of one resource class a provider has."""

    total: int
    reserved: int = 0
    min_unit: int = 1
    max_unit: int = MAX_INT
    step_size: int = 1
    allocation_ratio: float = 1.0
    used: int = 0

    @property
    def capacity(self) -> int:
        """Return what can be allocated in all, used or not."""
        return int((self.total - self.reserved) * self.allocation_ratio)


@dataclasses.dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider, whole."""

    uuid: str
    name: str
    generation: int
    parent_uuid: str | None
    root_uuid: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    inventories: Mapping[str, Inventory] = dataclasses.field(
        default_factory=dict)                       # by resource class
    traits: frozenset[str] = frozenset()
    aggregates: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A trait or a resource class. ``standard`` ones can't be deleted."""

    name: str
    standard: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Allocation:
    """What one consumer has of one provider."""

    provider_uuid: str
    provider_generation: int
    resources: Mapping[str, int]                    # by resource class


@dataclasses.dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer with all it has."""

    uuid: str
    generation: int
    type: str                                       # "unknown" before 1.38
    project_id: str
    user_id: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    allocations: Mapping[str, Allocation] = dataclasses.field(
        default_factory=dict)                       # by provider uuid


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """What a consumer shall have from now on, instead of what it has.

    ``consumer_generation`` is the one this was decided on; None says that the
    consumer must not exist yet. Unless ``compared``, any will do. A
    ``consumer_type`` of None leaves it as it is. Empty ``allocations`` delete
    the consumer. ``provider_generations`` (by uuid) are compared too, where
    given.
    """

    consumer_uuid: str
    consumer_generation: int | None
    project_id: str
    user_id: str
    allocations: Mapping[str, Mapping[str, int]]    # provider, class: amount
    consumer_type: str | None = UNKNOWN_TYPE
    provider_generations: Mapping[str, int] = dataclasses.field(
        default_factory=dict)
    compared: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Companions:
    """Consumers that must be where they were seen for a claim to be made: the
    others of a group that keeps together, or apart. No two claims that name
    one ``group_uuid`` are decided at the same time.
    """

    group_uuid: str
    uuids: frozenset[str]
    seen: Mapping[str, frozenset[str]]   # who has anything: of which providers


@dataclasses.dataclass(frozen=True, slots=True)
class Reshape:
    """What a provider shall have from now on, instead of what it has."""

    provider_uuid: str
    generation: int                                 # this was decided on
    inventories: Mapping[str, Inventory]            # by resource class


@dataclasses.dataclass(frozen=True, slots=True)
class Usage:
    """What the consumers of one type have together."""

    consumer_type: str
    consumer_count: int
    resources: Mapping[str, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Miscount:
    """An inventory whose ``used`` is not what is ``allocated`` from it."""

    provider_uuid: str
    resource_class: str
    used: int
    allocated: int


@dataclasses.dataclass(frozen=True, slots=True)
class Changes:
    """All that changed after one cursor, up to another: never half a write.

    A provider whose parent or root changed is in ``providers``, and so is
    its whole subtree. ``traits``, ``resource_classes`` and
    ``consumer_types`` are complete lists where anything in them changed, and
    None where nothing did.
    """

    cursor: str
    providers: tuple[Provider, ...] = ()
    gone: tuple[str, ...] = ()                      # uuids of deleted ones
    traits: tuple[CatalogueEntry, ...] | None = None
    resource_classes: tuple[CatalogueEntry, ...] | None = None
    consumer_types: tuple[str, ...] | None = None


# ------------------------------------------------------------------ instances
@dataclasses.dataclass(frozen=True, slots=True)
class Flavor:
    """An instance flavor: a named size."""

    name: str
    vcpus: int
    memory_mb: int
    disk_gb: int
    created_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Instance:
    """An instance. ``attempt`` counts the deliveries of its requests.

    ``task`` names the instance action under way, or is None. ``spec`` is the
    request as it was accepted, JSON: flavor, image, resources, traits,
    aggregates, scheduler_hints. ``tried`` are hosts that failed to create it.
    """

    id: str
    name: str
    project_id: str
    user_id: str
    flavor: str
    image: str
    status: str
    spec: Mapping[str, Any]
    request_id: str
    generation: int = 0
    attempt: int = 0
    task: str | None = None
    host: str | None = None                         # name of the root provider
    provider_uuid: str | None = None                # the root provider
    ip_address: str | None = None
    fault: str | None = None
    tried: tuple[str, ...] = ()
    created_at: datetime.datetime | None = None
    updated_at: datetime.datetime | None = None
    deleted_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """A durable request: one action wanted of one instance.

    ``context`` is ``RequestContext.to_durable_dict``, None where the store
    holds none that can be read. ``attempt`` is the instance's at the moment
    of the last claim, 0 before; ``deliveries`` counts the claims of this
    message. A claimed message belongs to ``claimed_by`` until its claim
    expires.
    """

    id: str
    instance_id: str
    action: str
    request_id: str
    context: Mapping[str, Any] | None
    attempt: int = 0
    deliveries: int = 0
    claimed_by: str | None = None
    created_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """The Explain document of one request."""

    request_id: str
    consumer_uuid: str
    project_id: str
    verdict: str
    document: Mapping[str, Any]
    created_at: datetime.datetime | None = None


# ------------------------------------------------------------------- services
@dataclasses.dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a daemon says of itself.

    ``serves`` are glob patterns of the names of the root providers whose
    instances a compute handles. ``work`` are (instance id, attempt) pairs in
    hand: their message claims are renewed with the heartbeat.
    """

    host: str
    binary: str
    serves: tuple[str, ...] = ()
    work: tuple[tuple[str, int], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """A daemon, as the store knows it. ``age`` is seconds since its last
    heartbeat by the store's clock."""

    id: str
    host: str
    binary: str
    serves: tuple[str, ...]
    enabled: bool
    disabled_reason: str | None
    last_seen: datetime.datetime
    age: float
