"""Candidates: the hosts that can give all that is asked, by the engine."""

import numpy as np

from tachyon.placement import search
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import funnel
from tachyon.scheduler.actions import base


class CandidatesAction(base.Action):
    """Asks the engine, and leaves out hosts that failed already."""

    reads_view = True

    def validate(self, data: scheduler_data.SchedulingData) -> None:
        if not any(group.resources for group in data.query.groups):
            raise self.refuse("no resources are asked for.")

    def execute(self, data: scheduler_data.SchedulingData) -> None:
        snapshot, serving = data.snapshot, data.serving
        assert snapshot is not None and serving is not None
        data.found = search.find(snapshot, data.query)
        # Sharing providers are roots that no instance is on.
        is_host = np.zeros(snapshot.n, np.bool_)
        is_host[snapshot.host_rows] = True
        rows = data.found.roots
        hosts = scheduler_data.HostSet(snapshot, rows[is_host[rows]], serving,
                                       data.facts)
        data.stages += data.found.stages
        if data.tried and len(hosts):
            hosts = self._leave_out_tried(data, hosts)
        data.hosts = hosts
        if not len(hosts):
            data.end(scheduler_data.Verdict.NO_CANDIDATES)

    def _leave_out_tried(self, data: scheduler_data.SchedulingData,
                         hosts: scheduler_data.HostSet
                         ) -> scheduler_data.HostSet:
        named = [hosts.snapshot.row_named(name) for name in data.tried]
        tried = np.isin(hosts.rows, [row for row in named if row is not None])
        gone = np.flatnonzero(tried)
        data.stages.append(funnel.stage(
            "tried", hosts, [(funnel.TRIED, gone)] if len(gone) else [],
            self.conf.scheduler.explain_examples))
        return hosts.keep(~tried)
