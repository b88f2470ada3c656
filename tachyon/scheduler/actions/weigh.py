"""Weigh: says how good each of the hosts is that are left."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tachyon import plugins
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import enabled
from tachyon.scheduler.actions import base
from tachyon.scheduler.weighers import base as weighers_base

# What ``weighing`` may be besides the sum.
LEXICOGRAPHIC = "lexicographic"


class WeighAction(base.Action):
    """Runs the weighers of ``[scheduler] enabled_weighers``; for a request
    of nova's, those of ``[filter_scheduler] weight_classes``."""

    reads_view = True

    def __init__(self, tools: base.Tools, name: str):
        super().__init__(tools, name)
        self._weighers = enabled.EnabledPlugins(
            tools.conf, plugins.WEIGHERS, "enabled_weighers")
        self._nova_weighers = (enabled.nova_weighers(tools.conf)
                               if tools.conf.nova.enabled else None)

    def validate(self, data: scheduler_data.SchedulingData) -> None:
        """Weighers take any request."""

    def execute(self, data: scheduler_data.SchedulingData) -> None:
        hosts = data.hosts
        if hosts is None:
            raise self.refuse("there are no candidates to weigh.")
        if data.nova is None:
            weighers, options = self._weighers, self.conf.scheduler
        else:
            assert self._nova_weighers is not None
            weighers = self._nova_weighers
            options = self.conf.filter_scheduler
        data.scores = score(weighers.current(), hosts, data,
                            options.weighing == LEXICOGRAPHIC)


def score(weighers: Mapping[str, weighers_base.Weigher],
          hosts: scheduler_data.HostSet,
          data: scheduler_data.SchedulingData,
          lexicographic: bool = False) -> scheduler_data.Scores:
    """Return what each weigher says of the hosts, and what that makes: the
    sum, or, if it is lexicographic, the place in the order."""
    multipliers = {name: each.multipliers(hosts, data)
                   for name, each in weighers.items()}
    raw = {name: _weigh(each, hosts, data)
           for name, each in weighers.items()}
    normalised = {
        name: weighers_base.normalise(weights, weighers[name].least,
                                      weighers[name].greatest)
        for name, weights in raw.items()}
    weighted = [multipliers[name] * weights
                for name, weights in normalised.items()]
    total = (weighers_base.places(weighted, len(hosts)) if lexicographic
             else sum(weighted, np.zeros(len(hosts), np.float64)))
    return scheduler_data.Scores(multipliers, raw, normalised, total)


def _weigh(plugin: weighers_base.Weigher, hosts: scheduler_data.HostSet,
           data: scheduler_data.SchedulingData) -> npt.NDArray[np.float64]:
    weights = np.asarray(plugin.weigh(hosts, data), np.float64)
    if weights.shape != (len(hosts),):
        raise ValueError(
            f"weigher {plugin.name}: its weights are "
            f"float{list(weights.shape)}, not float[{len(hosts)}]")
    if not np.isfinite(weights).all():
        raise ValueError(f"weigher {plugin.name}: a weight is not finite")
    return weights
