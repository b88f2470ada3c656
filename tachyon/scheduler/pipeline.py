"""The pipeline: a scheduling decision, from a request to a claimed host.

It runs the actions of ``[scheduler] pipeline`` in order over one
SchedulingData. Neighbours that read the view share one snapshot; before it
is given back the host is chosen, in words that stay valid, so that nothing
is held while the claim is written. A claim that others were faster with is
decided anew on a fresh snapshot.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence

import fasteners
from oslo_config import cfg
from oslo_log import log as logging

from tachyon import exception
from tachyon import plugins
from tachyon.db import base as db_base
from tachyon.placement import view as placement_view
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import enabled
from tachyon.scheduler import explain
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler import selection
from tachyon.scheduler.actions import base
from tachyon.scheduler.host_sources import base as source_base

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
        actions = [action for action in self._actions.values()
                   if not (action.takes and (data.dry_run or data.claimless))]
        data.pipeline = tuple(action.name for action in actions)
        for action in actions:
            action.validate(data)
        if self._try(actions, data, self._gate.read_lock()):
            return
        for _ in range(self._conf.scheduler.claim_retries):
            if self._try(actions, data, self._gate.write_lock()):
                return
        data.end(scheduler_data.Verdict.RETRIES_EXHAUSTED,
                 f"others were faster {explain.times(len(data.conflicts))}")

    def undo(self, data: scheduler_data.SchedulingData) -> None:
        """Give back what a decision took that was made, and is not wanted."""
        self._revert([self._actions[name] for name in data.pipeline], data)

    def _try(self, actions: Sequence[base.Action],
             data: scheduler_data.SchedulingData,
             gate: contextlib.AbstractContextManager[object]) -> bool:
        """Decide once; return False if the claim met a conflict."""
        data.forget()
        data.tries += 1
        with gate:
            try:
                self._run_once(actions, data)
            except exception.ClaimConflict as e:
                LOG.info("%s", e)
                data.conflicts.append((str(e.kwargs["host"]),
                                       str(e.kwargs["reason"])))
                return False
        if data.conflicts and data.verdict in (
                scheduler_data.Verdict.NO_CANDIDATES,
                scheduler_data.Verdict.ALL_FILTERED):
            data.end(scheduler_data.Verdict.CLAIM_CONFLICT, data.detail)
        return True

    def _run_once(self, actions: Sequence[base.Action],
                  data: scheduler_data.SchedulingData) -> None:
        done: list[base.Action] = []
        try:
            for reads_view, group in itertools.groupby(
                    actions, lambda action: action.reads_view):
                with (self._looking(data) if reads_view
                      else contextlib.nullcontext()):
                    for action in group:
                        action.execute(data)
                        done.append(action)
                        if data.verdict is not None:
                            break
                if data.verdict is not None:
                    break
            if data.verdict is None and data.selection is None:
                raise exception.SchedulingDataInvalid(
                    action=", ".join(data.pipeline),
                    reason="no action found a host.")
        except exception.OutcomeUnknown:
            # What the others took may belong to a claim that was made.
            raise
        except BaseException:
            self._revert(done, data)
            raise
        if data.verdict is None:
            data.end(scheduler_data.Verdict.SCHEDULED)
        elif data.verdict is not scheduler_data.Verdict.SCHEDULED:
            self._revert(done, data)

    @contextlib.contextmanager
    def _looking(self, data: scheduler_data.SchedulingData
                 ) -> Iterator[None]:
        """Lend a snapshot to the actions inside, and choose at the end."""
        source = self._source if data.nova is not None else None
        token = (self._hosts if source is None else source).refresh()
        with self._view.read() as snapshot:
            if source is None:
                data.look_at(snapshot, self._hosts.serving(snapshot, token))
            else:
                facts = source.facts(snapshot, token)
                data.look_at(snapshot, facts.serving, facts)
            try:
                yield
                if (data.verdict is None and data.selection is None
                        and data.hosts is not None):
                    selection.choose(data,
                                     self._conf.scheduler.explain_examples)
                explain.observe(data, self._conf)
            finally:
                data.look_away()

    def _revert(self, done: Sequence[base.Action],
                data: scheduler_data.SchedulingData) -> None:
        for action in reversed(done):
            try:
                action.revert(data)
            except Exception:
                # The others must still be given back, and the error that
                # led here is the one to be told.
                LOG.exception("Action %s could not give back what it took.",
                              action.name)
