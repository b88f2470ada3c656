"""AllHostsFilter: for who must enable something."""

import numpy as np
import numpy.typing as npt

from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters import base


class AllHostsFilter(base.Filter):
    """Refuses nobody."""

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        return np.ones(len(hosts), np.bool_)

    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        return None
