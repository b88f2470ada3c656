"""Filter: leaves out hosts that an enabled filter refuses."""

import numpy as np

from tachyon import plugins
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import enabled
from tachyon.scheduler import funnel
from tachyon.scheduler.actions import base
from tachyon.scheduler.filters import base as filters_base


class FilterAction(base.Action):
    """Runs the filters of ``[scheduler] enabled_filters`` in order; for a
    request of nova's, those of ``[filter_scheduler] enabled_filters``."""

    reads_view = True

    def __init__(self, tools: base.Tools, name: str):
        super().__init__(tools, name)
        self._filters = enabled.EnabledPlugins(
            tools.conf, plugins.FILTERS, "enabled_filters")
        self._nova_filters = (enabled.nova_filters(tools.conf)
                              if tools.conf.nova.enabled else None)

    def validate(self, data: scheduler_data.SchedulingData) -> None:
        """Filters take any request; those enabled now are used."""
        if data.nova is None:
            data.filters = tuple(self._filters.current().values())
        elif data.skip_filters:
            data.filters = ()
        else:
            assert self._nova_filters is not None
            data.filters = tuple(
                each for each in self._nova_filters.current().values()
                if each.on_rebuild or not data.nova.is_rebuild)

    def execute(self, data: scheduler_data.SchedulingData) -> None:
        hosts = data.hosts
        if hosts is None:
            raise self.refuse("there are no candidates to filter.")
        for each in data.filters:
            if not len(hosts):
                break
            hosts = self._run(each, hosts, data)
        data.hosts = hosts
        if not len(hosts):
            data.end(scheduler_data.Verdict.ALL_FILTERED)

    def _run(self, plugin: filters_base.Filter,
             hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> scheduler_data.HostSet:
        mask = np.asarray(plugin.mask(hosts, data))
        if mask.shape != (len(hosts),) or mask.dtype != np.bool_:
            raise ValueError(
                f"filter {plugin.name}: its mask is {mask.dtype}"
                f"{list(mask.shape)}, not bool[{len(hosts)}]")
        gone = np.flatnonzero(~mask)
        removed: funnel.Removed = [
            (reason, gone[indices]) for reason, indices
            in plugin.count(hosts.at(gone), data)] if len(gone) else []
        data.stages.append(funnel.stage(
            plugin.name, hosts, removed,
            self.conf.scheduler.explain_examples))
        return hosts.keep(mask)
