"""RequestsManager: what was decided and why, and what would be."""

import dataclasses
from collections.abc import Callable, Mapping
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
from tachyon.rpc import transport

# Documents are large: a page holds no more than these.
MAX_PAGE = 100

# What a document says of single hosts, and what is said instead to those who
# may not know.
_HOSTS = {"host": None, "service": None, "allocations": None,
          "conflicts": (), "scores": (), "nearest": (), "hosts": ()}
# What a question about a server of Nova's has one of.
_OF_NOVA = ("server", "request_spec")
# Deeper than anything of Nova's: to take it apart for the bus, and put it
# together, must not exhaust the stack.
DEPTH_MAX = 100
# Of what was decided on, the part that the caller had sent.
_OWN_INPUTS = ("query", "preferred_traits", "avoided_traits",
               "scheduler_hints")


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
            min(MAX_PAGE, self.conf.api.max_limit))
        shown = {project: access.may(ctx, policies.SHOW_HOSTS, project)
                 for project in {item.project_id for item in page.items}}
        return dataclasses.replace(page, items=tuple(
            item if shown[item.project_id] else _without_hosts(item)
            for item in page.items))

    def explain(self, ctx: context.RequestContext,
                request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the document of a decision made now, without a claim.

        ``request`` is that of ``InstanceManager.create``, or has a server of
        Nova's: ``server``, in plain words, or ``request_spec``, as Nova sends
        it. Besides, ``hosts``: names of those that are to be explained in
        full, and ``capacity``: whether to tell how many more fit.

        :raises ValidationError: see ``tachyon.instances.spec.resolve``; or
            the flavor is too small for the image, or a spec nested too deeply.
        :raises BadRequest: the scheduler can't make sense of it, or has
            nothing to do with Nova.
        :raises SchedulerUnavailable: none answers.
        :raises PolicyNotAuthorized:
        """
        access.authorize(ctx, policies.EXPLAIN)
        hosts = list(request.get("hosts", ()))
        capacity = request.get("capacity", False)
        server = {name: request[name] for name in _OF_NOVA if name in request}
        if server:
            if _is_deep(server):
                raise exception.ValidationError(field=next(iter(server)),
                                                reason="nested too deeply.")
            return self._ask(self.scheduler_api.explain_server, ctx, server,
                             hosts, capacity)
        wish = spec.resolve(self.driver, request)
        return self._ask(
            self.scheduler_api.explain, ctx, objects.SchedulingRequest(
                name=request["name"], hosts=hosts, **wish), capacity)

    def _ask(self, ask: Callable[..., Mapping[str, Any]],
             *args: object) -> Mapping[str, Any]:
        try:
            return ask(*args)
        except exception.TachyonException as e:
            raise _own(e) from e
        except Exception as e:
            if transport.is_too_new(e):
                raise exception.SchedulerUnavailable(
                    reason="tachyon-scheduler is to be upgraded first") from e
            if not transport.is_unanswered(e):
                raise
            raise exception.SchedulerUnavailable(
                reason=type(e).__name__) from e

    def _shown(self, ctx: context.RequestContext,
               decision: models.Decision) -> models.Decision:
        if access.may(ctx, policies.SHOW_HOSTS, decision.project_id):
            return decision
        return _without_hosts(decision)


def _without_hosts(decision: models.Decision) -> models.Decision:
    """Return a decision whose document, of the same form, tells of no single
    host."""
    document = decision.document
    inputs = document.get("inputs", {})
    return dataclasses.replace(decision, document={
        **document, **_HOSTS,
        "funnel": [_without_examples(row)
                   for row in document.get("funnel", ())],
        "inputs": {key: inputs[key] for key in _OWN_INPUTS if key in inputs},
    })


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [inner for each in level if isinstance(each, (dict, list))
                 for inner in (each.values() if isinstance(each, dict)
                               else each)]
        if not level:
            return False
    return True


def _own(error: exception.TachyonException) -> exception.TachyonException:
    """Return an error as it was raised: oslo.messaging makes it one of a
    class of its own, whose text ends in the other side's traceback."""
    cls = next(cls for cls in type(error).__mro__
               if cls.__module__ == exception.__name__)
    return cls(*error.args, **error.kwargs)


def _without_examples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "removed": [{**reason, "examples": []}
                               for reason in row["removed"]]}
