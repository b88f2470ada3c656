"""Which exception is which answer."""

import flask
from werkzeug import exceptions as werkzeug_exc

from tachyon import exception
from tachyon.api import errors
from tachyon.api import microversion
from tests import base


class ProblemTestCase(base.TestCase):

    def test_statuses(self):
        for error, status, code in (
                (exception.NotFound("x"), 404, None),
                (exception.Conflict("x"), 409, None),
                (exception.BadRequest("x"), 400, None),
                (exception.PolicyNotAuthorized(action="x"), 403, None),
                (exception.DriverUnavailable(reason="x"), 503, None),
                (exception.ConcurrentUpdate(what="x"), 409,
                 "placement.concurrent_update"),
                (exception.ConsumerGenerationConflict(expected=1, got=2),
                 409, "placement.concurrent_update"),
                (exception.ResourceProviderNotFound(uuid="x"), 404, None),
                (exception.InstanceNotFound(id="x"), 404,
                 "tachyon.instance.not_found"),
                (werkzeug_exc.RequestEntityTooLarge(), 413, None),
                (werkzeug_exc.MethodNotAllowed(["GET"]), 405, None)):
            problem = errors.make_problem(error)
            self.assertEqual((status, code), (problem.status, problem.code),
                             error)

    def test_every_exception_of_the_caller_has_a_status(self):
        kinds = (exception.NotFound, exception.Conflict,
                 exception.BadRequest)
        for cls in vars(exception).values():
            if isinstance(cls, type) and issubclass(cls, kinds):
                error = cls("text")
                self.assertIn(errors.make_problem(error).status,
                              (400, 404, 409), cls)

    def test_codes_are_used_for_one_thing(self):
        rules = [rule for rule in errors.RULES.values() if rule.code]
        statuses = {}
        for rule in rules:
            statuses.setdefault(rule.code, set()).add(rule.status)
        for code, found in statuses.items():
            self.assertEqual(1, len(found), code)

    def test_route_knows_better(self):
        rules = {exception.NotFound: errors.Rule(
            400, "placement.x", "{uuid} of {host}: {error}")}
        problem = errors.make_problem(
            exception.ResourceProviderNotFound(uuid="u"), rules,
            {"host": "{h}"})
        self.assertEqual((400, "placement.x"), (problem.status, problem.code))
        self.assertEqual("u of {h}: No resource provider with uuid u found",
                         problem.detail)

    def test_nearest_class_wins(self):
        rules = {exception.NotFound: errors.Rule(400)}
        problem = errors.make_problem(
            exception.RequestNotFound(id="x"), rules)
        self.assertEqual(404, problem.status)

    def test_members(self):
        problem = errors.make_problem(exception.InvalidTransition(
            id="i", status="DELETED", action="start", allowed=()))
        self.assertEqual({"state": "DELETED", "allowed_actions": ()},
                         problem.members)

    def test_bugs(self):
        with self.assertLogs("tachyon.api.errors", "ERROR"):
            problem = errors.make_problem(KeyError("secret"))
        self.assertEqual(500, problem.status)
        self.assertNotIn("secret", problem.detail)


class RenderTestCase(base.TestCase):

    def respond(self, path, problem, version="1.39", **headers):
        app = flask.Flask(__name__)
        with app.test_request_context(path, headers=headers):
            if version is not None:
                flask.g.microversion = microversion.parse(version)
            flask.request.environ["openstack.request_id"] = "req-1"
            return errors.render(problem)

    def render(self, path, problem, version="1.39"):
        response = self.respond(path, problem, version)
        return response, response.json["errors"][0]

    def test_placement(self):
        response, error = self.render("/x", errors.Problem(
            409, "first\nsecond", "placement.x", {"Allow": "GET"}, extra=1))
        self.assertEqual(409, response.status_code)
        self.assertEqual("GET", response.headers["Allow"])
        self.assertEqual({
            "status": 409, "title": "Conflict", "code": "placement.x",
            "detail": "There was a conflict when trying to complete your "
                      "request.\n\n first second",
            "request_id": "req-1", "extra": 1}, error)

    def test_codes_came_late(self):
        for version, coded in ((None, False), ("1.0", False),
                               ("1.22", False), ("1.23", True)):
            _, error = self.render("/x", errors.Problem(404, ""), version)
            self.assertEqual(coded, "code" in error, version)

    def test_other_types_than_json(self):
        for accept, given in (
                ("application/json", "application/json"),
                ("*/*", "application/json"), ("", "application/json"),
                ("text/html", "text/html"),
                ("text/html,application/xml;q=0.9,*/*;q=0.8", "text/html"),
                ("application/json, text/html;q=0.5", "application/json"),
                ("text/plain", "text/plain"), ("image/*", "text/plain")):
            response = self.respond(
                "/x", errors.Problem(406, "x & y"), Accept=accept)
            self.assertEqual((406, given),
                             (response.status_code, response.mimetype))
            self.assertNotIn(b"${", response.data)
            escaped = "x &amp; y" if given == "text/html" else "x & y"
            self.assertIn(escaped, response.get_data(as_text=True))
        response = self.respond("/api/v1/x", errors.Problem(404, "no x"),
                                Accept="text/html")
        self.assertEqual("application/json", response.mimetype)

    def test_own_api(self):
        _, error = self.render("/api/v1/x", errors.Problem(404, "no x"))
        self.assertEqual(("no x", "tachyon.undefined_code"),
                         (error["detail"], error["code"]))

    def test_without_detail(self):
        for path in ("/x", "/api/v1/x"):
            _, error = self.render(path, errors.Problem(404, ""))
            self.assertEqual("The resource could not be found.",
                             error["detail"])
