"""A request to be explained, as if it were scheduled."""

from oslo_versionedobjects import fields

from tachyon.objects import base


@base.TachyonObjectRegistry.register
class SchedulingRequest(base.TachyonObject):
    """What an instance would need. ``resources`` are the flavor's, and what
    was asked beyond, already added up; ``hosts`` are to be explained in full.
    """

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "name": fields.StringField(default=""),
        "flavor": fields.StringField(default=""),
        "image": fields.StringField(default=""),
        "resources": fields.DictOfIntegersField(default={}),
        "required_traits": fields.ListOfStringsField(default=[]),
        "forbidden_traits": fields.ListOfStringsField(default=[]),
        "preferred_traits": fields.ListOfStringsField(default=[]),
        "avoided_traits": fields.ListOfStringsField(default=[]),
        "aggregates": fields.ListOfStringsField(default=[]),
        "scheduler_hints": fields.DictOfStringsField(default={}),
        "hosts": fields.ListOfStringsField(default=[]),
    }
