"""Rules of services, Tachyon's own daemons: for admins."""

from oslo_policy import policy

from tachyon.policies import base

PREFIX = "tachyon:services:"
LIST = PREFIX + "list"
UPDATE = PREFIX + "update"
DELETE = PREFIX + "delete"

_ADMIN = "rule:admin_api"
_ALL = "/api/v1/services"
_ONE = "/api/v1/services/{id}"

RULES = [
    base.make_rule(LIST, "List services, and whether each is up.",
                   [("GET", _ALL)], _ADMIN),
    base.make_rule(UPDATE, "Enable or disable a service.",
                   [("PATCH", _ONE)], _ADMIN),
    base.make_rule(DELETE, "Forget a service that is gone for good.",
                   [("DELETE", _ONE)], _ADMIN),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return RULES
