"""Candidates: the hosts that can give all that is asked, by the engine."""

import numpy as np

from tachyon.placement import either
from tachyon.placement import search
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import funnel
from tachyon.scheduler.actions import base
from tachyon.scheduler.networks import routes
from tachyon.scheduler.nova import destinations
from tachyon.scheduler.nova import request


class CandidatesAction(base.Action):
    """Asks the engine, and leaves out hosts that failed already."""

    reads_view = True

    def __init__(self, tools: base.Tools, name: str):
        super().__init__(tools, name)
        self._routes = routes.Routes(tools.conf)

    def validate(self, data: scheduler_data.SchedulingData) -> None:
        """Neutron is asked here, where nothing is held.

        :raises HostSourceUnavailable: it does not answer.
        """
        if not any(group.resources for group in data.query.groups):
            raise self.refuse("no resources are asked for.")
        if data.nova is not None:
            self._routes.find(data.nova)

    def execute(self, data: scheduler_data.SchedulingData) -> None:
        if data.nova is not None:
            destinations.prepare(data, data.nova, self.conf)
            if data.verdict is not None:
                return
        hosts = self._find(data)
        if data.tried and len(hosts):
            hosts = self._leave_out_tried(data, hosts)
        if data.nova is not None and len(hosts):
            hosts = self._leave_out_elsewhere(data, data.nova, hosts)
        data.hosts = hosts
        if not len(hosts):
            data.end(scheduler_data.Verdict.NO_CANDIDATES)

    def _find(self, data: scheduler_data.SchedulingData
              ) -> scheduler_data.HostSet:
        snapshot, serving = data.snapshot, data.serving
        assert snapshot is not None and serving is not None
        rows = snapshot.host_rows
        # Who is rebuilt has what it needs.
        if data.nova is None or not data.nova.is_rebuild:
            found = search.find(snapshot, data.query)
            data.found = found if data.fallback is None else either.Either(
                found, search.find(snapshot, data.fallback))
            data.stages += data.found.stages
            # Sharing providers are roots that no instance is on.
            is_host = np.zeros(snapshot.n, np.bool_)
            is_host[rows] = True
            rows = data.found.roots[is_host[data.found.roots]]
        return scheduler_data.HostSet(snapshot, rows, serving, data.facts)

    def _leave_out_elsewhere(self, data: scheduler_data.SchedulingData,
                             spec: request.RequestSpec,
                             hosts: scheduler_data.HostSet
                             ) -> scheduler_data.HostSet:
        left, removed = destinations.count(
            destinations.leave_out(hosts, spec), len(hosts))
        data.stages.append(funnel.stage(
            destinations.STAGE, hosts, removed,
            self.conf.scheduler.explain_examples))
        return hosts.keep(left)

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
