"""What computes ask and tell: may I begin, this became of it, who am I."""

from collections.abc import Callable, Iterable, Sequence

from oslo_config import cfg
from oslo_log import log as logging

from tachyon import exception
from tachyon import objects
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.instances import states
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import deliveries

LOG = logging.getLogger(__name__)

# Unknown instances that are remembered as logged.
UNKNOWN_MAX = 10_000


class Results:
    """Ends instance actions. ``reschedule`` is called, and must not wait,
    when an instance has been taken off a host that failed it."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 reschedule: Callable[[], None]):
        self._conf = conf
        self._driver = driver
        self._reschedule = reschedule
        self._unknown: set[str] = set()         # that were logged

    def begin(self, instance_id: str, attempt: int, host: str) -> bool:
        """Return whether this delivery is still the one that counts; its
        claim is renewed if it is."""
        renewed = self._driver.messages.renew(
            [(instance_id, attempt)], self._conf.scheduler.claim_ttl)
        return renewed.get((instance_id, attempt)) == host

    def finish(self, result: objects.ActionResult) -> bool:
        """Store what became of a delivery.

        Told again, since the answer was lost, it changes nothing more.
        False for a create says that its copy is not wanted: destroy it.
        """
        try:
            if result.succeeded:
                self._succeeded(result)
            else:
                self._failed(result)
        except exception.InstanceNotFound:
            return False
        except exception.Fenced:
            return self._is_settled(result)
        return True

    def _succeeded(self, result: objects.ActionResult) -> None:
        status = states.after(result.action)
        self._driver.instances.finish(
            result.instance_id, result.attempt, result.host, status,
            ip_address=result.ip_address)
        LOG.info("%s of instance %s on host %s succeeded: it is %s",
                 result.action, result.instance_id, result.host, status)

    def _failed(self, result: objects.ActionResult) -> None:
        instance = self._driver.instances.get(result.instance_id)
        fault = result.fault or f"{result.action} failed for no given reason."
        LOG.warning("%s of instance %s on host %s failed: %s", result.action,
                    instance.id, result.host, fault)
        if result.action != states.Action.CREATE:
            self._driver.instances.fail(instance.id, result.attempt, fault)
        elif (len({*instance.tried, result.host})
              < self._conf.scheduler.max_attempts):
            self._driver.instances.unland(instance.id, result.attempt,
                                          failed_host=result.host,
                                          fault=fault)
            self._reschedule()
        else:
            self._fail_create(instance, result, fault)

    def _fail_create(self, instance: models.Instance,
                     result: objects.ActionResult, fault: str) -> None:
        failed = len({*instance.tried, result.host})
        if failed > 1:
            fault = f"{failed} hosts failed to create it, the last: {fault}"
        self._driver.instances.fail(
            instance.id, result.attempt, fault, deliveries.ended(
                self._driver, self._conf, instance, instance.request_id,
                result.attempt, scheduler_data.Verdict.RETRIES_EXHAUSTED,
                fault))

    def _is_settled(self, result: objects.ActionResult) -> bool:
        """Answer a compute whose result no longer counts.

        The copy that a create made is wanted as long as its instance lives
        on that host, whichever attempt put it there: an answer that got
        lost, or a scheduler that adopted the instance, must not cost it.
        """
        try:
            instance = self._driver.instances.get(result.instance_id)
        except exception.InstanceNotFound:
            return False
        if result.action == states.Action.CREATE:
            return (result.succeeded and instance.host == result.host
                    and instance.status != states.Status.DELETED)
        return (instance.attempt == result.attempt
                and instance.task is None)

    def reconcile(self, service_host: str,
                  domains: Iterable[objects.Domain]) -> list[str]:
        """Return the ids of those copies that a compute must destroy: their
        instance is deleted, or lives elsewhere.

        Instances that the store has never heard of are left alone: that is
        more likely the wrong store than a copy of no use.
        """
        domains = list(domains)
        there = {instance.id: instance for instance
                 in self._driver.instances.get_many(
                     [domain.instance_id for domain in domains])}
        self._tell_unknown(service_host, [
            domain.instance_id for domain in domains
            if domain.instance_id not in there])
        stale = []
        for domain in domains:
            instance = there.get(domain.instance_id)
            if instance is not None and (
                    instance.status == states.Status.DELETED
                    or instance.host != domain.host):
                LOG.info("Compute %s has a stale copy of instance %s",
                         service_host, instance.id)
                stale.append(instance.id)
        return stale

    def _tell_unknown(self, service_host: str, ids: Sequence[str]) -> None:
        """Log each once: they are reported again and again."""
        for id in ids:
            if id not in self._unknown:
                LOG.warning("Compute %s has instance %s, which is not in the "
                            "store: left as it is.", service_host, id)
        if len(self._unknown) > UNKNOWN_MAX:
            self._unknown.clear()
        self._unknown.update(ids)
