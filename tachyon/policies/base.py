"""Rules that other rules are made of.

Names and meanings are those of Placement as far as it goes, so that a policy
file written for it can be used as it is.
"""

from collections.abc import Iterable

from oslo_policy import policy

SERVICE = "rule:service_api"
ADMIN_OR_SERVICE = "rule:admin_or_service_api"
ADMIN_OR_PROJECT_READER_OR_SERVICE = (
    "rule:admin_or_project_reader_or_service_api")
ADMIN_OR_PROJECT_MEMBER = "rule:admin_or_project_member_api"
ADMIN_OR_PROJECT_READER = "rule:admin_or_project_reader_api"

# What was enough before there were roles for services and readers; it still
# is where [oslo_policy] enforce_new_defaults is off. The odd name is what
# Placement calls it, and so what a policy file may say.
_ADMIN_ALONE = policy.DeprecatedRule(
    name="rule:admin_api", check_str="role:admin",
    deprecated_reason="Services and readers have roles of their own",
    deprecated_since="Wallaby")

RULES = [
    policy.RuleDefault(
        "admin_api", "role:admin",
        description="Who may do all there is.", scope_types=["project"]),
    policy.RuleDefault(
        "service_api", "role:service",
        description="Another service, such as Nova.",
        scope_types=["project"], deprecated_rule=_ADMIN_ALONE),
    policy.RuleDefault(
        "admin_or_service_api", "role:admin or role:service",
        description="Who may use most of the Placement API.",
        scope_types=["project"], deprecated_rule=_ADMIN_ALONE),
    policy.RuleDefault(
        "project_reader_api", "role:reader and project_id:%(project_id)s",
        description="Who may read what belongs to a project.",
        deprecated_rule=_ADMIN_ALONE),
    policy.RuleDefault(
        "admin_or_project_reader_or_service_api",
        "role:admin or rule:project_reader_api or role:service",
        description="Who may read what belongs to a project, or to all.",
        scope_types=["project"], deprecated_rule=_ADMIN_ALONE),
    # Of Tachyon's own API.
    policy.RuleDefault(
        "project_member_api", "role:member and project_id:%(project_id)s",
        description="Who may change what belongs to a project."),
    policy.RuleDefault(
        "admin_or_project_member_api",
        "rule:admin_api or rule:project_member_api",
        description="Who may change what belongs to a project, or to all.",
        scope_types=["project"]),
    policy.RuleDefault(
        "admin_or_project_reader_api",
        "rule:admin_api or rule:project_reader_api",
        description="Who may read what belongs to a project, or to all.",
        scope_types=["project"]),
]


def make_rule(name: str, description: str,
              operations: Iterable[tuple[str, str]],
              check: str = ADMIN_OR_SERVICE) -> policy.DocumentedRuleDefault:
    """Return the rule of some routes, given as (method, path)."""
    return policy.DocumentedRuleDefault(
        name=name, check_str=check, description=description,
        operations=[{"method": method, "path": path}
                    for method, path in operations],
        scope_types=["project"])


def list_rules() -> list[policy.RuleDefault]:
    return RULES
