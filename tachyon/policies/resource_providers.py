"""Rules of resource providers and of what belongs to one."""

from oslo_policy import policy

from tachyon.policies import base

_PREFIX = "placement:resource_providers:"
_ALL = "/resource_providers"
_ONE = _ALL + "/{uuid}"
_INVENTORIES = _ONE + "/inventories"
_INVENTORY = _INVENTORIES + "/{resource_class}"

LIST = _PREFIX + "list"
CREATE = _PREFIX + "create"
SHOW = _PREFIX + "show"
UPDATE = _PREFIX + "update"
DELETE = _PREFIX + "delete"
INVENTORIES_LIST = _PREFIX + "inventories:list"
INVENTORIES_CREATE = _PREFIX + "inventories:create"
INVENTORIES_SHOW = _PREFIX + "inventories:show"
INVENTORIES_UPDATE = _PREFIX + "inventories:update"
INVENTORIES_DELETE = _PREFIX + "inventories:delete"
TRAITS_LIST = _PREFIX + "traits:list"
TRAITS_UPDATE = _PREFIX + "traits:update"
TRAITS_DELETE = _PREFIX + "traits:delete"
AGGREGATES_LIST = _PREFIX + "aggregates:list"
AGGREGATES_UPDATE = _PREFIX + "aggregates:update"
ALLOCATIONS_LIST = _PREFIX + "allocations:list"
USAGES = _PREFIX + "usages"

RULES = [
    base.make_rule(LIST, "List resource providers.", [("GET", _ALL)]),
    base.make_rule(CREATE, "Create a resource provider.", [("POST", _ALL)]),
    base.make_rule(SHOW, "Show a resource provider.", [("GET", _ONE)]),
    base.make_rule(UPDATE, "Rename or move a resource provider.",
                   [("PUT", _ONE)]),
    base.make_rule(DELETE, "Delete a resource provider.",
                   [("DELETE", _ONE)]),
    base.make_rule(INVENTORIES_LIST, "List a provider's inventories.",
                   [("GET", _INVENTORIES)]),
    base.make_rule(INVENTORIES_CREATE, "Give a provider one inventory more.",
                   [("POST", _INVENTORIES)]),
    base.make_rule(INVENTORIES_SHOW, "Show one inventory.",
                   [("GET", _INVENTORY)]),
    base.make_rule(INVENTORIES_UPDATE, "Change one or all inventories.",
                   [("PUT", _INVENTORIES), ("PUT", _INVENTORY)]),
    base.make_rule(INVENTORIES_DELETE, "Delete one or all inventories.",
                   [("DELETE", _INVENTORIES), ("DELETE", _INVENTORY)]),
    base.make_rule(TRAITS_LIST, "List a provider's traits.",
                   [("GET", _ONE + "/traits")]),
    base.make_rule(TRAITS_UPDATE, "Change a provider's traits.",
                   [("PUT", _ONE + "/traits")]),
    base.make_rule(TRAITS_DELETE, "Take all traits from a provider.",
                   [("DELETE", _ONE + "/traits")]),
    base.make_rule(AGGREGATES_LIST, "List a provider's aggregates.",
                   [("GET", _ONE + "/aggregates")]),
    base.make_rule(AGGREGATES_UPDATE, "Change a provider's aggregates.",
                   [("PUT", _ONE + "/aggregates")]),
    base.make_rule(ALLOCATIONS_LIST, "List what is allocated of a provider.",
                   [("GET", _ONE + "/allocations")]),
    base.make_rule(USAGES, "Show how much of a provider is used.",
                   [("GET", _ONE + "/usages")]),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return RULES
