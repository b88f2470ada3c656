"""NovaManager: places nova's servers, and hears what changed on its hosts.

A call is for one server or for several that are alike. They are decided one
after the other, each on what the former ones left; all of them find a host,
or none keeps what it was given.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from tachyon import context as tachyon_context
from tachyon import exception
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import explain
from tachyon.scheduler import pipeline as scheduler_pipeline
from tachyon.scheduler.data_drivers import base as data_drivers_base
from tachyon.scheduler.host_sources import base as source_base
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.nova import claims
from tachyon.scheduler.nova import demand
from tachyon.scheduler.nova import errors
from tachyon.scheduler.nova import request

LOG = logging.getLogger(__name__)

Verdict = scheduler_data.Verdict
_MIB_IN_GIB = 1024
# Seconds for which a server that was given up is looked at: a scheduler that
# hung may claim for it even then.
_BURIED_FOR = 600.0


class NovaManager:
    """One a process; many threads call it."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 pipeline: scheduler_pipeline.Pipeline,
                 data_driver: data_drivers_base.DataDriver,
                 source: source_base.HostSource):
        self._conf = conf
        self._driver = driver
        self._pipeline = pipeline
        self._data_driver = data_driver
        self.source = source

    def close(self) -> None:
        """Let go of what tells of hosts."""
        self.source.close()

    # ---------------------------------------------------------------- servers
    def select(self, context: tachyon_context.RequestContext,
               spec: request.RequestSpec, uuids: Sequence[str] | None, *,
               alternates: bool = False
               ) -> list[list[scheduler_data.Selection]]:
        """Return for each server the host that it has from now on, and if
        wanted, alternates of the same cell, best first.

        With no ``uuids``, nothing is claimed.

        :raises NoValidHost: nobody was given anything.
        """
        try:
            return self._select(context, spec, uuids, alternates)
        except exception.DriverUnavailable as e:
            LOG.warning("No host for servers %s: %s", _names(uuids), e)
            raise errors.NoValidHost(str(e)) from e

    def _select(self, context: tachyon_context.RequestContext,
                spec: request.RequestSpec, uuids: Sequence[str] | None,
                alternates: bool) -> list[list[scheduler_data.Selection]]:
        if uuids is None and spec.num_instances != 1:
            raise errors.NoValidHost(
                "Several servers are asked for, and not by their uuids.")
        spares = self._conf.nova.max_attempts - 1 if alternates else 0
        done: list[scheduler_data.SchedulingData] = []
        undecided: list[scheduler_data.SchedulingData] = []
        try:
            for uuid in [spec.instance_uuid] if uuids is None else uuids:
                last = uuids is None or len(done) == len(uuids) - 1
                data = self._prepare(context, spec, uuid, uuids, done)
                data.spares = spares if last else 0
                undecided.append(data)
                self._decide(data)
                done.append(undecided.pop())
                spec = _with_member(spec, data)
        except BaseException as e:
            verdict = undecided[0].verdict if undecided else None
            self._give_back(done, verdict or Verdict.BACKEND_ERROR, str(e))
            raise
        return _answer(done, spares)

    def _prepare(self, context: tachyon_context.RequestContext,
                 spec: request.RequestSpec, uuid: str | None,
                 uuids: Sequence[str] | None,
                 done: Sequence[scheduler_data.SchedulingData]
                 ) -> scheduler_data.SchedulingData:
        # Decisions are kept by request, and this one may have several.
        request_id = (f"{context.request_id}:{uuid}"
                      if uuids is not None and len(uuids) > 1
                      else context.request_id or "")
        try:
            data = self._data_driver.initialise(
                context, dataclasses.replace(spec, instance_uuid=uuid))
        except exception.SchedulingDataInvalid as e:
            raise self._refuse(spec, uuid, request_id, _reason(e)) from e
        data.request_id = request_id
        data.claimless |= uuids is None
        if uuid is not None and not data.claimless:
            self.source.begin(uuid)
        data.members = claims.find_members(self._driver,
                                           data.nova.other_members)
        chosen = [each.selection for each in done if each.selection]
        data.taken = frozenset(each.provider_uuid for each in chosen)
        data.cells = frozenset(each.place.cell_uuid for each in chosen
                               if each.place)
        return data

    def _decide(self, data: scheduler_data.SchedulingData) -> None:
        """Find a host for one server, and keep why.

        :raises NoValidHost:
        """
        try:
            self._pipeline.run(data)
        except exception.SchedulingDataInvalid as e:
            data.end(Verdict.BAD_REQUEST, _reason(e))
        except (exception.DriverUnavailable,
                exception.HostSourceUnavailable) as e:
            data.end(Verdict.BACKEND_ERROR, str(e))
        chosen, verdict = data.selection, data.verdict
        assert verdict is not None
        if verdict is Verdict.SCHEDULED and chosen is not None:
            LOG.info("Server %s is given host %s", data.consumer_uuid,
                     chosen.host)
            if data.claimless:
                self._keep(explain.decision(data, self._conf, verdict))
            else:
                self.source.consume(chosen.provider_uuid,
                                    self._consumption(data, chosen))
            return
        summary = explain.summary(data, verdict)
        LOG.warning("Server %s found no host (%s): %s", data.consumer_uuid,
                    verdict, summary)
        self._keep(explain.decision(data, self._conf, verdict))
        raise _no_host(summary)

    def _consumption(self, data: scheduler_data.SchedulingData,
                     chosen: scheduler_data.Selection
                     ) -> facts_module.Consumption:
        spec: request.RequestSpec = data.nova
        assert spec.instance_uuid is not None
        flavor = spec.flavor
        return facts_module.Consumption(
            spec.instance_uuid, ram_mb=flavor.memory_mb,
            disk_mb=(flavor.root_gb + flavor.ephemeral_gb) * _MIB_IN_GIB,
            vcpus=flavor.vcpus, demand=demand.Demand.of(
                spec, self._conf.nova_hosts
                .packing_host_numa_cells_allocation_strategy),
            mappings=chosen.mappings, limited=bool(chosen.limits))

    def _refuse(self, spec: request.RequestSpec, uuid: str | None,
                request_id: str, reason: str) -> errors.NoValidHost:
        """Keep why a request makes no sense; return the error to raise."""
        LOG.warning("Server %s can't be placed: %s", uuid, reason)
        verdict = Verdict.BAD_REQUEST
        self._keep(models.Decision(
            request_id, uuid or "", spec.project_id, str(verdict),
            explain.failed(uuid or "", spec.project_id, request_id, 0,
                           verdict, reason)))
        return _no_host(reason)

    def _keep(self, decision: models.Decision) -> None:
        """Store a decision; what was decided does not depend on it."""
        try:
            self._driver.decisions.put(decision)
        except exception.DriverUnavailable as e:
            LOG.warning("The decision on server %s is not kept: %s",
                        decision.consumer_uuid, e)

    def _give_back(self, done: Sequence[scheduler_data.SchedulingData],
                   verdict: Verdict, reason: str) -> None:
        """Undo the claims of servers whose companion found no host."""
        for data in reversed(done):
            chosen, uuid = data.selection, data.consumer_uuid
            if data.claimless or chosen is None or uuid is None:
                continue
            self._pipeline.undo(data)
            self.source.release(chosen.provider_uuid, uuid)
            decision = explain.decision(data, self._conf, Verdict.SCHEDULED)
            self._keep(dataclasses.replace(
                decision, verdict=str(verdict), document=explain.ended(
                    decision.document, verdict,
                    f"another server of the request found no host: {reason}",
                    self._conf.scheduler.explain_max_bytes)))

    def sweep(self) -> None:
        """Take from servers that nova has given up what a scheduler gave
        them that did not live to say so.

        :raises DriverUnavailable:
        :raises HostSourceUnavailable:
        """
        for uuid in claims.find_members(
                self._driver, self.source.find_buried(_BURIED_FOR)):
            LOG.warning("Server %s was given a host, and nova was not told: "
                        "its allocations are removed", uuid)
            claims.remove(self._driver, uuid)

    # ------------------------------------------------------------------- hosts
    def discover_hosts(self) -> None:
        """Have nova know its new hosts.

        :raises HostSourceUnavailable:
        """
        found = self.source.discover_hosts()
        if found:
            LOG.info("New hosts of nova's: %s", ", ".join(found))

    def update_aggregates(self,
                          aggregates: Sequence[Mapping[str, Any]]) -> None:
        self.source.update_aggregates(aggregates)

    def delete_aggregate(self, id: int) -> None:
        self.source.delete_aggregate(id)

    def update_instance_info(self, host: str,
                             instances: Sequence[Mapping[str, Any]]) -> None:
        self.source.update_instance_info(host, instances)

    def delete_instance_info(self, host: str, uuid: str) -> None:
        self.source.delete_instance_info(host, uuid)

    def sync_instance_info(self, host: str, uuids: Sequence[str]) -> None:
        self.source.sync_instance_info(host, uuids)


def _answer(done: Sequence[scheduler_data.SchedulingData],
            spares: int) -> list[list[scheduler_data.Selection]]:
    """Return the host of each server, then alternates of its cell. These
    were found last, when all servers had their hosts."""
    others = done[-1].alternates if done else []
    answer = []
    for data in done:
        chosen = data.selection
        assert chosen is not None and chosen.place is not None
        cell = chosen.place.cell_uuid
        near = [each for each in others
                if each.place is not None and each.place.cell_uuid == cell]
        answer.append([chosen, *near[:spares]])
    return answer


def _with_member(spec: request.RequestSpec,
                 data: scheduler_data.SchedulingData) -> request.RequestSpec:
    """Return the spec with the host of a placed member in its group."""
    group, chosen = spec.instance_group, data.selection
    if group is None or chosen is None or chosen.place is None:
        return spec
    return dataclasses.replace(spec, instance_group=dataclasses.replace(
        group, hosts=group.hosts | {chosen.place.host}))


def _no_host(reason: str) -> errors.NoValidHost:
    return errors.NoValidHost(f"{reason.rstrip('.')}.")


def _reason(error: exception.TachyonException) -> str:
    """Return what is wrong, without who found it."""
    return str(error.kwargs.get("reason", error))


def _names(uuids: Sequence[str] | None) -> str:
    return ", ".join(uuids or ()) or "(not named)"
