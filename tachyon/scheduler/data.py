"""SchedulingData: what the actions of a pipeline share.

A data driver makes one from a request; each action reads what the former
ones left in it and adds its own; Explain tells what it finds there at the
end. ``HostSet`` is the part that filters and weighers see: all candidate
hosts at once, as arrays over one snapshot.
"""

import dataclasses
import enum
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tachyon import context as tachyon_context
from tachyon.db import models
from tachyon.placement import either
from tachyon.placement import query as placement_query
from tachyon.placement import reasons
from tachyon.placement import search
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler import ranking as scheduler_ranking
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.nova import claims


class Verdict(enum.StrEnum):
    """How a decision ended."""

    SCHEDULED = "scheduled"
    NO_CANDIDATES = "no_candidates"          # no host has what was asked
    ALL_FILTERED = "all_filtered"            # those that have were refused
    CLAIM_CONFLICT = "claim_conflict"        # others took all that fitted
    RETRIES_EXHAUSTED = "retries_exhausted"  # too many conflicts, or failures
    BAD_REQUEST = "bad_request"              # it can't be or must not be done
    BACKEND_ERROR = "backend_error"          # Tachyon itself failed


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """What nova calls a host. ``host`` is the name of its service."""

    host: str
    nodename: str
    cell_uuid: str
    availability_zone: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """The chosen host, in words of the store: valid without a snapshot.

    ``mappings`` tells for each group of the query which providers serve it;
    ``place`` is of hosts of nova's.
    """

    host: str
    provider_uuid: str
    service_host: str | None                  # of its compute
    allocations: Mapping[str, Mapping[str, int]]  # uuid, class: amount
    names: Mapping[str, str]                  # uuid: name
    generations: Mapping[str, int]            # uuid: what it was decided on
    mappings: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict)                 # suffix: uuids
    place: Place | None = None
    # What the compute has to keep to, by the fields of nova's
    # SchedulerLimits: see filters.base.Filter.compute_limits.
    limits: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Scores:
    """What each weigher said of each host of a HostSet, float64[n] each. A
    multiplier is one for all hosts, or one for each."""

    multipliers: Mapping[str, float | npt.NDArray[np.float64]]
    raw: Mapping[str, npt.NDArray[np.float64]]
    normalised: Mapping[str, npt.NDArray[np.float64]]
    total: npt.NDArray[np.float64]

    def weighted(self, weigher: str, index: int) -> float:
        multiplier = self.multipliers[weigher]
        if isinstance(multiplier, np.ndarray):
            multiplier = multiplier.item(index)
        return self.normalised[weigher].item(index) * multiplier


class HostSet:
    """Hosts of one snapshot, in columns; the i-th entry is the i-th host.

    Valid as long as the snapshot is. Arrays must not be written to.
    """

    def __init__(self, snapshot: snapshot_module.Snapshot,
                 rows: npt.NDArray[np.int32],
                 serving: scheduler_hosts.Serving,
                 facts: facts_module.Facts | None = None):
        self.snapshot = snapshot
        self.rows = rows
        self.serving = serving
        self.facts = facts
        self._nodes: facts_module.NodeSet | None = None
        self._columns: dict[tuple[str, str], npt.NDArray[Any]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator["Host"]:
        return (Host(self, index) for index in range(len(self)))

    def host(self, index: int) -> "Host":
        return Host(self, index)

    def name(self, index: int) -> str:
        return self.snapshot.names[self.rows[index]]

    def keep(self, mask: npt.NDArray[np.bool_]) -> "HostSet":
        """Return the hosts where the mask is True."""
        return HostSet(self.snapshot, self.rows[mask], self.serving,
                       self.facts)

    def at(self, indices: npt.NDArray[np.integer[Any]]) -> "HostSet":
        """Return some of the hosts, in the order of the indices."""
        return HostSet(self.snapshot, self.rows[indices], self.serving,
                       self.facts)

    # --------------------------------------------------------------- columns
    def free(self, resource_class: str) -> npt.NDArray[np.int64]:
        """Return what is left of a class in the tree of each host."""
        return self._tree_sum("free", resource_class)

    def capacity(self, resource_class: str) -> npt.NDArray[np.int64]:
        """Return all that can be allocated of a class in each tree."""
        return self._tree_sum("capacity", resource_class)

    def has_trait(self, name: str) -> npt.NDArray[np.bool_]:
        """Return whether any provider in the tree of a host has a trait."""
        key = ("trait", name)
        if key not in self._columns:
            found = np.zeros(self.snapshot.n, np.bool_)
            found[self.snapshot.roots[self.snapshot.trait_rows(name)]] = True
            self._columns[key] = found[self.rows]
        return self._columns[key]

    @property
    def service(self) -> npt.NDArray[np.int32]:
        """Return the index into ``serving.services`` of each host's compute,
        -1 where there is none."""
        return self.serving.by_row[self.rows]

    @property
    def up(self) -> npt.NDArray[np.bool_]:
        """Return whether each host's compute was heard of of late."""
        return self._of_service(self.serving.up)

    @property
    def enabled(self) -> npt.NDArray[np.bool_]:
        """Return whether each host's compute may get new instances."""
        return self._of_service(self.serving.enabled)

    @property
    def nodes(self) -> facts_module.NodeSet:
        """Return what a host source knows of them: only where the request
        is one that comes with facts."""
        if self._nodes is None:
            assert self.facts is not None
            self._nodes = facts_module.NodeSet(self.facts, self.rows)
        return self._nodes

    def _of_service(self, values: npt.NDArray[np.bool_]
                    ) -> npt.NDArray[np.bool_]:
        # One more entry, which index -1 finds.
        return np.append(values, False)[self.service]

    def _tree_sum(self, what: str,
                  resource_class: str) -> npt.NDArray[np.int64]:
        key = (what, resource_class)
        if key not in self._columns:
            each = getattr(self.snapshot, what)(resource_class)
            self._columns[key] = (
                self.snapshot.tree_sum(each) if self.snapshot.nested
                else each)[self.rows]
        return self._columns[key]


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """One host of a HostSet, for who thinks of one at a time."""

    hosts: HostSet
    index: int

    @property
    def row(self) -> int:
        return int(self.hosts.rows[self.index])

    @property
    def name(self) -> str:
        return self.hosts.name(self.index)

    @property
    def uuid(self) -> str:
        return self.hosts.snapshot.uuids[self.row]

    @property
    def service(self) -> models.Service | None:
        """Return the compute service that serves it."""
        index = int(self.hosts.serving.by_row[self.row])
        return self.hosts.serving.services[index] if index >= 0 else None

    @property
    def up(self) -> bool:
        index = int(self.hosts.serving.by_row[self.row])
        return index >= 0 and bool(self.hosts.serving.up[index])

    @property
    def node(self) -> node_module.Node | None:
        """Return what the host source knows of it, None if nothing."""
        return self.hosts.nodes.node(self.index)

    def free(self, resource_class: str) -> int:
        """Return what is left of a class in its tree."""
        each = self.hosts.snapshot.free(resource_class)
        return int(sum(each[row]
                       for row in self.hosts.snapshot.tree(self.row)))

    def has_trait(self, name: str) -> bool:
        """Return whether any provider in its tree has a trait."""
        snapshot = self.hosts.snapshot
        return any(name in snapshot.traits_of[row]
                   for row in snapshot.tree(self.row))


@dataclasses.dataclass
class SchedulingData:
    """One request on its way through the pipeline."""

    # What is asked: set by the data driver.
    context: tachyon_context.RequestContext
    query: placement_query.Query
    request_id: str
    project_id: str
    user_id: str
    # What hosts may give instead.
    fallback: placement_query.Query | None = None
    preferred_traits: tuple[str, ...] = ()
    avoided_traits: tuple[str, ...] = ()
    hints: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tried: frozenset[str] = frozenset()       # hosts that failed before
    named_hosts: tuple[str, ...] = ()         # to be explained in full
    seed: int = 0
    nova: Any = None                          # nova.request.RequestSpec
    skip_filters: bool = False
    # Whose it is; None where nobody's (a dry run).
    instance: models.Instance | None = None
    attempt: int = 0
    dry_run: bool = False
    # How many fit is wanted, too; and what makes that number a bound.
    counted: bool = False
    bounds: tuple[str, ...] = ()
    # Nothing is taken: it stays where it is, or who asks does not say for
    # whom.
    claimless: bool = False
    # The choice: among how many of the best one is drawn; how many alternates
    # are wanted in each cell, other than the hosts that are taken.
    subset_size: int = 1
    spares: int = 0
    cells: frozenset[str] = frozenset()       # besides the chosen host's
    taken: frozenset[str] = frozenset()       # uuids of providers
    default_zone: str | None = None

    # How it is decided: set by the pipeline.
    pipeline: tuple[str, ...] = ()
    filters: tuple[Any, ...] = ()             # filters.base.Filter
    tries: int = 0
    conflicts: list[tuple[str, str]] = dataclasses.field(
        default_factory=list)                 # host, what it met

    # What was found in this try: set by the actions, in this order.
    snapshot: snapshot_module.Snapshot | None = None
    serving: scheduler_hosts.Serving | None = None
    facts: facts_module.Facts | None = None   # of a request of nova's
    # Where members of its server group have allocations: of which providers,
    # and the uuid of one's root.
    members: claims.Members = dataclasses.field(default_factory=dict)
    placed: dict[str, str] = dataclasses.field(default_factory=dict)
    companions: models.Companions | None = None   # if they bind
    uncertain: bool = False                   # as in it, and kept
    found: search.Found | either.Either | None = None
    hosts: HostSet | None = None
    stages: list[reasons.Stage] = dataclasses.field(default_factory=list)
    scores: Scores | None = None
    ranking: scheduler_ranking.Ranking | None = None  # indices into hosts
    selection: Selection | None = None
    alternates: list[Selection] = dataclasses.field(default_factory=list)
    findings: dict[str, Any] = dataclasses.field(default_factory=dict)
    # What plug-ins made for each other of the snapshot, by a name of theirs.
    kept: dict[str, Any] = dataclasses.field(default_factory=dict)
    landed: models.Instance | None = None
    claimed: claims.Claimed | None = None

    # How it ended.
    verdict: Verdict | None = None
    detail: str | None = None                 # where no stage tells why

    @property
    def consumer_uuid(self) -> str | None:
        """Return whom it is for, None if for nobody."""
        if self.instance is not None:
            return self.instance.id
        return None if self.nova is None else self.nova.instance_uuid

    def end(self, verdict: Verdict, detail: str | None = None) -> None:
        """End the decision: no further action runs."""
        self.verdict, self.detail = verdict, detail

    def look_at(self, snapshot: snapshot_module.Snapshot,
                serving: scheduler_hosts.Serving,
                facts: facts_module.Facts | None = None) -> None:
        """Give the actions that need it a snapshot to look at."""
        self.snapshot, self.serving, self.facts = snapshot, serving, facts
        self.uncertain = serving.uncertain

    def look_away(self) -> None:
        """Drop all that is not valid without the snapshot."""
        self.snapshot = self.serving = self.facts = None
        self.found = self.hosts = self.scores = self.ranking = None
        self.kept = {}

    def forget(self) -> None:
        """Drop what the last try found, to decide once more."""
        self.look_away()
        self.stages, self.findings = [], {}
        self.alternates = []
        self.selection = self.landed = self.claimed = None
        self.verdict = self.detail = None
