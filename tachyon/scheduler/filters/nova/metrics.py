"""MetricsFilter: hosts that report what MetricsWeigher weighs."""

from typing import Any

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base
from tachyon.scheduler.host_sources import node
from tachyon.scheduler.host_sources import table
from tachyon.scheduler.weighers.nova import settings


class MetricsFilter(base.ValueFilter):
    """Looks for all metrics of ``[metrics] weight_setting``."""

    def asked(self, data: scheduler_data.SchedulingData) -> Any:
        return {name for name, _ in settings.factors(
            self.conf.metrics.weight_setting)} or None

    def values(self, hosts: scheduler_data.HostSet,
               asked: Any) -> table.Coded:
        return hosts.nodes.coded("metrics_text")

    def refuse(self, value: Any, asked: Any) -> str | None:
        missing = asked - node.metrics_of(value).keys()
        if not missing:
            return None
        return f"it does not report {', '.join(sorted(missing))}"
