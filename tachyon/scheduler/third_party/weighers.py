"""A weigher of nova's interface, as one of Tachyon's."""

from typing import Any

import numpy as np
import numpy.typing as npt
from oslo_config import cfg

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.third_party import look
from tachyon.scheduler.weighers import base


class ThirdPartyWeigher(base.Weigher):
    """Asks ``weigh_objects`` about all hosts that are left, as nova does."""

    def __init__(self, conf: cfg.ConfigOpts, name: str,
                 cls: type[Any]) -> None:
        super().__init__(conf, name)
        self._theirs = cls()
        self.least = self._theirs.minval
        self.greatest = self._theirs.maxval

    def multipliers(self, hosts: scheduler_data.HostSet,
                    data: scheduler_data.SchedulingData
                    ) -> float | npt.NDArray[np.float64]:
        """:raises PluginFailed:"""
        states = look.at(data).states(hosts)
        with look.running(self.name):
            found = np.fromiter(
                (self._theirs.weight_multiplier(state) for state in states),
                np.float64, len(states))
        # Mostly it is one option.
        return float(found[0]) if len(set(found)) == 1 else found

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        """:raises PluginFailed:
        :raises SchedulingDataInvalid: nova can't read the request."""
        shown = look.at(data)
        weighed = [state.weighed() for state in shown.states(hosts)]
        with look.running(self.name):
            found = np.array(list(self._theirs.weigh_objects(
                weighed, shown.spec)), np.float64)
            if found.shape != (len(hosts),) or not np.isfinite(found).all():
                raise ValueError(f"these are no weights: {found}")
        return found
