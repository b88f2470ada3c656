"""What a scheduler tells a compute to do with an instance."""

from oslo_versionedobjects import fields

from tachyon.objects import base
from tachyon.objects import fields as tachyon_fields


@base.TachyonObjectRegistry.register
class InstanceAction(base.TachyonObject):
    """One delivery of one request.

    ``host`` is the name of the root provider that the instance is on, and
    ``attempt`` the delivery's number: whoever carries an older one is fenced.
    """

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "message_id": fields.UUIDField(nullable=True),
        "instance_id": fields.UUIDField(),
        "attempt": fields.IntegerField(),
        "action": tachyon_fields.InstanceActionField(),
        "host": fields.StringField(),
        "name": fields.StringField(default=""),
        "image": fields.StringField(default=""),
        "resources": fields.DictOfIntegersField(default={}),
    }
