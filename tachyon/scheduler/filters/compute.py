"""ComputeFilter: only hosts whose compute service is up and enabled."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters import base

NONE = "no compute serves it"
DOWN = "its compute is down"
DISABLED = "its compute is disabled"


class ComputeFilter(base.Filter):
    """Refuses hosts that nobody would make the instance on."""

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        return hosts.up & hosts.enabled

    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        service = host.service
        if service is None:
            return self.reason(NONE)
        if not host.up:
            return self.reason(DOWN, service=service.host)
        if not service.enabled:
            return self.reason(DISABLED, service=service.host,
                               disabled_reason=service.disabled_reason)
        return None

    def count(self, refused: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Sequence[tuple[reasons.Reason, npt.NDArray[np.int64]]]:
        none = refused.service < 0
        down = ~none & ~refused.up
        masks = ((NONE, none), (DOWN, down), (DISABLED, ~none & ~down))
        return [(self.reason(detail), np.flatnonzero(mask))
                for detail, mask in masks if mask.any()]
