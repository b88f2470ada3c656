"""Rules of requests: what was decided, and why."""

from oslo_policy import policy

from tachyon.policies import base

PREFIX = "tachyon:requests:"
LIST = PREFIX + "list"
LIST_ALL = PREFIX + "list_all_projects"
SHOW = PREFIX + "show"
SHOW_HOSTS = PREFIX + "show_hosts"
EXPLAIN = PREFIX + "explain"
EXPLAIN_CANDIDATES = PREFIX + "explain_candidates"

_ADMIN = "rule:admin_api"
_ALL = "/api/v1/requests"
_ONE = "/api/v1/requests/{id}"

RULES = [
    base.make_rule(LIST, "List the requests of one's own project.",
                   [("GET", _ALL)], base.ADMIN_OR_PROJECT_READER),
    base.make_rule(LIST_ALL, "List the requests of all projects.",
                   [("GET", _ALL)], _ADMIN),
    base.make_rule(SHOW, "Show what was decided, and why.",
                   [("GET", _ONE)], base.ADMIN_OR_PROJECT_READER),
    base.make_rule(
        SHOW_HOSTS,
        "See host names, and what is told of single hosts, in requests.",
        [("GET", _ONE)], _ADMIN),
    base.make_rule(EXPLAIN, "Ask what would be decided, without doing it.",
                   [("POST", "/api/v1/explain")], _ADMIN),
    base.make_rule(EXPLAIN_CANDIDATES,
                   "Ask why a query has these allocation candidates, or none.",
                   [("GET", "/api/v1/explain")], _ADMIN),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return RULES
