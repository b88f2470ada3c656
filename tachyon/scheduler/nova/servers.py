"""Servers: what those of one call of nova's have to do with each other.

They are alike. Each is decided on what the former ones leave of hosts, beside
them in their server group, and not on the alternates of the others.
"""

import dataclasses
from collections.abc import Sequence

from oslo_config import cfg
from oslo_utils import uuidutils

from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.nova import claims
from tachyon.scheduler.nova import demand
from tachyon.scheduler.nova import request

_MIB_IN_GIB = 1024


class Servers:
    """The ties of one call, as ``Pipeline.run_all`` wants them.

    ``done`` are those that have their hosts already, of this call.
    """

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 spec: request.RequestSpec,
                 done: Sequence[scheduler_data.SchedulingData]) -> None:
        self._conf = conf
        self._driver = driver
        self._group = spec.instance_group
        self._hard = spec.has_hard_policy
        self._done = done
        self._members: claims.Members = {}

    def begin(self, batch: Sequence[scheduler_data.SchedulingData]) -> None:
        """Look where the members of their server group are.

        :raises DriverUnavailable:
        """
        group = self._group
        if group is None:
            return
        self._members = claims.find_members(self._driver, group.members)
        if not self._hard:
            return
        others = group.members - {data.consumer_uuid for data in batch}
        seen = models.Companions(group.uuid or "", others, {
            uuid: frozenset(providers)
            for uuid, providers in self._members.items() if uuid in others})
        for data in batch:
            data.companions = seen

    def follow(self, data: scheduler_data.SchedulingData,
               former: Sequence[scheduler_data.SchedulingData]) -> None:
        others = [*self._done, *former]
        chosen = [each.selection for each in others if each.selection]
        data.taken = frozenset(each.provider_uuid for each in chosen)
        data.cells = frozenset(each.place.cell_uuid for each in chosen
                               if each.place)
        if self._group is None:
            return
        data.members = {
            uuid: providers for uuid, providers in (
                *self._members.items(),
                *((each.consumer_uuid, tuple(each.selection.allocations))
                  for each in former if each.selection))
            if uuid is not None and uuid != data.consumer_uuid}
        data.nova = dataclasses.replace(
            data.nova, instance_group=dataclasses.replace(
                self._group, hosts=self._group.hosts | {
                    each.place.host for each in chosen if each.place}))

    def leave(self, data: scheduler_data.SchedulingData,
              snapshot: snapshot_module.Snapshot,
              facts: facts_module.Facts | None
              ) -> tuple[snapshot_module.Snapshot, facts_module.Facts | None]:
        chosen = data.selection
        assert chosen is not None and facts is not None
        row = snapshot.row_of(chosen.provider_uuid)
        assert row is not None
        return (snapshot.less(chosen.allocations),
                facts.less(row, self.share(data, chosen)))

    def share(self, data: scheduler_data.SchedulingData,
              chosen: scheduler_data.Selection) -> facts_module.Consumption:
        """Return what a server takes of the node that it is given."""
        spec: request.RequestSpec = data.nova
        flavor = spec.flavor
        return facts_module.Consumption(
            spec.instance_uuid or uuidutils.generate_uuid(),
            ram_mb=flavor.memory_mb,
            disk_mb=(flavor.root_gb + flavor.ephemeral_gb) * _MIB_IN_GIB,
            vcpus=flavor.vcpus, demand=demand.Demand.of(
                spec, self._conf.nova_hosts
                .packing_host_numa_cells_allocation_strategy),
            mappings=chosen.mappings,
            limited="numa_topology" in chosen.limits)


def answer(done: Sequence[scheduler_data.SchedulingData],
           spares: int) -> list[list[scheduler_data.Selection]]:
    """Return the host of each server, then alternates of its cell. These
    were found last, when all servers had their hosts."""
    others = done[-1].alternates if done else []
    found = []
    for data in done:
        chosen = data.selection
        assert chosen is not None and chosen.place is not None
        cell = chosen.place.cell_uuid
        near = [each for each in others
                if each.place is not None and each.place.cell_uuid == cell]
        found.append([chosen, *near[:spares]])
    return found
