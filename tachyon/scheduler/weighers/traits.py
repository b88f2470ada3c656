"""TraitsWeigher: what a request would like a host to have, or not to have."""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.weighers import base


class TraitsWeigher(base.Weigher):
    """Counts the preferred traits that a host has, less the avoided ones."""

    option = "traits_weight_multiplier"

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        weights = np.zeros(len(hosts), np.float64)
        for trait in data.preferred_traits:
            weights += hosts.has_trait(trait)
        for trait in data.avoided_traits:
            weights -= hosts.has_trait(trait)
        return weights
