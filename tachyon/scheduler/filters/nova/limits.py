"""Filters by a number and its limit: instances, and what they are doing.

The ``Aggregate`` forms take the limit from the metadata of a host's
aggregates; of several the least counts.
"""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base
from tachyon.scheduler.host_sources import metadata


class _LimitFilter(base.MaskFilter):
    """Passes hosts with less than the limit."""

    number: str                         # of a node
    option: str                         # in [filter_scheduler], the limit

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        return hosts.nodes.numbers(self.number) < self.limits(hosts)

    def limits(self, hosts: scheduler_data.HostSet
               ) -> float | npt.NDArray[np.float64]:
        return float(self.conf.filter_scheduler[self.option])


class _AggregateLimitFilter(_LimitFilter):

    def limits(self, hosts: scheduler_data.HostSet
               ) -> float | npt.NDArray[np.float64]:
        return metadata.numbers(hosts.nodes.aggregates, self.option,
                                self.conf.filter_scheduler[self.option], int)


class IoOpsFilter(_LimitFilter):
    """Spares hosts that are building, moving or snapshotting many."""

    words = "busy with as many instances as may be"
    number = "num_io_ops"
    option = "max_io_ops_per_host"


class AggregateIoOpsFilter(_AggregateLimitFilter, IoOpsFilter):
    """The same, with limits of aggregates."""


class NumInstancesFilter(_LimitFilter):
    """Spares hosts that have many instances."""

    words = "as many instances as may be are there"
    number = "num_instances"
    option = "max_instances_per_host"

    def most(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.int64]:
        left = self.limits(hosts) - hosts.nodes.numbers(self.number)
        return np.ceil(left).astype(np.int64)


class AggregateNumInstancesFilter(_AggregateLimitFilter, NumInstancesFilter):
    """The same, with limits of aggregates."""
