"""What nova's weighers have in common: multipliers, also of aggregates."""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.host_sources import metadata
from tachyon.scheduler.weighers import base


class NovaWeigher(base.Weigher):
    """``option`` names the multiplier in ``[filter_scheduler]``; aggregates
    may have another one under the same name."""

    option: str

    @property
    def multiplier(self) -> float:
        return float(self.conf.filter_scheduler[self.option])

    def multipliers(self, hosts: scheduler_data.HostSet,
                    data: scheduler_data.SchedulingData
                    ) -> float | npt.NDArray[np.float64]:
        return self.of_aggregates(hosts, self.multiplier)

    def of_aggregates(self, hosts: scheduler_data.HostSet, default: float
                      ) -> float | npt.NDArray[np.float64]:
        """Return the multiplier that each host's aggregates have, of several
        the least."""
        if self.option not in hosts.nodes.metadata_keys:
            return default
        return metadata.numbers(hosts.nodes.aggregates, self.option, default,
                                float)


class NumberWeigher(NovaWeigher):
    """Base of weighers by a number of a node."""

    number: str

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        return hosts.nodes.numbers(self.number)
