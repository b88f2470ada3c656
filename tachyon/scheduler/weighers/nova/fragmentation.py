"""FragmentationWeigher for requests of nova's, which has none."""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.weighers import fragmentation
from tachyon.scheduler.weighers.nova import base


class FragmentationWeigher(base.NovaWeigher):
    """Prefers hosts where a placement leaves least that is of no use."""

    option = "fragmentation_weight_multiplier"

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        return fragmentation.saving(
            hosts, data.query, self.conf.scheduler.fragmentation_workload)
