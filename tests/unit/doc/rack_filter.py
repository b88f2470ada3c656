"""RackFilter: the sample of a filter in the documentation."""

from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters import base


class RackFilter(base.HostFilter):
    """Refuses hosts outside of the rack that the hint ``rack`` names."""

    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        rack = data.hints.get("rack")
        if rack is None or host.name.startswith(f"{rack}-"):
            return None
        return self.reason(f"outside {rack}")
