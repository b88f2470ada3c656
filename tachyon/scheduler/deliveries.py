"""Deliveries: what a claimed message of the durable queue leads to.

Each ends in exactly one way: the action is cast to a compute; or the
instance is finished, failed, or taken off its host for another try; or, where
the store or the bus can't be reached, nothing is done and the message claim
runs out, so that somebody delivers it again. Whoever was overtaken meanwhile
is told so by the store (``Fenced``) and drops what it was doing.

What can't be done for want of somebody to do it, the bus or a compute that
was not heard yet, is postponed: that delivery does not count.
"""

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oslo_config import cfg
from oslo_context import context as oslo_context
from oslo_log import log as logging
from oslo_utils import uuidutils

from tachyon import context as tachyon_context
from tachyon import exception
from tachyon import objects
from tachyon import policy
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.instances import states
from tachyon.rpc import compute as compute_rpc
from tachyon.rpc import transport
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import explain
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler import noted
from tachyon.scheduler import pipeline as scheduler_pipeline
from tachyon.scheduler.data_drivers import base as data_drivers_base

LOG = logging.getLogger(__name__)

CREATE_RULE = "tachyon:instances:create"
# Verdicts that may change when computes that are silent are heard again.
_MAY_PASS = (scheduler_data.Verdict.ALL_FILTERED,
             scheduler_data.Verdict.CLAIM_CONFLICT)


class Deliveries:
    """Claims messages and does what they ask for."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 hosts: scheduler_hosts.HostMap,
                 pipeline: scheduler_pipeline.Pipeline,
                 data_driver: data_drivers_base.DataDriver,
                 compute_api: compute_rpc.ComputeAPI, batch: int):
        """``batch`` is how many messages are handled at the same time."""
        self._conf = conf
        self._driver = driver
        self._hosts = hosts
        self._pipeline = pipeline
        self._data_driver = data_driver
        self._compute_api = compute_api
        self._stopping = threading.Event()
        self.noted = noted.Noted(
            lambda ids: self._claim(ids=ids, limit=len(ids)), batch)
        self.owner = ":".join((conf.service_host, str(os.getpid()),
                               uuidutils.generate_uuid()))

    def stop(self) -> None:
        """Claim nothing more; what was claimed is handled."""
        self._stopping.set()
        self.noted.hurry()

    def take(self) -> None:
        """Handle one of the messages that were ``noted``, unless others have
        it; and what was claimed with it, if nobody comes for that.

        :raises DriverUnavailable: they are left to the sweep.
        """
        claimed = self.noted.take()
        while claimed is not None:
            self._handle(*claimed)
            claimed = self.noted.next()

    def sweep(self, min_age: float) -> None:
        """Handle all messages that nobody has had for ``min_age`` seconds.

        One is claimed at a time: what waits its turn here could be handled
        by another scheduler just as well.
        """
        while self._take(min_age):
            pass

    def _take(self, min_age: float) -> bool:
        claimed = self._claim(min_age=min_age)
        for message, instance in claimed:
            self._handle(message, instance)
        return bool(claimed)

    def _claim(self, **which: Any) -> Sequence[noted.Claimed]:
        """Claim as ``MessagesController.claim`` does, if there is any use in
        that."""
        if self._stopping.is_set():
            return []
        if not self._hosts.can_decide():
            LOG.debug("No compute is heard: requests wait.")
            return []
        return self._driver.messages.claim(
            self.owner, self._conf.scheduler.claim_ttl, **which)

    # ---------------------------------------------------------- one delivery
    def _handle(self, message: models.Message,
                instance: models.Instance) -> None:
        with _acting_for(message) as context:
            LOG.info("%s of instance %s, delivery %d (attempt %d)",
                     message.action, instance.id, message.deliveries,
                     message.attempt)
            try:
                if context is None:
                    self._fail(message, instance,
                               scheduler_data.Verdict.BAD_REQUEST,
                               f"{message.action}: its message does not say "
                               "who asked for it.")
                else:
                    self._dispatch(context, message, instance)
            except exception.Fenced as e:
                LOG.info("%s", e)
            except exception.DriverUnavailable as e:
                self._leave(message, e)
            except Exception as e:
                LOG.exception("%s of instance %s failed.", message.action,
                              instance.id)
                self._broken(message, instance, e)

    def _leave(self, message: models.Message,
               error: exception.DriverUnavailable) -> None:
        """Postpone what the store did not do, if it takes that; or let the
        claim run out."""
        try:
            self._postpone(message, str(error))
        except exception.DriverUnavailable:
            LOG.warning("%s of instance %s is left until its claim runs out",
                        message.action, message.instance_id)

    def _dispatch(self, context: tachyon_context.RequestContext,
                  message: models.Message,
                  instance: models.Instance) -> None:
        if message.deliveries > self._conf.scheduler.max_attempts:
            self._give_up(message, instance)
        elif message.action == states.Action.CREATE:
            self._create(context, message, instance)
        else:
            self._act(context, message, instance)

    def _create(self, context: tachyon_context.RequestContext,
                message: models.Message, instance: models.Instance) -> None:
        if instance.host is None:
            self._schedule(context, message, instance)
            return
        service, down = self._hosts.service_of(instance.host)
        if service is not None and not down:
            LOG.info("Instance %s is on host %s already: adopted.",
                     instance.id, instance.host)
            self._cast(context, message, instance, service, down)
            return
        LOG.info("The compute of host %s is down: instance %s is scheduled "
                 "anew.", instance.host, instance.id)
        # Landing elsewhere takes it off this host in the same transaction.
        self._schedule(context, message, instance)

    def _schedule(self, context: tachyon_context.RequestContext,
                  message: models.Message,
                  instance: models.Instance) -> None:
        try:
            policy.authorize(context, CREATE_RULE,
                             {"project_id": instance.project_id,
                              "user_id": instance.user_id})
            data = self._data_driver.initialise(context, instance)
            self._pipeline.run(data)
            if (data.verdict is scheduler_data.Verdict.SCHEDULED
                    and data.landed is None):
                raise exception.SchedulingDataInvalid(
                    action=", ".join(data.pipeline),
                    reason="none of them landed the instance.")
        except (exception.BadRequest, exception.PolicyNotAuthorized) as e:
            self._fail(message, instance,
                       scheduler_data.Verdict.BAD_REQUEST, str(e))
            return
        if data.landed is not None and data.selection is not None:
            self._landed(context, message, data.landed, data.selection)
            return
        assert data.verdict is not None
        if data.verdict in _MAY_PASS and data.uncertain:
            self._postpone(message, "not all computes are heard yet")
            return
        fault = explain.summary(data, data.verdict)
        if instance.fault is not None:
            fault += f"; the last host that failed it: {instance.fault}"
        LOG.warning("Instance %s found no host (%s): %s", instance.id,
                    data.verdict, fault)
        self._driver.instances.fail(
            instance.id, message.attempt, fault,
            explain.decision(data, self._conf, data.verdict))

    def _landed(self, context: tachyon_context.RequestContext,
                message: models.Message, instance: models.Instance,
                chosen: scheduler_data.Selection) -> None:
        LOG.info("Instance %s landed on host %s", instance.id, chosen.host)
        if chosen.service_host is None:
            self._fail(message, instance,
                       scheduler_data.Verdict.BACKEND_ERROR,
                       "no compute serves the chosen host; the ComputeFilter "
                       "would have refused it.")
        else:
            self._tell(context, message, instance, chosen.service_host)

    def _act(self, context: tachyon_context.RequestContext,
             message: models.Message, instance: models.Instance) -> None:
        deletes = message.action == states.Action.DELETE
        if instance.host is None:
            if deletes:
                self._driver.instances.end(instance.id, instance.generation)
            else:
                self._driver.instances.fail(
                    instance.id, message.attempt,
                    f"{message.action}: the instance is on no host.")
            return
        service, down = self._hosts.service_of(instance.host)
        if deletes and down:
            # What runs there is destroyed by its own compute once that is
            # back and compares.
            LOG.info("The compute of host %s is down: instance %s is deleted "
                     "without it.", instance.host, instance.id)
            self._driver.instances.finish(
                instance.id, message.attempt, instance.host,
                str(states.Status.DELETED))
        elif service is None:
            self._driver.instances.fail(
                instance.id, message.attempt,
                f"{message.action}: no compute serves its host.")
        else:
            # One that is down may be back before the claim runs out.
            self._cast(context, message, instance, service, down)

    def _cast(self, context: tachyon_context.RequestContext,
              message: models.Message, instance: models.Instance,
              service: models.Service, down: bool) -> None:
        """Tell the compute of the instance's host, unless it is silent and
        nobody knows yet whether it is down."""
        if not down and service.age > self._hosts.hearing.lapse:
            self._postpone(message, f"compute {service.host} is silent")
        else:
            self._tell(context, message, instance, service.host)

    def _tell(self, context: tachyon_context.RequestContext,
              message: models.Message, instance: models.Instance,
              service_host: str) -> None:
        action = objects.InstanceAction(
            message_id=message.id, instance_id=instance.id,
            attempt=message.attempt, action=message.action,
            host=instance.host, name=instance.name, image=instance.image,
            resources=dict(instance.spec.get("resources") or {}))
        try:
            self._compute_api.execute(context, service_host, action,
                                      again=message.deliveries > 1)
        except Exception as e:
            if not transport.is_unanswered(e):
                raise
            self._hosts.hearing.lose()
            self._postpone(message, f"the bus is away: {e}")

    def _postpone(self, message: models.Message, reason: str) -> None:
        """Have a message delivered again a while later, as if this delivery
        had not been."""
        LOG.warning("%s of instance %s is postponed: %s", message.action,
                    message.instance_id, reason)
        self._driver.messages.postpone(
            message.instance_id, message.attempt,
            self._conf.scheduler.sweep_interval)

    # ---------------------------------------------------------- what is over
    def _give_up(self, message: models.Message,
                 instance: models.Instance) -> None:
        times = message.deliveries - 1
        if instance.host is None:
            reason = (f"{message.action} was given up: it was begun {times} "
                      "times, and no scheduler came to an end with it.")
            if instance.fault is not None:
                reason += f" The last host that failed it: {instance.fault}"
        else:
            reason = (f"{message.action} was given up: it was begun {times} "
                      f"times, and the compute of host {instance.host} never "
                      "reported its end.")
        self._fail(message, instance,
                   scheduler_data.Verdict.RETRIES_EXHAUSTED, reason)

    def _broken(self, message: models.Message, instance: models.Instance,
                error: Exception) -> None:
        """End what Tachyon itself can't do, once it was tried enough."""
        if message.deliveries < self._conf.scheduler.max_attempts:
            return
        try:
            self._fail(message, instance,
                       scheduler_data.Verdict.BACKEND_ERROR,
                       f"{message.action} failed: {type(error).__name__}: "
                       f"{error}")
        except exception.TachyonException as e:
            LOG.warning("Instance %s could not be put in ERROR: %s",
                        instance.id, e)

    def _fail(self, message: models.Message, instance: models.Instance,
              verdict: scheduler_data.Verdict, reason: str) -> None:
        LOG.warning("Instance %s ends in ERROR: %s", instance.id, reason)
        self._driver.instances.fail(
            instance.id, message.attempt, reason,
            ended(self._driver, self._conf, instance, message.request_id,
                  message.attempt, verdict, reason))


def ended(driver: db_base.DataDriverBase, conf: cfg.ConfigOpts,
          instance: models.Instance, request_id: str, attempt: int,
          verdict: scheduler_data.Verdict, reason: str) -> models.Decision:
    """Return the decision of a request that ends without, or after, one."""
    try:
        former = driver.decisions.get(request_id).document
    except exception.RequestNotFound:
        former = explain.failed(instance.id, instance.project_id, request_id,
                                attempt, verdict, reason, instance.tried)
    return models.Decision(
        request_id=request_id, consumer_uuid=instance.id,
        project_id=instance.project_id, verdict=str(verdict),
        document=explain.ended(former, verdict, reason,
                               conf.scheduler.explain_max_bytes))


@contextlib.contextmanager
def _acting_for(message: models.Message
                ) -> Iterator[tachyon_context.RequestContext | None]:
    """Make the context of who asked the thread's current one, so that all
    log lines know the request, and give the thread its own back. None: it
    can't be read."""
    before = oslo_context.get_current()
    try:
        yield (tachyon_context.RequestContext.from_durable_dict(
            dict(message.context))
            if isinstance(message.context, Mapping) else None)
    finally:
        (before or tachyon_context.get_admin_context()).update_store()
