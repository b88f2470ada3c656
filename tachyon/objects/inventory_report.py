"""What a compute has to give, host by host."""

from oslo_versionedobjects import fields

from tachyon.objects import base

MAX_INT = 2147483647


@base.TachyonObjectRegistry.register
class InventoryItem(base.TachyonObject):
    """How much of one resource class a host has."""

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "resource_class": fields.StringField(),
        "total": fields.IntegerField(),
        "reserved": fields.IntegerField(default=0),
        "min_unit": fields.IntegerField(default=1),
        "max_unit": fields.IntegerField(default=MAX_INT),
        "step_size": fields.IntegerField(default=1),
        "allocation_ratio": fields.FloatField(default=1.0),
    }


@base.TachyonObjectRegistry.register
class InventoryReport(base.TachyonObject):
    """All inventories and traits of one host, the root of a provider tree."""

    # 1.0: first release
    VERSION = "1.0"

    fields = {
        "provider_uuid": fields.UUIDField(),
        "name": fields.StringField(),
        "inventories": fields.ListOfObjectsField("InventoryItem", default=[]),
        "traits": fields.ListOfStringsField(default=[]),
    }
