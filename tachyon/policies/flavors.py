"""Rules of instance flavors: everybody reads, admins write."""

from oslo_policy import policy

from tachyon.policies import base

PREFIX = "tachyon:flavors:"
LIST = PREFIX + "list"
SHOW = PREFIX + "show"
CREATE = PREFIX + "create"
DELETE = PREFIX + "delete"

_ANYBODY = "@"
_ADMIN = "rule:admin_api"
_ALL = "/api/v1/flavors"
_ONE = "/api/v1/flavors/{name}"

RULES = [
    base.make_rule(LIST, "List flavors.", [("GET", _ALL)], _ANYBODY),
    base.make_rule(SHOW, "Show a flavor.", [("GET", _ONE)], _ANYBODY),
    base.make_rule(CREATE, "Create a flavor.", [("POST", _ALL)], _ADMIN),
    base.make_rule(DELETE, "Delete a flavor.", [("DELETE", _ONE)], _ADMIN),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return RULES
