"""InstanceManager: instances, from the wish for one to its end.

What a caller wants is stored first, as the instance and a durable message in
one transaction. The cast to the schedulers that follows only makes it quick:
when it gets lost, a scheduler's sweep finds the message.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
from oslo_utils import uuidutils

from tachyon import context
from tachyon import exception
from tachyon import objects
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.instances import access
from tachyon.instances import paging
from tachyon.instances import spec
from tachyon.instances import states
from tachyon.policies import instances as policies
from tachyon.rpc import scheduler as scheduler_rpc

LOG = logging.getLogger(__name__)

# Times an action is decided anew because the instance changed meanwhile.
CONFLICT_RETRIES = 10


class InstanceManager:
    """The business logic of instances. Safe to share between threads."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 scheduler_api: scheduler_rpc.SchedulerAPI):
        self.conf = conf
        self.driver = driver
        self.scheduler_api = scheduler_api

    def create(self, ctx: context.RequestContext,
               request: Mapping[str, Any]) -> models.Instance:
        """Store the wish for an instance and return it, BUILDING.

        ``request`` holds name, flavor, image, and optionally resources,
        required/forbidden/preferred/avoided traits, aggregates and
        scheduler_hints; its types are checked already.

        :raises ValidationError: see ``tachyon.instances.spec.resolve``; or
            the name is longer than ``[instances] max_name_length``.
        :raises PolicyNotAuthorized:
        """
        access.authorize(ctx, policies.CREATE)
        if ctx.project_id is None:
            raise exception.PolicyNotAuthorized(
                action=f"{policies.CREATE} outside of a project")
        longest = self.conf.instances.max_name_length
        if len(request["name"]) > longest:
            raise exception.ValidationError(
                field="name", reason=f"longer than {longest} characters.")
        wish = spec.resolve(self.driver, request)
        instance = models.Instance(
            id=uuidutils.generate_uuid(), name=request["name"],
            project_id=ctx.project_id, user_id=ctx.user_id or "",
            flavor=wish["flavor"], image=wish["image"],
            status=states.Status.BUILDING.value, spec=wish,
            request_id=ctx.request_id, task=states.Action.CREATE.value)
        message = self._message(ctx, instance.id, states.Action.CREATE.value)
        instance = self.driver.instances.submit(instance, message)
        self._wake(ctx, message)
        return self._shown(ctx, instance)

    def get(self, ctx: context.RequestContext, id: str) -> models.Instance:
        """Return an instance; without its host if the caller may not see it.

        :raises InstanceNotFound: also if it is not the caller's to see.
        """
        return self._shown(ctx, self._visible(ctx, id))

    def list(self, ctx: context.RequestContext, *,
             project_id: str | None = None,
             filters: Mapping[str, str] | None = None,
             include_deleted: bool = False, marker: str | None = None,
             limit: int | None = None) -> paging.Page[models.Instance]:
        """Return a page of the instances that the caller may see.

        ``filters`` compare name, status, host, flavor or image. DELETED ones
        come with ``include_deleted`` or a filter on that status.

        :raises MarkerNotFound:
        :raises PolicyNotAuthorized: another project's, or a filter by host,
            and not allowed to see these.
        """
        access.authorize(ctx, policies.LIST)
        project_id = access.listed_project(ctx, policies.LIST_ALL, project_id)
        if filters and "host" in filters:
            access.authorize(ctx, policies.SHOW_HOST)
        page = paging.fetch(
            lambda size: self.driver.instances.list(
                project_id=project_id, filters=filters,
                include_deleted=include_deleted, marker=marker, limit=size),
            lambda instance: instance.id, limit, self.conf.api.max_limit)
        # To ask once a project, not once an instance, matters on long pages.
        shown = {project: access.may(ctx, policies.SHOW_HOST, project)
                 for project in {item.project_id for item in page.items}}
        return dataclasses.replace(page, items=tuple(
            item if shown[item.project_id] else _without_host(item)
            for item in page.items))

    def act(self, ctx: context.RequestContext, id: str,
            action: str) -> models.Instance:
        """Store the wish for an action on an instance, and return it.

        A delete of an instance that is on no host is done at once. One of an
        instance being deleted already changes nothing.

        :raises InstanceNotFound: also if it is not the caller's to see.
        :raises InvalidTransition: its state does not allow the action.
        :raises InstanceBusy: another action is under way.
        :raises ConcurrentUpdate: it kept changing while this was decided.
        :raises PolicyNotAuthorized:
        """
        for _ in range(CONFLICT_RETRIES):
            instance = self._visible(ctx, id)
            access.authorize(ctx, policies.for_action(action),
                             instance.project_id)
            try:
                return self._shown(ctx, self._submit(ctx, instance, action))
            except exception.ConcurrentUpdate:
                LOG.debug("Instance %s changed: deciding %s anew", id, action)
        raise exception.ConcurrentUpdate(what=f"Instance {id}")

    def delete(self, ctx: context.RequestContext, id: str) -> models.Instance:
        """As ``act`` with ``delete``."""
        return self.act(ctx, id, states.Action.DELETE.value)

    def _submit(self, ctx: context.RequestContext, instance: models.Instance,
                action: str) -> models.Instance:
        deleting = action == states.Action.DELETE
        if deleting and instance.task == states.Action.DELETE:
            return instance
        states.check(instance, action)
        if deleting and instance.host is None:
            return self.driver.instances.end(instance.id, instance.generation)
        message = self._message(ctx, instance.id, action)
        instance = self.driver.instances.submit_action(
            instance.id, instance.generation, message)
        self._wake(ctx, message)
        return instance

    def _visible(self, ctx: context.RequestContext,
                 id: str) -> models.Instance:
        instance = self.driver.instances.get(id)
        if not access.may(ctx, policies.SHOW, instance.project_id):
            raise exception.InstanceNotFound(id=id)
        return instance

    def _shown(self, ctx: context.RequestContext,
               instance: models.Instance) -> models.Instance:
        if access.may(ctx, policies.SHOW_HOST, instance.project_id):
            return instance
        return _without_host(instance)

    @staticmethod
    def _message(ctx: context.RequestContext, instance_id: str,
                 action: str) -> models.Message:
        return models.Message(
            id=uuidutils.generate_uuid(), instance_id=instance_id,
            action=action, request_id=ctx.request_id,
            context=ctx.to_durable_dict())

    def _wake(self, ctx: context.RequestContext,
              message: models.Message) -> None:
        notice = objects.RequestNotice(
            message_id=message.id, instance_id=message.instance_id,
            action=message.action)
        try:
            self.scheduler_api.wake(ctx, notice)
        except Exception as exc:
            # The wish is stored: failing the caller now would make it ask
            # for the same again.
            LOG.warning("No scheduler could be woken for the %s of instance "
                        "%s (%s: %s); a sweep will find it", message.action,
                        message.instance_id, type(exc).__name__, exc)


def _without_host(instance: models.Instance) -> models.Instance:
    return dataclasses.replace(instance, host=None, provider_uuid=None,
                               tried=())
