"""What runs on a compute, for the comparison with what should."""

from oslo_versionedobjects import fields

from tachyon.objects import base
from tachyon.objects import fields as tachyon_fields


@base.TachyonObjectRegistry.register
class Domain(base.TachyonObject):
    """A copy of an instance, as its domain driver has it.

    ``attempt`` is that of the create which made or last adopted it.
    """

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "instance_id": fields.UUIDField(),
        "attempt": fields.IntegerField(),
        "host": fields.StringField(),
        "state": tachyon_fields.DomainStateField(),
    }


@base.TachyonObjectRegistry.register
class DomainList(base.TachyonObjectList):
    """All domains of a compute that no action is under way for."""

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "objects": fields.ListOfObjectsField("Domain", default=[]),
    }
