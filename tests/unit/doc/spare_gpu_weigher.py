"""SpareGPUWeigher: the sample of a weigher in the documentation."""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.weighers import base


class SpareGPUWeigher(base.Weigher):
    """Keeps hosts with free GPUs for those who ask for them."""

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        if any("PGPU" in group.resources for group in data.query.groups):
            return np.zeros(len(hosts), np.float64)
        return -hosts.free("PGPU").astype(np.float64)
