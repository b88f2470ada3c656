"""What became of an instance action, as its compute saw it."""

from oslo_versionedobjects import fields

from tachyon.objects import base
from tachyon.objects import fields as tachyon_fields


@base.TachyonObjectRegistry.register
class ActionResult(base.TachyonObject):
    """The end of one delivery. ``fault`` says why it did not succeed."""

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "instance_id": fields.UUIDField(),
        "attempt": fields.IntegerField(),
        "host": fields.StringField(),
        "action": tachyon_fields.InstanceActionField(),
        "succeeded": fields.BooleanField(),
        "ip_address": fields.StringField(nullable=True),
        "fault": fields.StringField(nullable=True),
    }
