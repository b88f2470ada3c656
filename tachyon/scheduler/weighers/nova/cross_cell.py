"""CrossCellWeigher: a move that may leave its cell rather does not."""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.weighers.nova import base


class CrossCellWeigher(base.NovaWeigher):
    """Prefers the cell that an instance moves from."""

    option = "cross_cell_move_weight_multiplier"

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        destination = data.nova.requested_destination
        if (destination is None or not destination.cell_uuid
                or not destination.allow_cross_cell_move):
            return np.zeros(len(hosts), np.float64)
        return hosts.nodes.coded("cell_uuid").each(
            lambda cell: 1.0 if cell == destination.cell_uuid else -1.0,
            np.float64)
