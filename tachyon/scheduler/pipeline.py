"""The pipeline: a scheduling decision, from a request to a claimed host.

It runs the actions of ``[scheduler] pipeline`` in order over one
SchedulingData. Neighbours that read the view share one snapshot; before it
is given back the host is chosen, in words that stay valid, so that nothing
is held while the claim is written. A claim that others were faster with is
decided anew on a fresh snapshot.

Requests that belong together are decided so: one after the other within one
look at the view, and claimed in one transaction.
"""

import contextlib
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import fasteners
from oslo_config import cfg
from oslo_log import log as logging

from tachyon import exception
from tachyon import plugins
from tachyon.db import base as db_base
from tachyon.placement import snapshot as snapshot_module
from tachyon.placement import view as placement_view
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import enabled
from tachyon.scheduler import explain
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler import selection
from tachyon.scheduler.actions import base
from tachyon.scheduler.host_sources import base as source_base
from tachyon.scheduler.host_sources import facts as facts_module

LOG = logging.getLogger(__name__)


def load(conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
         view: placement_view.View,
         hosts: scheduler_hosts.HostMap,
         source: source_base.HostSource | None = None) -> "Pipeline":
    """Return the configured pipeline, with all that it names loaded.

    :raises PluginError: something is missing or broken, or no action of it
        claims what was chosen.
    """
    names = conf.scheduler.pipeline
    tools = base.Tools(conf, driver)
    actions = {name: enabled.make(plugins.ACTIONS, name, cls, tools)
               for name, cls in plugins.load_all(plugins.ACTIONS,
                                                 names).items()}
    if not any(action.takes for action in actions.values()):
        raise exception.PluginError(
            name=", ".join(names) or "(none)", namespace=plugins.ACTIONS,
            reason="[scheduler] pipeline has no action that claims a host.")
    return Pipeline(conf, view, hosts, actions, source)


class Ties(Protocol):
    """What requests that are decided together have to do with each other."""

    def begin(self, batch: Sequence[scheduler_data.SchedulingData]) -> None:
        """Look up what is needed for a try, while nothing is held."""

    def follow(self, data: scheduler_data.SchedulingData,
               former: Sequence[scheduler_data.SchedulingData]) -> None:
        """Tell a request of those that were decided before it."""

    def leave(self, data: scheduler_data.SchedulingData,
              snapshot: snapshot_module.Snapshot,
              facts: facts_module.Facts | None
              ) -> tuple[snapshot_module.Snapshot, facts_module.Facts | None]:
        """Return what the next one sees, after this one has chosen."""


# An action that was executed, and for which request.
_Done = tuple[base.Action, scheduler_data.SchedulingData]


class Pipeline:
    """Made once a process; many threads run it at the same time."""

    def __init__(self, conf: cfg.ConfigOpts, view: placement_view.View,
                 hosts: scheduler_hosts.HostMap,
                 actions: Mapping[str, base.Action],
                 source: source_base.HostSource | None = None):
        self._conf = conf
        self._view = view
        self._hosts = hosts
        self._actions = actions
        self._source = source             # of requests of nova's
        # Threads decide side by side until one meets a conflict. That one
        # decides again while the others wait: the threads of one process
        # can't keep each other from success for ever.
        self._gate = fasteners.ReaderWriterLock()

    def run(self, data: scheduler_data.SchedulingData) -> None:
        """Decide; ``data.verdict`` tells how it ended.

        :raises SchedulingDataInvalid: before anything ran.
        :raises Fenced: somebody else has the request by now.
        :raises OutcomeUnknown: the claim may be made; nothing was reverted.
        :raises DriverUnavailable: nothing was taken.
        :raises Exception: an action is broken; what was taken before it was
            given back.
        """
        self.run_all([data])

    def run_all(self, batch: Sequence[scheduler_data.SchedulingData],
                ties: Ties | None = None) -> None:
        """Decide requests of one kind, each on what those before it leave,
        and take what all of them are given at once. If one of them finds no
        host it ends so, and nobody has anything.

        :raises: what ``run`` does.
        """
        actions = [action for action in self._actions.values()
                   if not (action.takes and (batch[0].dry_run
                                             or batch[0].claimless))]
        for data in batch:
            data.pipeline = tuple(action.name for action in actions)
            for action in actions:
                action.validate(data)
        once = functools.partial(self._try, actions, batch, ties)
        if once(self._gate.read_lock()):
            return
        for _ in range(self._conf.scheduler.claim_retries):
            if once(self._gate.write_lock()):
                return
        for data in batch:
            data.end(scheduler_data.Verdict.RETRIES_EXHAUSTED,
                     "others were faster "
                     f"{explain.times(sum(map(_conflicts, batch)))}")

    def undo(self, data: scheduler_data.SchedulingData) -> None:
        """Give back what a decision took that was made, and is not wanted."""
        _revert([(self._actions[name], data) for name in data.pipeline])

    def _try(self, actions: Sequence[base.Action],
             batch: Sequence[scheduler_data.SchedulingData],
             ties: Ties | None,
             gate: contextlib.AbstractContextManager[object]) -> bool:
        """Decide once; return False if a claim met a conflict."""
        for data in batch:
            data.forget()
            data.tries += 1
        with gate:
            try:
                if ties is not None:
                    ties.begin(batch)
                self._run_once(actions, batch, ties)
            except exception.ClaimConflict as e:
                LOG.info("%s", e)
                host = str(e.kwargs["host"])
                loser = next((data for data in batch if data.selection
                              and data.selection.host == host), batch[0])
                loser.conflicts.append((host, str(e.kwargs["reason"])))
                return False
        for data in batch:
            if data.conflicts and data.verdict in (
                    scheduler_data.Verdict.NO_CANDIDATES,
                    scheduler_data.Verdict.ALL_FILTERED):
                data.end(scheduler_data.Verdict.CLAIM_CONFLICT, data.detail)
        return True

    def _run_once(self, actions: Sequence[base.Action],
                  batch: Sequence[scheduler_data.SchedulingData],
                  ties: Ties | None) -> None:
        done: list[_Done] = []
        try:
            for reads_view, group in itertools.groupby(
                    actions, lambda action: action.reads_view):
                if reads_view:
                    self._look(list(group), batch, ties, done)
                else:
                    _execute(group, batch, done)
                if _ended(batch):
                    break
            if not _ended(batch):
                _check_chosen(batch)
        except exception.OutcomeUnknown:
            # What the others took may belong to a claim that was made.
            raise
        except BaseException:
            _revert(done)
            raise
        if not _ended(batch):
            for data in batch:
                data.end(scheduler_data.Verdict.SCHEDULED)
        elif any(data.verdict is not scheduler_data.Verdict.SCHEDULED
                 for data in batch):
            _revert(done)

    def _look(self, actions: Sequence[base.Action],
              batch: Sequence[scheduler_data.SchedulingData],
              ties: Ties | None, done: list[_Done]) -> None:
        """Run actions on a snapshot that is lent to them, for one request
        after the other, and choose a host for each at the end."""
        source = self._source if batch[0].nova is not None else None
        token = (self._hosts if source is None else source).refresh()
        with self._view.read() as snapshot:
            facts = None if source is None else source.facts(snapshot, token)
            serving = (self._hosts.serving(snapshot, token)
                       if facts is None else facts.serving)
            for place, data in enumerate(batch):
                if ties is not None:
                    ties.follow(data, batch[:place])
                with _lent(data, snapshot, serving, facts):
                    _execute(actions, [data], done)
                    self._choose(data)
                if data.verdict is not None:
                    break
                if place < len(batch) - 1 and ties is not None:
                    snapshot, facts = ties.leave(data, snapshot, facts)

    def _choose(self, data: scheduler_data.SchedulingData) -> None:
        if (data.verdict is None and data.selection is None
                and data.hosts is not None):
            selection.choose(data, self._conf.scheduler.explain_examples)
        explain.observe(data, self._conf)


@contextlib.contextmanager
def _lent(data: scheduler_data.SchedulingData,
          snapshot: snapshot_module.Snapshot,
          serving: scheduler_hosts.Serving,
          facts: facts_module.Facts | None) -> Iterator[None]:
    data.look_at(snapshot, serving, facts)
    try:
        yield
    finally:
        data.look_away()


def _execute(actions: Iterable[base.Action],
             batch: Sequence[scheduler_data.SchedulingData],
             done: list[_Done]) -> None:
    for action in actions:
        if isinstance(action, base.JointAction) and len(batch) > 1:
            action.execute_all(batch)
            done.extend((action, data) for data in batch)
        else:
            for data in batch:
                action.execute(data)
                done.append((action, data))
        if _ended(batch):
            break


def _ended(batch: Iterable[scheduler_data.SchedulingData]) -> bool:
    """Return whether one of them needs no further action."""
    return any(data.verdict is not None for data in batch)


def _check_chosen(batch: Iterable[scheduler_data.SchedulingData]) -> None:
    for data in batch:
        if data.selection is None:
            raise exception.SchedulingDataInvalid(
                action=", ".join(data.pipeline),
                reason="no action found a host.")


def _conflicts(data: scheduler_data.SchedulingData) -> int:
    return len(data.conflicts)


def _revert(done: Iterable[_Done]) -> None:
    for action, data in reversed([*done]):
        try:
            action.revert(data)
        except Exception:
            # The others must still be given back, and the error that led
            # here is the one to be told.
            LOG.exception("Action %s could not give back what it took.",
                          action.name)
