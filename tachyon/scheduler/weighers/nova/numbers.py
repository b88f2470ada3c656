"""Weighers by one number that a compute node reports."""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.weighers.nova import base

# A host with so many devices has enough of them: more count no more.
DEVICES_MAX = 100


class RAMWeigher(base.NumberWeigher):
    """Prefers hosts with more free memory."""

    option = "ram_weight_multiplier"
    number = "free_ram_mb"
    least = 0.0


class CPUWeigher(base.NumberWeigher):
    """Prefers hosts with more free VCPUs, overcommitted."""

    option = "cpu_weight_multiplier"
    number = "vcpus_free"
    least = 0.0


class DiskWeigher(base.NumberWeigher):
    """Prefers hosts with more free disk."""

    option = "disk_weight_multiplier"
    number = "free_disk_mb"
    least = 0.0


class IoOpsWeigher(base.NumberWeigher):
    """Counts the instances that are built, moved or the like on a host; its
    multiplier is negative by default."""

    option = "io_ops_weight_multiplier"
    number = "num_io_ops"
    least = 0.0


class NumInstancesWeigher(base.NumberWeigher):
    """Counts the instances of a host; its multiplier is 0 by default."""

    option = "num_instances_weight_multiplier"
    number = "num_instances"


class HypervisorVersionWeigher(base.NumberWeigher):
    """Prefers hosts with a newer hypervisor."""

    option = "hypervisor_version_weight_multiplier"
    number = "hypervisor_version"


class BuildFailureWeigher(base.NumberWeigher):
    """Avoids hosts where builds failed of late."""

    option = "build_failure_weight_multiplier"
    number = "failed_builds"

    @property
    def multiplier(self) -> float:
        return -super().multiplier

    def multipliers(self, hosts: scheduler_data.HostSet,
                    data: scheduler_data.SchedulingData
                    ) -> float | npt.NDArray[np.float64]:
        # Of several aggregates the least counts, before it speaks against.
        return -1.0 * self.of_aggregates(hosts, -self.multiplier)


class PCIWeigher(base.NumberWeigher):
    """Prefers hosts with fewer PCI devices left: those that have many are
    kept for who needs many."""

    option = "pci_weight_multiplier"
    number = "pci.free"

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        free = super().weigh(hosts, data)
        return DEVICES_MAX - np.minimum(free, DEVICES_MAX - 1)
