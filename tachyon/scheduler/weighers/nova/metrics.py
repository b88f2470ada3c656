"""MetricsWeigher: a sum of what monitors on a compute node report."""

import functools

import numpy as np
import numpy.typing as npt

from tachyon import exception
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.host_sources import node
from tachyon.scheduler.weighers.nova import base
from tachyon.scheduler.weighers.nova import settings


class MetricsWeigher(base.NovaWeigher):
    """Adds up the metrics of ``[metrics] weight_setting``, each times its
    factor."""

    option = "metrics_weight_multiplier"

    @property
    def multiplier(self) -> float:
        return float(self.conf.metrics.weight_multiplier)

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        """:raises SchedulingDataInvalid: a host lacks a metric, and
            ``[metrics] required`` is set."""
        total = np.zeros(len(hosts), np.float64)
        lacking = np.zeros(len(hosts), np.bool_)
        reported = hosts.nodes.coded("metrics_text")
        multipliers = self.multipliers(hosts, data)
        for name, factor in settings.factors(
                self.conf.metrics.weight_setting):
            values = reported.each(functools.partial(_value, name),
                                   np.float64)
            missing = np.isnan(values)
            if missing.any() and self.conf.metrics.required:
                host = hosts.name(int(np.flatnonzero(missing)[0]))
                raise exception.SchedulingDataInvalid(
                    action=f"weigher {self.name}",
                    reason=f"host {host} does not report {name}.")
            # What has no weight is not missed.
            lacking |= missing & (np.multiply(multipliers, factor) != 0)
            total += np.where(missing, 0.0, values) * factor
        return np.where(lacking, self.conf.metrics.weight_of_unavailable,
                        total)


def _value(name: str, text: str) -> float:
    value = node.metrics_of(text).get(name)
    return float("nan") if value is None else float(value)
