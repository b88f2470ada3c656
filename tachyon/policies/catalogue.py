"""Rules of traits and resource classes."""

from oslo_policy import policy

from tachyon.policies import base

_CLASSES = "placement:resource_classes:"
_TRAITS = "placement:traits:"
_CLASS = "/resource_classes/{name}"
_TRAIT = "/traits/{name}"

CLASSES_LIST = _CLASSES + "list"
CLASSES_CREATE = _CLASSES + "create"
CLASSES_SHOW = _CLASSES + "show"
CLASSES_UPDATE = _CLASSES + "update"
CLASSES_DELETE = _CLASSES + "delete"
TRAITS_LIST = _TRAITS + "list"
TRAITS_SHOW = _TRAITS + "show"
TRAITS_UPDATE = _TRAITS + "update"
TRAITS_DELETE = _TRAITS + "delete"

RULES = [
    base.make_rule(CLASSES_LIST, "List resource classes.",
                   [("GET", "/resource_classes")]),
    base.make_rule(CLASSES_CREATE, "Create a resource class.",
                   [("POST", "/resource_classes")]),
    base.make_rule(CLASSES_SHOW, "Show a resource class.",
                   [("GET", _CLASS)]),
    base.make_rule(CLASSES_UPDATE, "Make sure that a resource class exists.",
                   [("PUT", _CLASS)]),
    base.make_rule(CLASSES_DELETE, "Delete a resource class.",
                   [("DELETE", _CLASS)]),
    base.make_rule(TRAITS_LIST, "List traits.", [("GET", "/traits")]),
    base.make_rule(TRAITS_SHOW, "Ask whether a trait exists.",
                   [("GET", _TRAIT)]),
    base.make_rule(TRAITS_UPDATE, "Make sure that a trait exists.",
                   [("PUT", _TRAIT)]),
    base.make_rule(TRAITS_DELETE, "Delete a trait.", [("DELETE", _TRAIT)]),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return RULES
