"""Which compute service answers for which host, and whether it can.

A *host* is a root resource provider; a compute *service* says by ``serves``
(globs of names) which hosts' instances it runs. The most specific service
wins: one that gives the very name, then the glob with the most literal
characters. Who is most specific does not depend on who is up: a host whose
own compute is down is down, even if another compute serves ``*``, since the
instances are on the former. Among equally specific ones, one that is up and
enabled is preferred.

Decisions read this for all hosts at once, as arrays over the rows of a
snapshot. Names are matched again only when the set of services or of
providers changed, so that a decision does no Python work for each host.

Instances go to computes that were heard of late, and to no others. That a
silent one is *down* is said later: see ``hearing``.
"""

import dataclasses
import fnmatch
import re
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from oslo_config import cfg

from tachyon import shared
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler import hearing as scheduler_hearing

COMPUTE = "tachyon-compute"
# Whose reports come over the bus.
REPORTERS = (COMPUTE, "tachyon-scheduler")

# Up to so many services the list is read anew for every decision, so that a
# service disabled a moment ago gets nothing new. Reading more of them costs
# more than deciding, so a longer list may be a second old.
FRESH_SERVICES_MAX = 200
LIST_AGE_MAX = 1.0

# Names remembered with their services.
MEMO_MAX = 1_000_000

# What a change of which asks for a new Matcher: ids, with what each serves.
Key = tuple[tuple[str, tuple[str, ...]], ...]

_WILDCARDS = re.compile(r"[*?]|\[[^]]*\]")
_ESCAPED = re.compile(r"\[([*?[])\]")          # as glob.escape writes them


@dataclasses.dataclass(frozen=True)
class ServiceTable:
    """The compute services at one moment, in columns."""

    services: tuple[models.Service, ...]
    key: Key
    ages: npt.NDArray[np.float64]           # seconds, when read
    enabled: npt.NDArray[np.bool_]
    read_at: float                          # this process's monotonic clock
    heard_at: float                         # the youngest report, by it
    settled: bool = False                   # who is silent in it is down

    @classmethod
    def of(cls, services: Sequence[models.Service],
           read_at: float) -> "ServiceTable":
        computes = tuple(each for each in services if each.binary == COMPUTE)
        return cls(computes, key_of(computes),
                   np.array([each.age for each in computes], np.float64),
                   np.array([each.enabled for each in computes], np.bool_),
                   read_at,
                   read_at - min((each.age for each in services
                                  if each.binary in REPORTERS),
                                 default=float("inf")))

    def up(self, now: float, down_time: float) -> npt.NDArray[np.bool_]:
        """Return which services had been heard of of late, a list that is
        kept being older than when it was read. More than that does not count:
        a decision that takes long finds nobody down for it."""
        kept = min(now - self.read_at, LIST_AGE_MAX)
        return self.ages + kept <= down_time


@dataclasses.dataclass(frozen=True)
class Serving:
    """Who serves what, at one moment.

    ``by_row`` holds for each row of the snapshot an index into ``services``,
    -1 where nobody serves the provider, or it is no host.
    """

    services: tuple[models.Service, ...]
    by_row: npt.NDArray[np.int32]
    up: npt.NDArray[np.bool_]               # by service
    enabled: npt.NDArray[np.bool_]          # by service
    uncertain: bool = False     # one that could get work may only seem down


class Matcher:
    """Finds the services of a name. Knows the names, not who is up."""

    def __init__(self, services: Sequence[models.Service]):
        self.key = key_of(services)
        self._exact: dict[str, list[int]] = {}
        globs: dict[tuple[int, str], list[int]] = {}
        for index, service in enumerate(services):
            for pattern in dict.fromkeys(service.serves):
                bare = _ESCAPED.sub("", pattern)
                if _WILDCARDS.search(bare):
                    literals = len(_WILDCARDS.sub("", bare))
                    globs.setdefault((-literals, pattern), []).append(index)
                else:
                    name = _ESCAPED.sub(r"\1", pattern)
                    self._exact.setdefault(name, []).append(index)
        self._globs = [(literals, _compile(pattern), indices)
                       for (literals, pattern), indices
                       in sorted(globs.items())]
        # Sets of equally specific services, and which of them a name has.
        self.groups: list[tuple[int, ...]] = [()]
        self._group_ids: dict[tuple[int, ...], int] = {(): 0}
        self._memo: dict[str, int] = {}
        self._first = np.full(1, -1, np.int32)
        self._shared: dict[int, tuple[int, ...]] = {}

    def group(self, name: str) -> int:
        """Return the index in ``groups`` of a host's services."""
        group = self._memo.get(name)
        if group is None:
            if len(self._memo) >= MEMO_MAX:
                self._memo.clear()
            indices = self._find(name)
            group = self._group_ids.setdefault(indices, len(self.groups))
            if group == len(self.groups):
                self.groups.append(indices)
                if len(indices) > 1:
                    self._shared[group] = indices
            self._memo[name] = group
        return group

    def choose(self, usable: npt.NDArray[np.bool_],
               up: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        """Return the service of each group, -1 for none."""
        if len(self._first) != len(self.groups):
            self._first = np.array([group[0] if group else -1
                                    for group in self.groups], np.int32)
        chosen = self._first.copy()
        for group, indices in self._shared.items():
            chosen[group] = prefer(indices, usable, up)
        return chosen

    def _find(self, name: str) -> tuple[int, ...]:
        if name in self._exact:
            return tuple(self._exact[name])
        found: list[int] = []
        best = None
        for literals, matches, indices in self._globs:
            if best is not None and literals != best:
                break
            if matches(name):
                best = literals
                found += indices
        return tuple(sorted(set(found)))


def key_of(services: Sequence[models.Service]) -> Key:
    """Return what a change of which asks for a new ``Matcher``."""
    return tuple((each.id, tuple(each.serves)) for each in services)


def prefer(indices: Sequence[int], usable: npt.NDArray[np.bool_],
           up: npt.NDArray[np.bool_]) -> int:
    """Return one of equally specific services: usable before up before
    any, and always the same one of equals."""
    return min(indices, key=lambda index: (not usable[index], not up[index],
                                           index))


def _compile(pattern: str) -> Callable[[str], object]:
    return re.compile(fnmatch.translate(pattern)).match


class HostMap:
    """One a process; all its threads share it."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 clock: Callable[[], float] = time.monotonic):
        self._conf = conf
        self._driver = driver
        self._clock = clock
        self.hearing = scheduler_hearing.Hearing(conf, clock)
        self._lock = threading.Lock()
        self._reading = shared.Shared(self._read)
        self._table: ServiceTable | None = None
        self._matcher = Matcher(())
        self._mapped: tuple[object, int, Matcher] | None = None
        self._groups_by_row: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def refresh(self) -> ServiceTable:
        """Return the services as they are now, or a second ago where there
        are many. Reads the store, once for all who ask at the same time: call
        it without holding the view.

        :raises DriverUnavailable:
        """
        table = self._table
        if (table is not None and len(table.services) > FRESH_SERVICES_MAX
                and self._is_young(table)):
            return table
        return self._reading.do()

    def _is_young(self, table: ServiceTable) -> bool:
        return self._clock() - table.read_at < LIST_AGE_MAX

    def _read(self) -> ServiceTable:
        now = self._clock()
        table = ServiceTable.of(self._driver.services.list(), now)
        self.hearing.note(table.heard_at)
        table = dataclasses.replace(table, settled=self.hearing.settled)
        self._table = table
        return table

    def serving(self, snapshot: snapshot_module.Snapshot,
                table: ServiceTable) -> Serving:
        """Return who serves each host of the snapshot."""
        up = table.up(self._clock(), self._conf.service_down_time)
        with self._lock:
            matcher = self._match(table)
            groups_by_row = self._map(snapshot, matcher)
            chosen = matcher.choose(up & table.enabled, up)
        return Serving(
            table.services, chosen[groups_by_row], up, table.enabled,
            not table.settled and bool((table.enabled & ~up).any()))

    def can_decide(self) -> bool:
        """Return whether there is anybody to give work to: a compute that
        was heard since reports come in, or so lately that it is not about
        to be down. Who is silent for good does not keep others waiting. What
        speaks for it may be a second old; what is decided is read anew.

        :raises DriverUnavailable:
        """
        table = self._table
        if (table is not None and self._is_young(table)
                and self._somebody_is_heard(table)):
            return True
        return self._somebody_is_heard(self.refresh())

    def _somebody_is_heard(self, table: ServiceTable) -> bool:
        if not self.hearing.hears:
            return False
        lately = self._conf.service_down_time - self._conf.report_interval
        # Ages are of a moment after ``read_at``, and before this one.
        heard = ((self._clock() - table.ages >= self.hearing.since)
                 | (table.ages <= lately))
        return table.settled or bool(heard.any())

    def service_of(self, host: str) -> tuple[models.Service | None, bool]:
        """Return the compute service of one host by name, and whether it is
        down; False as long as nobody can tell. Disabled ones count: they
        still handle what they have. Where there is none, it is down.

        :raises DriverUnavailable:
        """
        table = self.refresh()
        up = table.up(self._clock(), self._conf.service_down_time)
        with self._lock:
            matcher = self._match(table)
            group = matcher.groups[matcher.group(host)]
        if not group:
            return None, True
        index = prefer(group, up & table.enabled, up)
        return table.services[index], bool(not up[index] and table.settled)

    def _match(self, table: ServiceTable) -> Matcher:
        if self._matcher.key != table.key:
            self._matcher = Matcher(table.services)
        return self._matcher

    def _map(self, snapshot: snapshot_module.Snapshot,
             matcher: Matcher) -> npt.NDArray[np.int32]:
        """Return the group of each row's services. Lock held."""
        mapped = (snapshot.life, snapshot.topology, matcher)
        if self._mapped != mapped:
            groups = np.zeros(snapshot.n, np.int32)
            rows = snapshot.host_rows
            names = snapshot.names
            groups[rows] = [matcher.group(names[row])
                            for row in rows.tolist()]
            self._groups_by_row, self._mapped = groups, mapped
        return self._groups_by_row
