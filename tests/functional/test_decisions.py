"""Who is let in where: every route of both APIs, every kind of caller."""

from unittest import mock

import flask

from tachyon import exception
from tachyon import policies
from tachyon import policy
from tachyon.api import placement
from tests import base
from tests.functional.placement import base as placement_base

# Kind of caller: what it sends, all but nobody as alice of the project demo.
CALLERS = {
    "nobody": None,
    "anybody": {"X-Roles": ""},
    "reader": {"X-Roles": "reader"},
    "member": {"X-Roles": "member,reader"},
    "service": {"X-Roles": "service"},
    "admin": {"X-Roles": "admin,member,reader"},
    # Of the whole system, not of a project.
    "system admin": {"X-Roles": "admin,member,reader",
                     "OpenStack-System-Scope": "all"},
}
ALL = frozenset(CALLERS)
USERS = ALL - {"nobody", "system admin"}
READERS = frozenset({"reader", "member", "admin"})
MEMBERS = frozenset({"member", "admin"})
SERVICES = frozenset({"service", "admin"})
SERVICE = frozenset({"service"})
ADMIN = frozenset({"admin"})

# Route: who is let in.
DECISIONS = {
    "GET /": ALL,
    "GET /resource_providers": SERVICES,
    "POST /resource_providers": SERVICES,
    "GET /resource_providers/<uuid>": SERVICES,
    "PUT /resource_providers/<uuid>": SERVICES,
    "DELETE /resource_providers/<uuid>": SERVICES,
    "GET /resource_providers/<uuid>/inventories": SERVICES,
    "PUT /resource_providers/<uuid>/inventories": SERVICES,
    "POST /resource_providers/<uuid>/inventories": SERVICES,
    "DELETE /resource_providers/<uuid>/inventories": SERVICES,
    "GET /resource_providers/<uuid>/inventories/<resource_class>": SERVICES,
    "PUT /resource_providers/<uuid>/inventories/<resource_class>": SERVICES,
    "DELETE /resource_providers/<uuid>/inventories/<resource_class>":
        SERVICES,
    "GET /resource_providers/<uuid>/traits": SERVICES,
    "PUT /resource_providers/<uuid>/traits": SERVICES,
    "DELETE /resource_providers/<uuid>/traits": SERVICES,
    "GET /resource_providers/<uuid>/aggregates": SERVICES,
    "PUT /resource_providers/<uuid>/aggregates": SERVICES,
    "GET /resource_providers/<uuid>/usages": SERVICES,
    "GET /resource_providers/<uuid>/allocations": SERVICES,
    "GET /traits": SERVICES,
    "GET /traits/<name>": SERVICES,
    "PUT /traits/<name>": SERVICES,
    "DELETE /traits/<name>": SERVICES,
    "GET /resource_classes": SERVICES,
    "POST /resource_classes": SERVICES,
    "GET /resource_classes/<name>": SERVICES,
    "PUT /resource_classes/<name>": SERVICES,
    "DELETE /resource_classes/<name>": SERVICES,
    "GET /usages": SERVICES | READERS,       # of its own project
    "GET /allocations/<consumer_uuid>": SERVICES,
    "PUT /allocations/<consumer_uuid>": SERVICES,
    "POST /allocations": SERVICES,
    "DELETE /allocations/<consumer_uuid>": SERVICES,
    "GET /allocation_candidates": SERVICES,
    "POST /reshaper": SERVICE,
    "GET /api/v1/": ALL,
    "GET /api/v1/openapi.json": ALL,
    "GET /api/v1/docs/": ALL,
    "GET /api/v1/docs/<path:path>": ALL,
    "GET /api/v1/explain": ADMIN,
    "POST /api/v1/explain": ADMIN,
    "GET /api/v1/flavors": USERS,
    "POST /api/v1/flavors": ADMIN,
    "GET /api/v1/flavors/<name>": USERS,
    "DELETE /api/v1/flavors/<name>": ADMIN,
    "GET /api/v1/instances": READERS,
    "POST /api/v1/instances": MEMBERS,
    "GET /api/v1/instances/<id>": READERS,
    # Which action is known once the body is read: the manager decides.
    "POST /api/v1/instances/<id>/actions": READERS,
    "DELETE /api/v1/instances/<id>": MEMBERS,
    "GET /api/v1/requests": READERS,
    "GET /api/v1/requests/<id>": READERS,
    "GET /api/v1/services": ADMIN,
    "PATCH /api/v1/services/<id>": ADMIN,
    "DELETE /api/v1/services/<id>": ADMIN,
}
OWN = "/api/v1/"


def fill(path):
    """Return a path with something in the place of its parameters."""
    for name in ("uuid", "consumer_uuid", "id"):
        path = path.replace(f"<{name}>", placement_base.uuids.nothing)
    path = path.replace("<path:path>", "index.html")
    path = path.replace("<resource_class>", "CUSTOM_X")
    path = path.replace("<name>", "CUSTOM_X")
    return path + ("?project_id=demo" if path == "/usages" else "")


class DecisionsTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.fixture = self.useFixture(
            placement_base.AppFixture(self.conf))

    def find_routes(self):
        """Return every (method, path, version) that the application knows."""
        found = [(route.method, route.path, str(version))
                 for table in placement.TABLES for route in table.routes
                 for version in {route.since, route.until}]
        known = {path for _, path, _ in found}
        rules = []

        def note(app, **_more):
            rules.extend(app.url_map.iter_rules())
        with flask.request_finished.connected_to(note):
            self.fixture.client.get("/")
        for rule in rules:
            if rule.rule.startswith(OWN):
                found += [(method, rule.rule, "1.39") for method in
                          rule.methods - {"HEAD", "OPTIONS"}]
            else:
                self.assertIn(rule.rule, known)
        return found

    def ask(self, caller, method, path, version):
        """Return the status of a request whose body is bad."""
        headers = {"OpenStack-API-Version": f"placement {version}"}
        if CALLERS[caller] is not None:
            headers |= {"X-Auth-Token": "alice:demo", **CALLERS[caller]}
        bad = {"data": b"{", "content_type": "application/json"}
        return self.fixture.client.open(
            fill(path), method=method, headers=headers,
            **(bad if method in ("POST", "PUT", "PATCH") else {})).status_code

    def test_the_table_knows_every_route_and_no_other(self):
        self.assertEqual(
            set(DECISIONS),
            {f"{method} {path}" for method, path, _ in self.find_routes()})

    def test_decisions(self):
        for method, path, version in self.find_routes():
            let_in = DECISIONS[f"{method} {path}"]
            for caller in CALLERS:
                status = self.ask(caller, method, path, version)
                expected = ("let in" if caller in let_in else
                            401 if caller == "nobody" else 403)
                found = status if status in (401, 403) else "let in"
                self.assertEqual(
                    expected, found,
                    f"{caller}: {method} {path} at {version}: {status}")

    def test_nothing_is_answered_without_a_decision(self):
        """Where policy says no to everything, nobody gets anything; and what
        is asked are rules that an operator can change."""
        rules = {rule.name for rule in policies.list_rules()}
        with mock.patch.object(policy, "authorize",
                               side_effect=exception.PolicyNotAuthorized(
                                   action="this")) as authorize:
            for method, path, version in self.find_routes():
                if DECISIONS[f"{method} {path}"] == ALL:
                    continue
                self.assertEqual(
                    403, self.ask("admin", method, path, version),
                    f"{method} {path}")
        self.assertLessEqual(
            {call.args[1] for call in authorize.call_args_list}, rules)

    def test_every_rule_of_a_route_is_asked(self):
        """No rule is there for show."""
        asked = set()

        def note(context, rule, target=None):
            asked.add(rule)
        with mock.patch.object(policy, "authorize", side_effect=note):
            for method, path, version in self.find_routes():
                self.ask("admin", method, path, version)
        placements = {rule.name for rule in policies.list_rules()
                      if rule.name.startswith("placement:")}
        self.assertEqual(set(), placements - asked)

    def test_nobody_learns_what_is_not_there(self):
        for path in ("/nothing", "/api/v1/nothing", "/api"):
            self.assertEqual(401, self.ask("nobody", "GET", path, "1.39"))
