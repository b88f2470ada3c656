"""What nova-conductor and nova-compute may call, from and to the wire.

Version 4.5 of the scheduler's RPC interface of nova, with all that 4.0 had:
see ``nova.scheduler.rpcapi``. What is told of hosts is told to all schedulers.
"""

from typing import Any

from oslo_log import log as logging

from tachyon import context as tachyon_context
from tachyon import exception
from tachyon.scheduler.nova import legacy
from tachyon.scheduler.nova import manager
from tachyon.scheduler.nova import request
from tachyon.scheduler.nova import selections
from tachyon.scheduler.nova import wire

LOG = logging.getLogger(__name__)

VERSION = "4.5"
METHODS = ("select_destinations", "update_aggregates", "delete_aggregate",
           "update_instance_info", "delete_instance_info",
           "sync_instance_info")
BASE_VERSION = "1.1"
BASE_METHODS = ("ping", "get_backdoor_port")

# One call of nova's is for no more servers than a quota allows.
SERVERS_MAX = 10_000
# Conductors of old that do not name them ask for so many at most.
UNNAMED_MAX = 100


class NovaEndpoint:
    """Reads messages, and has a NovaManager do what they say.

    Whatever is no message of nova's raises ``MalformedMessage``.
    """

    def __init__(self, nova: manager.NovaManager):
        self._nova = nova

    def select_destinations(
            self, context: tachyon_context.RequestContext,
            request_spec: object = None, filter_properties: object = None,
            spec_obj: object = None, instance_uuids: object = None,
            return_objects: bool = False,
            return_alternates: bool = False) -> list[Any]:
        """Return a list of Selections for each server; or, if no objects are
        wanted, a dict for each.

        :raises NoValidHost:
        """
        if spec_obj is None and request_spec is not None:
            spec_obj = legacy.compose(request_spec, filter_properties)
        spec = request.read(spec_obj)
        uuids = (None if instance_uuids is None
                 else _uuids(instance_uuids, "instance_uuids"))
        if uuids is None and not 1 <= spec.num_instances <= UNNAMED_MAX:
            raise exception.MalformedMessage(
                reason=f"it is for {spec.num_instances} servers")
        found = self._nova.select(
            context, spec, uuids,
            alternates=return_objects and return_alternates)
        if not return_objects:
            return [selections.write_old(each[0]) for each in found]
        version = selections.version_for(wire.minor(spec_obj))
        return [[selections.write(each, version) for each in one]
                for one in found]

    def update_aggregates(self, context: tachyon_context.RequestContext,
                          aggregates: object) -> None:
        if isinstance(aggregates, list):
            found = [wire.read(each, "Aggregate") for each in aggregates]
        elif wire.is_a(aggregates, "AggregateList"):
            found = wire.read(aggregates, "AggregateList").objects(
                "objects", "Aggregate")
        else:
            found = [wire.read(aggregates, "Aggregate")]
        self._nova.update_aggregates([{
            "id": each.whole("id"), "uuid": each.text("uuid"),
            "name": each.text("name"), "hosts": each.texts("hosts"),
            "metadata": each.mapping("metadata")} for each in found])

    def delete_aggregate(self, context: tachyon_context.RequestContext,
                         aggregate: object) -> None:
        self._nova.delete_aggregate(
            wire.read(aggregate, "Aggregate").whole("id"))

    def update_instance_info(self, context: tachyon_context.RequestContext,
                             host_name: str, instance_info: object) -> None:
        found = (wire.read(instance_info, "InstanceList").objects(
            "objects", "Instance")
            if wire.is_a(instance_info, "InstanceList")
            else [wire.read(instance_info, "Instance")])
        self._nova.update_instance_info(host_name, [
            {"uuid": uuid} for each in found
            if (uuid := each.text("uuid")) is not None])

    def delete_instance_info(self, context: tachyon_context.RequestContext,
                             host_name: str, instance_uuid: str) -> None:
        self._nova.delete_instance_info(host_name, instance_uuid)

    def sync_instance_info(self, context: tachyon_context.RequestContext,
                           host_name: str, instance_uuids: object) -> None:
        self._nova.sync_instance_info(
            host_name, _uuids(instance_uuids, "instance_uuids"))


class BaseEndpoint:
    """What every service of nova's answers, in the namespace ``baseapi``."""

    def ping(self, context: tachyon_context.RequestContext,
             arg: object) -> dict[str, Any]:
        return {"service": "scheduler", "arg": arg}

    def get_backdoor_port(self, context: tachyon_context.RequestContext
                          ) -> None:
        """There is none."""


def _uuids(values: object, name: str) -> list[str]:
    if (not isinstance(values, list) or len(values) > SERVERS_MAX
            or not all(isinstance(each, str) for each in values)):
        raise exception.MalformedMessage(reason=f"its {name} is no list of "
                                                "uuids")
    return values
