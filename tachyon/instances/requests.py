"""RequestsManager: what was decided and why, and what would be."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from tachyon import context
from tachyon import exception
from tachyon import objects
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.instances import access
from tachyon.instances import paging
from tachyon.instances import spec
from tachyon.policies import requests as policies
from tachyon.rpc import scheduler as scheduler_rpc

# What a document says of all hosts together, and not of any single one.
_HOSTLESS = ("verdict", "reason", "summary")


class RequestsManager:
    """Explain documents: stored ones, and dry runs."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 scheduler_api: scheduler_rpc.SchedulerAPI):
        self.conf = conf
        self.driver = driver
        self.scheduler_api = scheduler_api

    def get(self, ctx: context.RequestContext, id: str) -> models.Decision:
        """Return the decision of a request.

        :raises RequestNotFound: also while it is undecided, and if it is not
            the caller's to see.
        """
        decision = self.driver.decisions.get(id)
        if not access.may(ctx, policies.SHOW, decision.project_id):
            raise exception.RequestNotFound(id=id)
        return self._shown(ctx, decision)

    def list(self, ctx: context.RequestContext, *,
             consumer_uuid: str | None = None, project_id: str | None = None,
             marker: str | None = None, limit: int | None = None
             ) -> paging.Page[models.Decision]:
        """Return a page of the decisions that the caller may see, newest
        first.

        :raises MarkerNotFound:
        :raises PolicyNotAuthorized: another project's, and not allowed to.
        """
        access.authorize(ctx, policies.LIST)
        project_id = access.listed_project(ctx, policies.LIST_ALL, project_id)
        page = paging.fetch(
            lambda size: self.driver.decisions.list(
                consumer_uuid=consumer_uuid, project_id=project_id,
                marker=marker, limit=size),
            lambda decision: decision.request_id, limit,
            self.conf.api.max_limit)
        return dataclasses.replace(page, items=tuple(
            self._shown(ctx, decision) for decision in page.items))

    def explain(self, ctx: context.RequestContext,
                request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the document of a decision made now, without a claim.

        ``request`` is that of ``InstanceManager.create``, with ``hosts``:
        names of those that are to be explained in full.

        :raises ValidationError: see ``tachyon.instances.spec.resolve``.
        :raises PolicyNotAuthorized:
        """
        access.authorize(ctx, policies.EXPLAIN)
        wish = spec.resolve(self.driver, request)
        return self.scheduler_api.explain(ctx, objects.SchedulingRequest(
            name=request["name"], hosts=list(request.get("hosts", ())),
            **wish))

    def _shown(self, ctx: context.RequestContext,
               decision: models.Decision) -> models.Decision:
        if access.may(ctx, policies.SHOW_HOSTS, decision.project_id):
            return decision
        return dataclasses.replace(
            decision, document=without_hosts(decision.document))


def without_hosts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a document that tell nothing of a single host."""
    shown = {key: document[key] for key in _HOSTLESS if key in document}
    shown["funnel"] = [_counts(row) for row in document.get("funnel", ())]
    return shown


def _counts(row: Mapping[str, Any]) -> dict[str, Any]:
    removed = [{key: value for key, value in part.items()
                if key != "examples"} for part in row.get("removed", ())]
    return {**row, "removed": removed}
