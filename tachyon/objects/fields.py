"""Field types of Tachyon's own, each a closed set of words."""

from oslo_versionedobjects import fields

INSTANCE_ACTIONS = ("create", "start", "stop", "restart", "pause", "resume",
                    "delete")
DOMAIN_STATES = ("STOPPED", "RUNNING", "PAUSED")


class InstanceActionField(fields.BaseEnumField):
    """What is wanted of an instance."""

    AUTO_TYPE = fields.Enum(valid_values=INSTANCE_ACTIONS)


class DomainStateField(fields.BaseEnumField):
    """What a domain driver says of one of its domains."""

    AUTO_TYPE = fields.Enum(valid_values=DOMAIN_STATES)
