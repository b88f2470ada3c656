"""IsolatedHostsFilter: hosts for some images only."""

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base


class IsolatedHostsFilter(base.MaskFilter):
    """Instances of isolated images go to isolated hosts only, and, unless
    it is said otherwise, those of other images do not."""

    on_rebuild = True
    words = "host and image are not isolated alike"

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        options = self.conf.filter_scheduler
        strict = options.restrict_isolated_hosts_to_isolated_images
        isolated = hosts.nodes.at_hosts(options.isolated_hosts)
        image = data.nova.image
        if image is not None and image.id in options.isolated_images:
            return isolated
        return ~isolated if strict else np.ones(len(hosts), np.bool_)
