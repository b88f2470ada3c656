"""SchedulerManager: what schedulers do, and what computes tell them.

Its public methods are those of ``tachyon.rpc.scheduler.SchedulerAPI``, and
what the service calls every so often. Each belongs to one flow:
``deliveries`` (requests), ``results`` (of computes), ``heartbeats``.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any

import futurist
from futurist import rejection
from oslo_config import cfg
from oslo_log import log as logging

from tachyon import context as tachyon_context
from tachyon import exception
from tachyon import objects
from tachyon import plugins
from tachyon import policy
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.placement import manager as placement_manager_module
from tachyon.placement import view as placement_view
from tachyon.rpc import compute as compute_rpc
from tachyon.scheduler import deliveries
from tachyon.scheduler import enabled
from tachyon.scheduler import explain
from tachyon.scheduler import heartbeats
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler import pipeline as scheduler_pipeline
from tachyon.scheduler import results
from tachyon.scheduler.host_sources import base as source_base
from tachyon.scheduler.nova import dry_run
from tachyon.scheduler.nova import manager as nova_manager

LOG = logging.getLogger(__name__)

EXPLAIN_RULE = "tachyon:requests:explain"

# Decisions made at the same time by one process. They wait for the store for
# the most part; more of them would only meet more conflicts.
DECIDERS = 8
# Wake-ups that may wait for their turn. More are left to the sweep.
BACKLOG_MAX = 1000


class SchedulerManager:
    """One a process; many threads call it.

    Requests are handled by threads of its own, not by those that serve the
    bus: however many wait, heartbeats and results are heard at once.

    :raises PluginError: when made, if a plug-in that the configuration names
        is missing or broken.
    """

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 view: placement_view.View,
                 placement_manager: placement_manager_module.PlacementManager,
                 compute_api: compute_rpc.ComputeAPI,
                 executor: futures.Executor | None = None):
        self._conf = conf
        self._driver = driver
        self._placement = placement_manager
        self._executor: futures.Executor = (
            executor or futurist.ThreadPoolExecutor(
                max_workers=DECIDERS,
                check_and_reject=rejection.reject_when_reached(BACKLOG_MAX)))
        self._hosts = scheduler_hosts.HostMap(conf, driver)
        source = _make_source(conf, driver) if conf.nova.enabled else None
        self._pipeline = scheduler_pipeline.load(conf, driver, view,
                                                 self._hosts, source)
        self._data_driver = enabled.make(
            plugins.DATA_DRIVERS, "instance",
            plugins.load(plugins.DATA_DRIVERS, "instance"), conf)
        self._deliveries = deliveries.Deliveries(
            conf, driver, self._hosts, self._pipeline, self._data_driver,
            compute_api, DECIDERS)
        # None unless nova's requests are answered, too.
        self.nova: nova_manager.NovaManager | None = None
        self.dry_runs: dry_run.DryRuns | None = None
        if source is not None:
            nova_driver = enabled.make(
                plugins.DATA_DRIVERS, "nova",
                plugins.load(plugins.DATA_DRIVERS, "nova"), conf)
            self.nova = nova_manager.NovaManager(
                conf, driver, self._pipeline, nova_driver, source)
            self.dry_runs = dry_run.DryRuns(conf, driver, self._pipeline,
                                            nova_driver)
        self._results = results.Results(conf, driver, self._reschedule)
        self._heartbeats = heartbeats.Heartbeats(conf, driver)

    def stop(self) -> None:
        """Begin nothing new, and wait for what was begun."""
        self._deliveries.stop()
        self._executor.shutdown()

    def close(self) -> None:
        """Write what is left to be written, and close the store."""
        try:
            self._heartbeats.flush()
        except exception.DriverUnavailable as e:
            LOG.warning("The last heartbeats are lost: %s", e)
        if self.nova is not None:
            self.nova.close()
        self._driver.close()

    # --------------------------------------------------------------- requests
    def wake(self, ctx: tachyon_context.RequestContext,
             notice: objects.RequestNotice) -> None:
        """Begin to handle a request that was stored, if nobody else does."""
        self._deliveries.noted.add(notice.message_id)
        if not self._begin(self._deliveries.take):
            self._deliveries.noted.discard(notice.message_id)

    def explain(self, ctx: tachyon_context.RequestContext,
                request: objects.SchedulingRequest,
                capacity: bool = False) -> dict[str, Any]:
        """Return the document of the decision that would be made now; with
        ``capacity``, also how many more fit.

        :raises PolicyNotAuthorized:
        :raises SchedulingDataInvalid:
        """
        policy.authorize(ctx, EXPLAIN_RULE)
        data = self._data_driver.initialise(ctx, request)
        data.counted = capacity
        self._pipeline.run(data)
        return explain.document(data, self._conf, data.verdict)

    def explain_server(self, ctx: tachyon_context.RequestContext,
                       request: Mapping[str, Any], hosts: Sequence[str] = (),
                       capacity: bool = False) -> dict[str, Any]:
        """Return the document of the decision on a server of nova's: see
        ``tachyon.scheduler.nova.dry_run``.

        :raises PolicyNotAuthorized:
        :raises SchedulingDataInvalid: also if nova's requests are not
            answered here.
        :raises ValidationError:
        """
        policy.authorize(ctx, EXPLAIN_RULE)
        if self.dry_runs is None:
            raise dry_run.refuse("[nova] enabled is off, so nothing is known "
                                 "of Nova's hosts.")
        return self.dry_runs.explain(ctx, request, hosts, capacity)

    # ----------------------------------------------------------- from computes
    def begin_action(self, ctx: tachyon_context.RequestContext,
                     instance_id: str, attempt: int, host: str) -> bool:
        """Return whether a compute may act on this delivery."""
        return self._results.begin(instance_id, attempt, host)

    def finish_action(self, ctx: tachyon_context.RequestContext,
                      result: objects.ActionResult) -> bool:
        """Store what became of a delivery; False: it no longer counts, and
        what a create made must go."""
        return self._results.finish(result)

    def reconcile(self, ctx: tachyon_context.RequestContext,
                  service_host: str,
                  domains: objects.DomainList) -> list[str]:
        """Return the ids of the copies that a compute must destroy."""
        return self._results.reconcile(service_host, domains)

    def heartbeat(self, ctx: tachyon_context.RequestContext,
                  report: objects.HeartbeatReport) -> None:
        """Note that a daemon is alive, and what it works on."""
        if self._heartbeats.add(report) and not self._hosts.hearing.settled:
            # Requests may have been waiting for a first compute.
            self._reschedule()

    def report_inventory(self, ctx: tachyon_context.RequestContext,
                         report: objects.InventoryReport) -> None:
        """Make a host in the store what its compute says it is."""
        inventories = {item.resource_class: models.Inventory(
            total=item.total, reserved=item.reserved, min_unit=item.min_unit,
            max_unit=item.max_unit, step_size=item.step_size,
            allocation_ratio=item.allocation_ratio)
            for item in report.inventories}
        self._placement.apply_inventory_report(
            ctx, report.provider_uuid, report.name, inventories,
            frozenset(report.traits))

    # -------------------------------------------------------------- periodics
    def sweep(self) -> None:
        """Handle what nobody has: lost wake-ups, claims of the dead."""
        self._deliveries.sweep(self._conf.scheduler.sweep_interval)

    def flush_heartbeats(self) -> None:
        """Write the heartbeats heard since the last time, and look whether
        any scheduler hears them."""
        self._heartbeats.flush()
        self._hosts.refresh()

    def gc(self) -> None:
        """Remove from the store what is past its retention."""
        removed = {kind: count for kind, count in self._driver.gc().items()
                   if count}
        if removed:
            LOG.info("Removed from the store: %s", removed)

    # --------------------------------------------------------------- internals
    def _reschedule(self) -> None:
        """Look at once for what was given back, without a caller waiting."""
        self._begin(self._deliveries.sweep, 0.0)

    def _begin(self, work: Callable[..., object], *args: object) -> bool:
        """Have work done in a thread of ours; the sweep finds what is not.
        """
        try:
            self._executor.submit(_do, work, *args)
        except futurist.RejectedSubmission:
            LOG.info("There is much to do: a request is left to the sweep.")
        except RuntimeError:
            LOG.info("This scheduler stops: a request is left to another.")
        else:
            return True
        return False


def _make_source(conf: cfg.ConfigOpts, driver: db_base.DataDriverBase
                 ) -> source_base.HostSource:
    name = conf.nova_hosts.source
    source: source_base.HostSource = enabled.make(
        plugins.HOST_SOURCES, name, plugins.load(plugins.HOST_SOURCES, name),
        conf, driver)
    return source


def _do(work: Callable[..., object], *args: object) -> None:
    """Do what nobody waits for, and who would be told of its errors."""
    try:
        work(*args)
    except exception.DriverUnavailable as e:
        LOG.warning("A request is left to the sweep: %s", e)
    except Exception:
        LOG.exception("A request is left to the sweep.")
