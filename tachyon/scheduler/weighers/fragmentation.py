"""FragmentationWeigher: what a placement would leave that is of no use."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from tachyon.placement import query as placement_query
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.weighers import base

_Floats = npt.NDArray[np.float64]
# Share, and amounts by resource class.
Request = tuple[float, tuple[tuple[str, int], ...]]


class FragmentationWeigher(base.Weigher):
    """Prefers hosts where a placement leaves least that is of no use to the
    requests that are expected: see ``waste``."""

    option = "fragmentation_weight_multiplier"

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData) -> _Floats:
        return saving(hosts, data.query,
                      self.conf.scheduler.fragmentation_workload)


def saving(hosts: scheduler_data.HostSet, query: placement_query.Query,
           workload: Iterable[Request] | None) -> _Floats:
    """Return float[n]: how much less, or (negative) more, of each host is
    waste when the query is placed there. Without a workload, more of the same
    is expected.

    That is the descent of the fragmentation gradient of Weng et al., "Beware
    of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
    Gradient Descent" (USENIX ATC 2023), with all resource classes in the
    place of GPUs. Amounts are those of whole trees.
    """
    asked = _asked(query)
    expected = list(workload or ()) or [(1.0, tuple(asked.items()))]
    names = {name for _share, resources in expected
             for name, _amount in resources}
    capacity = {name: hosts.capacity(name).astype(np.float64)
                for name in names}
    before = {name: np.maximum(hosts.free(name), 0).astype(np.float64)
              for name in names}
    after = {name: np.maximum(free - asked.get(name, 0), 0)
             for name, free in before.items()}
    return (waste(before, capacity, expected, len(hosts))
            - waste(after, capacity, expected, len(hosts)))


def waste(free: Mapping[str, _Floats], capacity: Mapping[str, _Floats],
          workload: Iterable[Request], count: int) -> _Floats:
    """Return float[count], 0 to 1: the part of each host that is free, and
    yet no use to the requests of a workload, by their shares.

    To one kind of request that is what is left when as many as fit are
    placed: of each class that it asks for, as a part of the capacity; and the
    mean of these.
    """
    total, shares = np.zeros(count), 0.0
    for share, resources in workload:
        if not resources:
            continue
        fitting = np.min([free[name] // amount
                          for name, amount in resources], axis=0)
        left = np.zeros(count)
        for name, amount in resources:
            np.add(left, np.divide(
                free[name] - fitting * amount, capacity[name],
                out=np.zeros(count), where=capacity[name] > 0), out=left)
        total += share * left / len(resources)
        shares += share
    return total / shares if shares else total


def _asked(query: placement_query.Query) -> dict[str, int]:
    asked: dict[str, int] = {}
    for group in query.groups:
        for name, amount in group.resources.items():
            asked[name] = asked.get(name, 0) + amount
    return asked
