"""Filters by who else is on a host: server groups and scheduler hints."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from tachyon import exception
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base


def on_hosts(hosts: scheduler_data.HostSet, uuids: Collection[str],
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.int64]:
    """Return how many of some instances are on each host, int64[n]."""
    rows = {uuid: hosts.snapshot.row_of(data.placed[uuid])
            for uuid in uuids if uuid in data.placed}
    return hosts.nodes.instances(uuids, {
        uuid: row for uuid, row in rows.items() if row is not None})


class ServerGroupAntiAffinityFilter(base.MaskFilter):
    """Keeps the members of an anti-affinity group apart: no more of them on
    a host than its rule ``max_server_per_host`` says, by default one."""

    words = "as many of its server group as may be are there"

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        group = data.nova.instance_group
        if group is None or group.policy != "anti-affinity":
            return np.ones(len(hosts), np.bool_)
        most = self._most(group.rules.get("max_server_per_host", 1))
        # Who is resized may stay where it is.
        own = on_hosts(hosts, [data.nova.instance_uuid], data) > 0
        return own | (on_hosts(hosts, group.members, data) < most)

    def most(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData
             ) -> npt.NDArray[np.int64] | None:
        group = data.nova.instance_group
        if group is None or group.policy != "anti-affinity":
            return None
        others = group.members - {data.nova.instance_uuid}
        most = self._most(group.rules.get("max_server_per_host", 1))
        return most - on_hosts(hosts, others, data)

    def _most(self, rule: object) -> int:
        try:
            return int(str(rule))
        except ValueError as e:
            raise exception.SchedulingDataInvalid(
                action=f"filter {self.name}",
                reason=f"max_server_per_host: {e}") from e


class ServerGroupAffinityFilter(base.MaskFilter):
    """Keeps the members of an affinity group together."""

    words = "its server group is elsewhere"

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        group = data.nova.instance_group
        if group is None or group.policy != "affinity":
            return np.ones(len(hosts), np.bool_)
        # Some may have got their host a moment ago. Who moves takes its own
        # for no reason to stay there.
        late = [uuid for uuid in group.members if uuid in data.placed
                and uuid != data.nova.instance_uuid]
        if not group.hosts and not late:
            return np.ones(len(hosts), np.bool_)
        return (hosts.nodes.at_hosts(group.hosts)
                | (on_hosts(hosts, late, data) > 0))


class _HintFilter(base.MaskFilter):
    """Base of filters by where the instances of a hint are."""

    hint: str
    together: bool                      # with any of them, or with none

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        uuids = data.nova.hints.get(self.hint)
        if not uuids:
            return np.ones(len(hosts), np.bool_)
        return (on_hosts(hosts, uuids, data) > 0) == self.together


class DifferentHostFilter(_HintFilter):
    """Hint ``different_host``: not with any of these instances."""

    words = "an instance of hint different_host is there"
    hint = "different_host"
    together = False


class SameHostFilter(_HintFilter):
    """Hint ``same_host``: with one of these instances."""

    words = "no instance of hint same_host is there"
    hint = "same_host"
    together = True
