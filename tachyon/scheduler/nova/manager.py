"""NovaManager: places nova's servers, and hears what changed on its hosts.

A call is for one server or for several that are alike. They are decided one
after the other, each on what the former ones leave, and claimed at once; all
of them find a host, or none keeps what it was given.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

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
from tachyon.scheduler.nova import claims
from tachyon.scheduler.nova import errors
from tachyon.scheduler.nova import request
from tachyon.scheduler.nova import servers

LOG = logging.getLogger(__name__)

Verdict = scheduler_data.Verdict
# Servers that are decided while the view is held, and claimed in one
# transaction. A call for more of them goes on from there.
TOGETHER = 20
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
        wanted: Sequence[str | None] = uuids if uuids is not None else (
            [spec.instance_uuid] if spec.num_instances == 1
            else [None] * spec.num_instances)
        spares = self._conf.nova.max_attempts - 1 if alternates else 0
        done: list[scheduler_data.SchedulingData] = []
        ties = servers.Servers(self._conf, self._driver, spec, done)
        # What is not claimed is seen only by those that are decided with it.
        together = TOGETHER if uuids is not None else len(wanted)
        try:
            for first in range(0, len(wanted), together):
                numbers = range(len(wanted))[first:first + together]
                batch = [self._prepare(
                    context, spec, wanted[number], number, len(wanted),
                    claimless=uuids is None) for number in numbers]
                if numbers[-1] == len(wanted) - 1:
                    batch[-1].spares = spares
                self._decide(batch, ties)
                done += batch
        except BaseException as e:
            self._give_back(done, e)
            raise
        return servers.answer(done, spares)

    def _prepare(self, context: tachyon_context.RequestContext,
                 spec: request.RequestSpec, uuid: str | None, number: int,
                 count: int, claimless: bool) -> scheduler_data.SchedulingData:
        # Decisions are kept by request, and this one may have several.
        request_id = context.request_id or ""
        if count > 1:
            request_id = f"{request_id}:{uuid or number}"
        try:
            data = self._data_driver.initialise(
                context, dataclasses.replace(spec, instance_uuid=uuid))
        except exception.SchedulingDataInvalid as e:
            raise self._refuse(spec, uuid, request_id, _reason(e)) from e
        data.request_id = request_id
        data.claimless |= claimless
        if uuid is not None and not data.claimless:
            self.source.begin(uuid)
        return data

    def _decide(self, batch: Sequence[scheduler_data.SchedulingData],
                ties: servers.Servers) -> None:
        """Find hosts for some servers, and keep why.

        :raises NoValidHost: there is none for one of them.
        """
        try:
            self._pipeline.run_all(batch, ties)
        except exception.SchedulingDataInvalid as e:
            batch[0].end(Verdict.BAD_REQUEST, _reason(e))
        except (exception.DriverUnavailable, exception.PluginFailed,
                exception.HostSourceUnavailable) as e:
            batch[0].end(Verdict.BACKEND_ERROR, str(e))
        for number, data in enumerate(batch):
            if data.verdict not in (None, Verdict.SCHEDULED):
                self._fail(data, batch[:number])
        taken = []
        for data in batch:
            chosen = data.selection
            assert chosen is not None
            LOG.info("Server %s is given host %s", data.consumer_uuid,
                     chosen.host)
            if data.claimless:
                self._keep(explain.decision(data, self._conf,
                                            Verdict.SCHEDULED))
            else:
                taken.append((chosen.provider_uuid,
                              ties.share(data, chosen)))
        if taken:
            self.source.consume(taken)

    def _fail(self, data: scheduler_data.SchedulingData,
              former: Sequence[scheduler_data.SchedulingData]) -> NoReturn:
        """Keep why a server found no host, and those before it neither.

        :raises NoValidHost:
        """
        verdict = data.verdict
        assert verdict is not None
        summary = explain.summary(data, verdict)
        LOG.warning("Server %s found no host (%s): %s", data.consumer_uuid,
                    verdict, summary)
        self._keep(explain.decision(data, self._conf, verdict))
        error = _no_host(summary, verdict)
        self._give_back(former, error)
        raise error

    def _refuse(self, spec: request.RequestSpec, uuid: str | None,
                request_id: str, reason: str) -> errors.NoValidHost:
        """Keep why a request makes no sense; return the error to raise."""
        LOG.warning("Server %s can't be placed: %s", uuid, reason)
        verdict = Verdict.BAD_REQUEST
        self._keep(models.Decision(
            request_id, uuid or "", spec.project_id, str(verdict),
            explain.failed(uuid or "", spec.project_id, request_id, 0,
                           verdict, reason)))
        return _no_host(reason, verdict)

    def _keep(self, decision: models.Decision) -> None:
        """Store a decision; what was decided does not depend on it."""
        try:
            self._driver.decisions.put(decision)
        except exception.DriverUnavailable as e:
            LOG.warning("The decision on server %s is not kept: %s",
                        decision.consumer_uuid, e)

    def _give_back(self, done: Sequence[scheduler_data.SchedulingData],
                   error: BaseException) -> None:
        """Undo the claims, if they were made, of servers whose companion
        found no host."""
        verdict = (error.verdict if isinstance(error, errors.NoValidHost)
                   else Verdict.BACKEND_ERROR)
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
                    f"another server of the request found no host: {error}",
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


def _no_host(reason: str, verdict: Verdict) -> errors.NoValidHost:
    return errors.NoValidHost(f"{reason.rstrip('.')}.", verdict)


def _reason(error: exception.TachyonException) -> str:
    """Return what is wrong, without who found it."""
    return str(error.kwargs.get("reason", error))


def _names(uuids: Sequence[str] | None) -> str:
    return ", ".join(uuids or ()) or "(not named)"
