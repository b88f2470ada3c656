"""What a compute does: acts on instances, and tells schedulers about it.

A delivery's way::

    execute ... taken in, answered at once; its message claim is renewed with
                every heartbeat from now on
    begin ..... a scheduler is asked whether the delivery is the current one
    act ....... the domain driver
    finish .... a scheduler is told, until it answers

Whoever died in between, the message comes again, and the driver finds done
what was done. Whoever was overtaken is told no, and leaves no copy behind.
"""

import functools
import glob
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec, TypeVar

import tenacity
from oslo_config import cfg
from tenacity import nap

from tachyon import context
from tachyon import exception
from tachyon import objects
from tachyon.compute import work
from tachyon.compute.drivers import base
from tachyon.rpc import scheduler
from tachyon.rpc import transport

LOG = logging.getLogger(__name__)

BINARY = "tachyon-compute"
DOMAINS_PER_CALL = 1000
# Seconds between two times of asking a scheduler the same, growing.
RETRY_FROM, RETRY_TO = 0.2, 10.0

P = ParamSpec("P")
R = TypeVar("R")


class ComputeManager:
    """The instances of one compute. Its methods may be called in any thread.
    """

    def __init__(self, conf: cfg.ConfigOpts, domain_driver: base.DomainDriver,
                 scheduler_api: scheduler.SchedulerAPI):
        self.conf = conf
        self.driver = domain_driver
        self._scheduler_api = scheduler_api
        self._work = work.Work(conf.compute.max_concurrent_actions)
        self._hosts: Sequence[base.Host] | None = None
        self._stopping = threading.Event()
        self._reported = threading.Event()

    def stop(self) -> None:
        """End the actions under way; drop those that have not begun."""
        self._stopping.set()
        self._work.stop()

    # ---------------------------------------------------------- over the bus
    def execute(self, ctx: context.RequestContext,
                action: objects.InstanceAction) -> None:
        """Take a delivery in, and return."""
        taken = self._work.add(work.Job(
            action.instance_id, action.attempt,
            functools.partial(self._deliver, ctx, action)))
        if not taken:
            LOG.info("Passed over %s of instance %s, attempt %d: it is in "
                     "hand, or this daemon stops", action.action,
                     action.instance_id, action.attempt)

    # -------------------------------------------------------------- periodic
    def heartbeat(self, ctx: context.RequestContext) -> None:
        """Say which hosts are served, and what is in hand."""
        self._scheduler_api.heartbeat(ctx, objects.HeartbeatReport(
            host=self.conf.service_host, binary=BINARY, serves=self._serves(),
            work=[objects.WorkItem(instance_id=instance_id, attempt=attempt)
                  for instance_id, attempt in self._work.deliveries()]))

    def report_inventory(self, ctx: context.RequestContext) -> None:
        """Report what each host has, until a scheduler has taken it."""
        self._hosts = self.driver.inventory()
        for host in self._hosts:
            try:
                self._ask(self._scheduler_api.report_inventory, ctx,
                          _report_of(host))
            except exception.TachyonException as exc:
                LOG.error("The inventory of host %s was refused: %s",
                          host.name, transport.tell(exc))
        self._reported.set()

    def has_reported(self) -> bool:
        """Return whether the inventory of every host was answered once."""
        return self._reported.is_set()

    def reconcile(self, ctx: context.RequestContext) -> None:
        """Have the copies of instances looked through, and destroy those
        which a scheduler says must go."""
        idle = [domain for domain in self.driver.list()
                if not self._work.is_busy(domain.instance_id)]
        for domains in _pages(idle):
            doomed = set(self._ask(
                self._scheduler_api.reconcile, ctx, self.conf.service_host,
                objects.DomainList(objects=[_domain_of(domain)
                                            for domain in domains])))
            for domain in domains:
                if domain.instance_id in doomed:
                    self._work.add(work.Job(
                        domain.instance_id, None,
                        functools.partial(self._discard, ctx, domain)))

    # ------------------------------------------------------------ deliveries
    def _deliver(self, ctx: context.RequestContext,
                 action: objects.InstanceAction) -> None:
        ctx.update_store()
        try:
            current = self._ask_or_false(
                self._scheduler_api.begin_action, ctx, action.instance_id,
                action.attempt, action.host)
            if not current:
                LOG.info("Dropped %s of instance %s: attempt %d was "
                         "overtaken", action.action, action.instance_id,
                         action.attempt)
                return
            result = self._act(action)
            current = self._ask_or_false(
                self._scheduler_api.finish_action, ctx, result)
        except Exception as exc:
            LOG.error("Left %s of instance %s, attempt %d, to be delivered "
                      "again: %s", action.action, action.instance_id,
                      action.attempt, transport.tell(exc),
                      exc_info=not transport.is_unanswered(exc))
            return
        if not current:
            self._clean_up(ctx, action)

    def _act(self, action: objects.InstanceAction) -> objects.ActionResult:
        """Have the driver do it, and say how it went."""
        result = objects.ActionResult(
            instance_id=action.instance_id, attempt=action.attempt,
            host=action.host, action=action.action, succeeded=True)
        try:
            if action.action == "create":
                result.ip_address = self._create(action).ip_address
            elif action.action == "delete":
                self.driver.destroy(action.instance_id)
            else:
                getattr(self.driver, action.action)(action.instance_id)
        except exception.DomainError as exc:
            LOG.warning("%s", exc)
            result.fault = str(exc)
        except Exception as exc:
            LOG.exception("%s of instance %s failed", action.action,
                          action.instance_id)
            result.fault = f"{type(exc).__name__}: {exc}"
        else:
            LOG.info("%s of instance %s on %s is done", action.action,
                     action.instance_id, action.host)
            return result
        result.succeeded = False
        if action.action == "create":
            # Somebody else may make it now: nothing half-made may stay.
            self._destroy(action.instance_id)
        return result

    def _create(self, action: objects.InstanceAction) -> base.Domain:
        stale = self.driver.get(action.instance_id)
        if stale is not None and stale.host != action.host:
            LOG.warning("Instance %s has a copy on %s, of attempt %d, and is "
                        "to be on %s now: destroying the old one",
                        action.instance_id, stale.host, stale.attempt,
                        action.host)
            self.driver.destroy(action.instance_id)
        return self.driver.create(base.DomainSpec(
            instance_id=action.instance_id, attempt=action.attempt,
            host=action.host, name=action.name, image=action.image,
            resources=action.resources))

    def _clean_up(self, ctx: context.RequestContext,
                  action: objects.InstanceAction) -> None:
        """Leave no copy of a create whose result nobody wanted."""
        LOG.info("The result of %s of instance %s, attempt %d, came too "
                 "late", action.action, action.instance_id, action.attempt)
        domain = self.driver.get(action.instance_id)
        if (action.action == "create" and domain is not None
                and not self._work.has_newer(action.instance_id,
                                             action.attempt)):
            self._discard(ctx, domain)

    def _discard(self, ctx: context.RequestContext,
                 domain: base.Domain) -> None:
        """Destroy a copy, unless a later attempt has adopted it meanwhile."""
        ctx.update_store()
        now = self.driver.get(domain.instance_id)
        if now is None or (now.attempt, now.host) != (domain.attempt,
                                                      domain.host):
            return
        LOG.info("Destroying the copy of instance %s on %s: it does not "
                 "belong there", domain.instance_id, domain.host)
        self._destroy(domain.instance_id)

    def _destroy(self, instance_id: str) -> None:
        try:
            self.driver.destroy(instance_id)
        except Exception as exc:
            LOG.error("A copy of instance %s stays until the next "
                      "comparison: %s", instance_id, exc)

    # --------------------------------------------------------------- helpers
    def _ask(self, call: Callable[P, R], *args: P.args,
             **kwargs: P.kwargs) -> R:
        """Make a call until it is answered, or this daemon stops.

        :raises: what the answer was, if it was an error.
        """
        for attempt in tenacity.Retrying(
                retry=tenacity.retry_if_exception(transport.is_unanswered),
                wait=tenacity.wait_random_exponential(
                    multiplier=RETRY_FROM, max=RETRY_TO),
                stop=tenacity.stop_when_event_set(self._stopping),
                sleep=nap.sleep_using_event(self._stopping),
                before_sleep=_log_retry, reraise=True):
            with attempt:
                return call(*args, **kwargs)
        raise AssertionError("unreachable: reraise is set")

    def _ask_or_false(self, call: Callable[P, bool], *args: P.args,
                      **kwargs: P.kwargs) -> bool:
        """As ``_ask``; an instance that is gone answers no."""
        try:
            return self._ask(call, *args, **kwargs)
        except (exception.Fenced, exception.InstanceNotFound):
            return False

    def _serves(self) -> list[str]:
        if self.conf.compute.serves:
            return list(self.conf.compute.serves)
        if self._hosts is None:
            self._hosts = self.driver.inventory()
        return [glob.escape(host.name) for host in self._hosts]


def _log_retry(state: tenacity.RetryCallState) -> None:
    exc = state.outcome.exception() if state.outcome is not None else None
    if exc is not None:
        LOG.warning("No scheduler answered (%s): asking again",
                    transport.tell(exc))


def _report_of(host: base.Host) -> objects.InventoryReport:
    return objects.InventoryReport(
        provider_uuid=host.uuid, name=host.name, traits=sorted(host.traits),
        inventories=[objects.InventoryItem(
            resource_class=name, total=inventory.total,
            reserved=inventory.reserved, min_unit=inventory.min_unit,
            max_unit=inventory.max_unit, step_size=inventory.step_size,
            allocation_ratio=inventory.allocation_ratio)
            for name, inventory in sorted(host.inventories.items())])


def _domain_of(domain: base.Domain) -> objects.Domain:
    return objects.Domain(instance_id=domain.instance_id,
                          attempt=domain.attempt, host=domain.host,
                          state=str(domain.state))


def _pages(domains: Sequence[base.Domain]
           ) -> Iterator[Sequence[base.Domain]]:
    for start in range(0, len(domains), DOMAINS_PER_CALL):
        yield domains[start:start + DOMAINS_PER_CALL]
