"""SizeLimitAction: the sample of an action in the documentation."""

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.actions import base

VCPUS_MAX = 64


class SizeLimitAction(base.Action):
    """Refuses requests for more than so many VCPUs, before they cost time."""

    def validate(self, data: scheduler_data.SchedulingData) -> None:
        """Any request can be looked at."""

    def execute(self, data: scheduler_data.SchedulingData) -> None:
        vcpus = sum(group.resources.get("VCPU", 0)
                    for group in data.query.groups)
        if vcpus > VCPUS_MAX:
            data.end(scheduler_data.Verdict.BAD_REQUEST,
                     f"{vcpus} VCPUs are more than {VCPUS_MAX}")
