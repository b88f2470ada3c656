"""The table of routes: what every handler has above it."""

import itertools

import flask
from werkzeug import test as werkzeug_test

from tachyon import policies
from tachyon.api import errors
from tachyon.api import microversion
from tachyon.api import placement
from tachyon.api import routing
from tachyon.api import validation
from tests import base

ROUTES = [route for table in placement.TABLES for route in table.routes]


class RoutesTestCase(base.TestCase):

    def test_versions_do_not_overlap(self):
        def key(route):
            return route.path, route.method
        for (path, method), group in itertools.groupby(
                sorted(ROUTES, key=key), key=key):
            spans = sorted((route.since, route.until) for route in group)
            for (_, until), (since, _) in itertools.pairwise(spans):
                self.assertLess(until, since, (method, path))

    def test_number_of_versioned_handlers(self):
        # To be raised on purpose, with the version history.
        self.assertEqual(38, len(ROUTES))

    def test_each_path_is_served_at_the_latest_version(self):
        paths = {(route.path, route.method) for route in ROUTES}
        latest = {(route.path, route.method) for route in ROUTES
                  if route.until == microversion.MAX_VERSION}
        self.assertEqual(paths, latest)

    def test_schemas_cover_the_versions_of_their_route(self):
        for route in ROUTES:
            for schemas in (route.body, route.query):
                if isinstance(schemas, dict):
                    oldest = min(map(microversion.parse, schemas))
                    self.assertLessEqual(oldest, route.since, route.path)

    def test_every_rule_is_declared(self):
        declared = {rule.name for rule in policies.list_rules()}
        for route in ROUTES:
            if route.path != "/":
                self.assertIn(route.rule, declared)

    def test_what_takes_a_body_writes(self):
        for route in ROUTES:
            if route.body is not None:
                self.assertIn(route.method, ("PUT", "POST"))
            if route.query is not None:
                self.assertEqual("GET", route.method)


class VersionedTestCase(base.TestCase):
    """Older and newer handlers of one path, as later versions bring them."""

    def setUp(self):
        super().setUp()
        table = routing.Table()

        @table.route("GET", "/x", rule=None, since="1.0", until="1.9")
        def old(call):
            return flask.Response(f"old {call.version}")

        @table.route("GET", "/x", rule=None, since="1.10")
        def new(call):
            return flask.Response(f"new {call.version}")

        @table.route("DELETE", "/x", rule=None, since="1.5", missing=405)
        def gone(call):
            return flask.Response("gone")

        @table.route("PUT", "/x", rule=None, since="1.2", body={
            "1.0": validation.Schema({"type": "array"}),
            "1.10": validation.Schema({"type": "object"})})
        def put(call):
            return flask.Response(type(call.body).__name__)

        @table.route("POST", "/x", rule=None, since="1.20")
        def later(call):
            return flask.Response("later")

        app = flask.Flask(__name__)
        app.register_error_handler(Exception, errors.handle)
        app.before_request(self.begin)
        routing.register(app, [table])
        self.client = werkzeug_test.Client(app)

    def begin(self):
        flask.g.context = self.context
        flask.g.microversion = microversion.parse(
            flask.request.headers["version"])

    def ask(self, version, method="GET", body=None):
        answer = self.client.open("/x", method=method, json=body,
                                  headers={"version": version})
        return answer.status_code, answer.text

    def test_selection(self):
        for version, text in (("1.0", "old 1.0"), ("1.9", "old 1.9"),
                              ("1.10", "new 1.10"), ("1.39", "new 1.39")):
            self.assertEqual((200, text), self.ask(version))

    def test_not_in_this_version(self):
        for version, status in (("1.19", 404), ("1.20", 200)):
            self.assertEqual(status, self.ask(version, "POST")[0])

    def test_status_before_its_first_version(self):
        for version, status in (("1.4", 405), ("1.5", 200)):
            self.assertEqual(status, self.ask(version, "DELETE")[0])

    def test_newest_schema_that_is_not_too_new(self):
        for version, body, expected in (
                ("1.2", [], (200, "list")), ("1.9", [], (200, "list")),
                ("1.10", {}, (200, "dict")), ("1.39", {}, (200, "dict"))):
            self.assertEqual(expected, self.ask(version, "PUT", body))
        for version, body in (("1.9", {}), ("1.10", [])):
            self.assertEqual(400, self.ask(version, "PUT", body)[0])
