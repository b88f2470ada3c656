"""nova's RequestSpec for one server, of the message that it came in.

This module imports nova: see ``look``.
"""

from typing import Any

from nova import context as nova_context
from nova import objects
from oslo_log import log as logging

from tachyon import exception
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.nova import wire

LOG = logging.getLogger(__name__)


def make(data: scheduler_data.SchedulingData) -> Any:
    """Return the spec of the server that is placed now, with those of its
    group that the same call has placed.

    :raises SchedulingDataInvalid: nova can't read it.
    """
    asked = data.nova
    context = nova_context.RequestContext(
        user_id=data.user_id, project_id=data.project_id,
        request_id=data.request_id, is_admin=True)
    try:
        # nova writes to what it reads.
        spec = objects.RequestSpec.obj_from_primitive(
            wire.sealed(asked.call.primitive), context)
        if asked.instance_uuid is not None:
            spec.instance_uuid = asked.instance_uuid
        if asked.instance_group is not None:
            spec.instance_group.hosts = sorted(asked.instance_group.hosts)
        spec.obj_reset_changes(recursive=True)
    except Exception as e:
        LOG.warning("nova can't read a RequestSpec: %s: %.200s",
                    type(e).__name__, e)
        raise exception.SchedulingDataInvalid(
            action="third-party plug-ins",
            reason="the nova that is installed can't read the request "
                   f"({type(e).__name__})") from e
    return spec
