"""The data driver of instances: stored ones, and those only thought of."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from tachyon import context as tachyon_context
from tachyon import exception
from tachyon import objects
from tachyon.db import models
from tachyon.placement import query as placement_query
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.data_drivers import base

# A scheduler hint by which a decision can be replayed.
SEED = "seed"


class InstanceDataDriver(base.DataDriver):
    """Reads ``Instance.spec``, or a ``SchedulingRequest`` for a dry run."""

    def initialise(self, context: tachyon_context.RequestContext,
                   request: object) -> scheduler_data.SchedulingData:
        if isinstance(request, models.Instance):
            data = self._make(context, request.spec)
            data.request_id = request.request_id
            data.project_id = request.project_id
            data.user_id = request.user_id
            data.tried = frozenset(request.tried)
            data.instance = request
            data.attempt = request.attempt
            return data
        if isinstance(request, objects.SchedulingRequest):
            data = self._make(context, {
                name: getattr(request, name) for name in (
                    "resources", "required_traits", "forbidden_traits",
                    "preferred_traits", "avoided_traits", "aggregates",
                    "scheduler_hints")})
            data.named_hosts = tuple(dict.fromkeys(request.hosts))
            data.dry_run = True
            return data
        raise self._refuse(f"it does not understand a {type(request)}.")

    def _make(self, context: tachyon_context.RequestContext,
              spec: Mapping[str, Any]) -> scheduler_data.SchedulingData:
        hints = spec.get("scheduler_hints") or {}
        return scheduler_data.SchedulingData(
            context=context, query=self._query(spec),
            request_id=context.request_id or "",
            project_id=context.project_id or "",
            user_id=context.user_id or "",
            preferred_traits=self._names(spec, "preferred_traits"),
            avoided_traits=self._names(spec, "avoided_traits"),
            hints=dict(hints), seed=self._seed(hints))

    def _query(self, spec: Mapping[str, Any]) -> placement_query.Query:
        resources = spec.get("resources")
        if not isinstance(resources, Mapping) or not resources:
            raise self._refuse("no resources are asked for.")
        for name, amount in resources.items():
            if (type(amount) is not int
                    or not 1 <= amount <= models.MAX_INT):
                raise self._refuse(f"{amount!r} is no amount of {name}.")
        aggregates = frozenset(self._names(spec, "aggregates"))
        return placement_query.Query(groups=(placement_query.RequestGroup(
            resources=dict(resources),
            required=frozenset(self._names(spec, "required_traits")),
            forbidden=frozenset(self._names(spec, "forbidden_traits")),
            member_of=(aggregates,) if aggregates else ()),))

    def _names(self, spec: Mapping[str, Any], field: str) -> tuple[str, ...]:
        names = spec.get(field) or ()
        if not isinstance(names, Sequence) or isinstance(names, str):
            raise self._refuse(f"{field} is no list.")
        return tuple(str(name) for name in names)

    def _seed(self, hints: Mapping[str, str]) -> int:
        if SEED not in hints:
            return secrets.randbits(32)
        try:
            seed = int(hints[SEED])
        except ValueError:
            seed = -1
        if not 0 <= seed < 2 ** 64:
            raise self._refuse(f"{hints[SEED]!r} is no seed.")
        return seed

    def _refuse(self, reason: str) -> exception.SchedulingDataInvalid:
        return exception.SchedulingDataInvalid(
            action=f"data driver {self.name}", reason=reason)
