"""Weighers by the server group of an instance, where its policy is soft."""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import affinity
from tachyon.scheduler.weighers.nova import base


class _SoftWeigher(base.NovaWeigher):
    policy: str
    sign: float

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        group = data.nova.instance_group
        if group is None or group.policy != self.policy:
            return np.zeros(len(hosts), np.float64)
        members = affinity.on_hosts(hosts, group.members, data)
        return self.sign * members.astype(np.float64)


class ServerGroupSoftAffinityWeigher(_SoftWeigher):
    """Prefers hosts with more members of a soft-affinity group."""

    option = "soft_affinity_weight_multiplier"
    policy = "soft-affinity"
    sign = 1.0


class ServerGroupSoftAntiAffinityWeigher(_SoftWeigher):
    """Prefers hosts with fewer members of a soft-anti-affinity group."""

    option = "soft_anti_affinity_weight_multiplier"
    policy = "soft-anti-affinity"
    sign = -1.0
