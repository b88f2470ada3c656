"""Rules of instances: a project's own, or an admin's."""

from oslo_policy import policy

from tachyon.policies import base

PREFIX = "tachyon:instances:"
CREATE = PREFIX + "create"
LIST = PREFIX + "list"
LIST_ALL = PREFIX + "list_all_projects"
SHOW = PREFIX + "show"
SHOW_HOST = PREFIX + "show_host"

_ADMIN = "rule:admin_api"
_ALL = "/api/v1/instances"
_ONE = "/api/v1/instances/{id}"
_DELETE = "delete"
_ACTIONS = ("start", "stop", "restart", "pause", "resume", _DELETE)


def for_action(action: str) -> str:
    """Return the name of the rule of an instance action."""
    return PREFIX + action


def _action_rule(action: str) -> policy.DocumentedRuleDefault:
    operations = [("POST", f"{_ONE}/actions")]
    if action == _DELETE:
        operations.append(("DELETE", _ONE))
    return base.make_rule(for_action(action), f"Ask to {action} an instance.",
                          operations, base.ADMIN_OR_PROJECT_MEMBER)


RULES = [
    base.make_rule(CREATE, "Create an instance in one's own project.",
                   [("POST", _ALL)], base.ADMIN_OR_PROJECT_MEMBER),
    base.make_rule(LIST, "List the instances of one's own project.",
                   [("GET", _ALL)], base.ADMIN_OR_PROJECT_READER),
    base.make_rule(LIST_ALL, "List the instances of all projects.",
                   [("GET", _ALL)], _ADMIN),
    base.make_rule(SHOW, "Show an instance.", [("GET", _ONE)],
                   base.ADMIN_OR_PROJECT_READER),
    base.make_rule(SHOW_HOST,
                   "See, and filter by, the host that an instance is on.",
                   [("GET", _ALL), ("GET", _ONE)], _ADMIN),
    *map(_action_rule, _ACTIONS),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return RULES
