"""The data driver of nova's requests: a RequestSpec for one server."""

import dataclasses
import secrets

from tachyon import context as tachyon_context
from tachyon import exception
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.data_drivers import base
from tachyon.scheduler.nova import request as nova_request
from tachyon.scheduler.nova import resources


class NovaDataDriver(base.DataDriver):
    """Reads a ``tachyon.scheduler.nova.request.RequestSpec``, whose
    ``instance_uuid`` is the server to be placed."""

    def initialise(self, context: tachyon_context.RequestContext,
                   request: object) -> scheduler_data.SchedulingData:
        if not isinstance(request, nova_request.RequestSpec):
            raise self._refuse(f"it does not understand a {type(request)}.")
        try:
            limit = self.conf.nova.max_placement_results
            asked = resources.query(request, limit)
            fallback = (None if self.conf.nova.disable_fallback_pcpu_query
                        else resources.fallback(request, limit))
        except exception.ValidationError as e:
            raise self._refuse(str(e)) from e
        options = self.conf.filter_scheduler
        return scheduler_data.SchedulingData(
            context=context, query=asked, fallback=fallback,
            request_id=context.request_id or "",
            project_id=request.project_id or context.project_id or "",
            # Specs of old don't know the user.
            user_id=request.user_id or context.user_id or "",
            hints={name: ", ".join(values)
                   for name, values in request.hints.items()},
            nova=dataclasses.replace(
                request, required_traits=resources.required_traits(asked)),
            skip_filters=request.is_forced, claimless=request.is_rebuild,
            subset_size=options.host_subset_size,
            default_zone=self.conf.nova_hosts.default_availability_zone,
            seed=secrets.randbits(32))

    def _refuse(self, reason: str) -> exception.SchedulingDataInvalid:
        return exception.SchedulingDataInvalid(
            action=f"data driver {self.name}", reason=reason)
