"""The wake-up of a scheduler: a request was stored."""

from oslo_versionedobjects import fields

from tachyon.objects import base
from tachyon.objects import fields as tachyon_fields


@base.TachyonObjectRegistry.register
class RequestNotice(base.TachyonObject):
    """Points to a message of the durable queue, and carries nothing else:
    what is stored decides."""

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "message_id": fields.UUIDField(),
        "instance_id": fields.UUIDField(),
        "action": tachyon_fields.InstanceActionField(),
    }
