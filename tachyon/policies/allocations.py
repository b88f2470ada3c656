"""Rules of allocations, their candidates, usages and the reshaper."""

from oslo_policy import policy

from tachyon.policies import base

_PREFIX = "placement:allocations:"
_ONE = "/allocations/{consumer_uuid}"

MANAGE = _PREFIX + "manage"
LIST = _PREFIX + "list"
UPDATE = _PREFIX + "update"
DELETE = _PREFIX + "delete"
CANDIDATES = "placement:allocation_candidates:list"
USAGES = "placement:usages"
RESHAPE = "placement:reshaper:reshape"

RULES = [
    base.make_rule(MANAGE, "Change the allocations of several consumers.",
                   [("POST", "/allocations")]),
    base.make_rule(LIST, "List a consumer's allocations.", [("GET", _ONE)]),
    base.make_rule(UPDATE, "Change a consumer's allocations.",
                   [("PUT", _ONE)]),
    base.make_rule(DELETE, "Take all allocations from a consumer.",
                   [("DELETE", _ONE)]),
    base.make_rule(CANDIDATES, "List allocation candidates.",
                   [("GET", "/allocation_candidates")]),
    base.make_rule(USAGES, "Show what a project uses.",
                   [("GET", "/usages")],
                   base.ADMIN_OR_PROJECT_READER_OR_SERVICE),
    base.make_rule(RESHAPE,
                   "Move inventories and what is allocated of them, at once.",
                   [("POST", "/reshaper")], base.SERVICE),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return RULES
