"""The table of routes: what every handler has above it."""

import itertools

import flask
from werkzeug import test as werkzeug_test

from tachyon import policies
from tachyon.api import errors
from tachyon.api import microversion
from tachyon.api import placement
from tachyon.api import routing
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
        self.assertEqual(35, len(ROUTES))

    def test_all_are_served_at_the_latest_version(self):
        for route in ROUTES:
            self.assertEqual(microversion.MAX_VERSION, route.until)

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

    def ask(self, version, method="GET"):
        answer = self.client.open("/x", method=method,
                                  headers={"version": version})
        return answer.status_code, answer.text

    def test_selection(self):
        for version, text in (("1.0", "old 1.0"), ("1.9", "old 1.9"),
                              ("1.10", "new 1.10"), ("1.39", "new 1.39")):
            self.assertEqual((200, text), self.ask(version))

    def test_not_in_this_version(self):
        for version, status in (("1.19", 404), ("1.20", 200)):
            self.assertEqual(status, self.ask(version, "POST")[0])
