"""What a compute says of itself every few seconds."""

from oslo_versionedobjects import fields

from tachyon.objects import base


@base.TachyonObjectRegistry.register
class WorkItem(base.TachyonObject):
    """A delivery that a compute has in hand."""

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "instance_id": fields.UUIDField(),
        "attempt": fields.IntegerField(),
    }


@base.TachyonObjectRegistry.register
class HeartbeatReport(base.TachyonObject):
    """A daemon is alive, serves these hosts, and works on these deliveries.

    ``serves`` are glob patterns of names of root providers. The message
    claims of ``work`` are renewed with the heartbeat.
    """

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "host": fields.StringField(),
        "binary": fields.StringField(),
        "serves": fields.ListOfStringsField(default=[]),
        "work": fields.ListOfObjectsField("WorkItem", default=[]),
    }
