"""Versioned objects: what crosses the bus, and nothing else.

Importing this package registers every class, so that a serializer knows them
all. Bump a class's ``VERSION``, and say why in the comment above it, whenever
its fields change; ``obj_make_compatible`` then serves older receivers.
"""

from tachyon.objects.action_result import ActionResult
from tachyon.objects.domain import Domain
from tachyon.objects.domain import DomainList
from tachyon.objects.heartbeat_report import HeartbeatReport
from tachyon.objects.heartbeat_report import WorkItem
from tachyon.objects.instance_action import InstanceAction
from tachyon.objects.inventory_report import InventoryItem
from tachyon.objects.inventory_report import InventoryReport
from tachyon.objects.request_notice import RequestNotice
from tachyon.objects.scheduling_request import SchedulingRequest

__all__ = [
    "ActionResult",
    "Domain",
    "DomainList",
    "HeartbeatReport",
    "InstanceAction",
    "InventoryItem",
    "InventoryReport",
    "RequestNotice",
    "SchedulingRequest",
    "WorkItem",
]
