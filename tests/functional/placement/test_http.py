"""What all routes have in common: who may, in which version, what comes in
and how errors look."""

import io
from unittest import mock

import orjson
from oslo_context import context as oslo_context

from tachyon import exception
from tachyon.api import microversion
from tests.functional.placement import base
from tests.functional.placement.base import uuids

ROUTES = (
    ("GET", "/resource_providers", None),
    ("POST", "/resource_providers", {"name": "x"}),
    ("GET", f"/resource_providers/{uuids.x}", None),
    ("PUT", f"/resource_providers/{uuids.x}", {"name": "x"}),
    ("DELETE", f"/resource_providers/{uuids.x}", None),
    ("GET", f"/resource_providers/{uuids.x}/inventories", None),
    ("PUT", f"/resource_providers/{uuids.x}/inventories", {}),
    ("POST", f"/resource_providers/{uuids.x}/inventories", {}),
    ("DELETE", f"/resource_providers/{uuids.x}/inventories", None),
    ("GET", f"/resource_providers/{uuids.x}/inventories/VCPU", None),
    ("PUT", f"/resource_providers/{uuids.x}/inventories/VCPU", {}),
    ("DELETE", f"/resource_providers/{uuids.x}/inventories/VCPU", None),
    ("GET", f"/resource_providers/{uuids.x}/traits", None),
    ("PUT", f"/resource_providers/{uuids.x}/traits", {}),
    ("DELETE", f"/resource_providers/{uuids.x}/traits", None),
    ("GET", f"/resource_providers/{uuids.x}/aggregates", None),
    ("PUT", f"/resource_providers/{uuids.x}/aggregates", {}),
    ("GET", f"/resource_providers/{uuids.x}/usages", None),
    ("GET", f"/resource_providers/{uuids.x}/allocations", None),
    ("GET", "/traits", None),
    ("GET", "/traits/CUSTOM_X", None),
    ("PUT", "/traits/CUSTOM_X", None),
    ("DELETE", "/traits/CUSTOM_X", None),
    ("GET", "/resource_classes", None),
    ("POST", "/resource_classes", {}),
    ("GET", "/resource_classes/CUSTOM_X", None),
    ("PUT", "/resource_classes/CUSTOM_X", None),
    ("DELETE", "/resource_classes/CUSTOM_X", None),
    ("GET", f"/allocations/{uuids.c}", None),
    ("PUT", f"/allocations/{uuids.c}", {}),
    ("DELETE", f"/allocations/{uuids.c}", None),
    ("POST", "/allocations", {}),
    ("GET", "/allocation_candidates", None),
    ("GET", "/usages?project_id=other", None),
)


class VersionsTestCase(base.TestCase):

    def test_version_document_is_open_to_everybody(self):
        answer = self.ask("GET", "/", token=None, version=None)
        self.assertEqual(200, answer.status_code)
        version, = answer.json["versions"]
        self.assertEqual("v1.0", version["id"])
        self.assertEqual("1.39", version["max_version"])
        self.assertEqual("CURRENT", version["status"])
        self.assertEqual([{"rel": "self", "href": ""}], version["links"])

    def test_version_is_told_back(self):
        for asked, told in (("latest", "1.39"), ("1.39", "1.39"),
                            (None, str(microversion.MIN_VERSION))):
            answer = self.ask("GET", "/resource_providers", version=asked)
            self.assertEqual(f"placement {told}",
                             answer.headers["OpenStack-API-Version"])
            self.assertEqual("openstack-api-version",
                             answer.headers["Vary"])

    def test_version_is_told_back_with_errors(self):
        for method, path in (("GET", "/nothing"),
                             ("DELETE", "/resource_providers"),
                             ("GET", f"/resource_providers/{uuids.x}")):
            answer = self.ask(method, path)
            self.assertEqual("placement 1.39",
                             answer.headers["OpenStack-API-Version"])

    def test_other_services_versions_are_not_ours(self):
        answer = self.ask("GET", "/", version=None, headers={
            "OpenStack-API-Version": "compute 2.99, placement 1.39"})
        self.assertEqual(200, answer.status_code)

    def test_version_out_of_range(self):
        for version in ("1.40", "2.0", "0.9"):
            problem = self.refuse(406, "GET", "/", version=version)
            self.assertIn(f"Unacceptable version header: {version}",
                          problem.detail)
        error, = self.ask("GET", "/", version="9.9").json["errors"]
        self.assertEqual("1.39", error["max_version"])
        self.assertEqual(str(microversion.MIN_VERSION), error["min_version"])

    def test_root_may_be_empty(self):
        """So it is where the API is mounted below a prefix."""
        answer = self.fixture.client.get("/", environ_overrides={
            "SCRIPT_NAME": "/placement", "PATH_INFO": ""})
        self.assertEqual(200, answer.status_code)
        self.assertEqual("1.39", answer.json["versions"][0]["max_version"])

    def test_malformed_version(self):
        for version in ("pony.horse", "1", "1.2.3", "١.٢.٣"):
            headers = {"OpenStack-API-Version": f"placement {version}"}
            headers = {key: value.encode().decode("latin-1")
                       for key, value in headers.items()}
            problem = self.refuse(400, "GET", "/", version=None,
                                  headers=headers)
            self.assertIn("invalid version string", problem.detail)

    def test_own_api_has_no_microversion(self):
        answer = self.ask("GET", "/api/v1/flavors", version="9.9")
        self.assertEqual(200, answer.status_code)
        self.assertNotIn("OpenStack-API-Version", answer.headers)


class WhoTestCase(base.TestCase):

    def test_without_token(self):
        for method, path, _ in ROUTES:
            problem = self.refuse(401, method, path, token=None)
            self.assertEqual("Unauthorized", problem.title)

    def test_default_token(self):
        self.config(group="api", noauth2_default_token="admin")
        for token in (None, "", "notused"):
            self.assertEqual(
                {"resource_providers": []},
                self.tell("GET", "/resource_providers", token=token))
        self.refuse(403, "GET", "/resource_providers", token="alice")

    def test_placeholder_is_a_token_like_any_other(self):
        self.refuse(403, "GET", "/resource_providers", token="notused")

    def test_identity_headers_are_no_token(self):
        self.refuse(401, "GET", "/resource_providers", token=None, headers={
            "X-User-Id": "admin", "X-Roles": "admin"})

    def test_forbidden_comes_before_a_bad_body(self):
        for method, path, body in ROUTES:
            problem = self.refuse(403, method, path, token="alice",
                                  data=b"{" if body is not None else None)
            self.assertIn("Policy does not allow placement:", problem.detail)

    def test_roles_by_header(self):
        for roles, status in (("service", 200), ("admin", 200),
                              ("member,reader", 403), ("", 403)):
            answer = self.ask("GET", "/resource_providers", token="alice",
                              headers={"X-Roles": roles})
            self.assertEqual(status, answer.status_code, roles)

    def test_admin_can_step_down(self):
        self.refuse(403, "GET", "/resource_providers",
                    headers={"X-Roles": "reader"})

    def test_reader_sees_usages_of_its_own_project_only(self):
        for project, status in (("demo", 200), ("other", 403)):
            answer = self.ask(
                "GET", f"/usages?project_id={project}", token="alice:demo",
                headers={"X-Roles": "reader"})
            self.assertEqual(status, answer.status_code, project)

    def test_project_by_header(self):
        """Even by an empty one."""
        for project, status in (("other", 200), ("demo", 403), ("", 403)):
            answer = self.ask(
                "GET", "/usages?project_id=other", token="alice:demo",
                headers={"X-Roles": "reader", "X-Project-Id": project})
            self.assertEqual(status, answer.status_code, project)
        self.refuse(403, "GET", "/usages?project_id=demo",
                    token="alice:demo",
                    headers={"X-Roles": "reader", "X-Project-Id": ""})

    def test_system_scope_is_not_for_placement(self):
        self.refuse(403, "GET", "/resource_providers",
                    headers={"OpenStack-System-Scope": "all"})


class ContextTestCase(base.TestCase):

    def test_managers_know_caller_and_request(self):
        with mock.patch.object(self.placement.providers, "list",
                               return_value=[]) as list_providers:
            answer = self.ask(
                "GET", "/resource_providers", token="admin:ops", headers={
                    "X-Openstack-Request-Id": f"req-{uuids.outer}"})
        ctx = list_providers.call_args.args[0]
        self.assertEqual(("admin", "ops"), (ctx.user_id, ctx.project_id))
        self.assertEqual(f"req-{uuids.outer}", ctx.global_request_id)
        self.assertEqual(ctx.request_id,
                         answer.headers["X-Openstack-Request-Id"])

    def test_log_lines_know_the_request(self):
        seen = []

        def list_providers(ctx, wanted):
            seen.append(oslo_context.get_current())
            return []
        with mock.patch.object(self.placement.providers, "list",
                               side_effect=list_providers):
            answer = self.ask("GET", "/resource_providers")
        self.assertEqual([answer.headers["X-Openstack-Request-Id"]],
                         [ctx.request_id for ctx in seen])

    def test_mounted_below_a_prefix(self):
        answer = self.fixture.client.post(
            "/resource_providers", base_url="http://cloud/placement",
            json={"name": "x", "uuid": uuids.x},
            headers={"X-Auth-Token": "admin",
                     "OpenStack-API-Version": "placement latest"})
        self.assertEqual(f"/placement/resource_providers/{uuids.x}",
                         answer.json["links"][0]["href"])
        self.assertEqual(
            f"http://cloud/placement/resource_providers/{uuids.x}",
            answer.headers["Location"])


class CORSTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.config(group="cors", allowed_origin=["http://ui.example.com"])
        self.fixture = self.useFixture(base.AppFixture(self.conf))

    def test_preflight_needs_no_token(self):
        answer = self.ask("OPTIONS", "/resource_providers", token=None,
                          version=None, headers={
                              "Origin": "http://ui.example.com",
                              "Access-Control-Request-Method": "GET",
                              "Access-Control-Request-Headers":
                                  "openstack-api-version"})
        self.assertEqual(200, answer.status_code)
        self.assertEqual("http://ui.example.com",
                         answer.headers["Access-Control-Allow-Origin"])

    def test_other_origin(self):
        answer = self.ask("GET", "/", headers={
            "Origin": "http://evil.example.com"})
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)


class PathsTestCase(base.TestCase):

    def test_no_such_path(self):
        for path in ("/nothing", "/resource_providers/",
                     f"/resource_providers/{uuids.x}/cows",
                     f"/resource_providers//{uuids.x}",
                     "/resource_providers/%ff/usages/x", "/%00",
                     "/resource_providers/a/b/c/d", "/traits/a%2Fb"):
            problem = self.refuse(404, "GET", path)
            self.assertEqual("placement.undefined_code", problem.code)
            self.assertEqual("The resource could not be found.",
                             problem.detail)

    def test_a_slash_too_many_at_the_beginning(self):
        for path in ("//", "//resource_providers", "//api/v1"):
            answer = self.fixture.client.get(
                "/", headers={"X-Auth-Token": "admin"},
                environ_overrides={"PATH_INFO": path})
            self.assertEqual(404, answer.status_code, path)

    def test_method_not_allowed(self):
        for method, path, allowed in (
                ("DELETE", "/", {"GET"}),
                ("OPTIONS", "/resource_providers", {"GET", "POST"}),
                ("HEAD", "/resource_providers", {"GET", "POST"}),
                ("BREW", "/allocations", {"POST"}),
                ("POST", f"/allocations/{uuids.c}",
                 {"GET", "PUT", "DELETE"})):
            answer = self.ask(method, path)
            self.assertEqual(405, answer.status_code)
            self.assertEqual(
                allowed, set(answer.headers["Allow"].split(", ")))
        problem = self.refuse(405, "DELETE", "/resource_providers")
        self.assertEqual(
            "The method DELETE is not allowed for this resource.",
            problem.detail)

    def test_odd_names_are_unknown_not_errors(self):
        for name in ("%ff%fe", "%E2%98%83", "%zz", "%", "a" * 4000,
                     "'%20OR%201=1--", "..", "%0A", "VCPU%0A"):
            for path in (f"/resource_providers/{name}",
                         f"/resource_providers/{name}/inventories",
                         f"/traits/{name}", f"/resource_classes/{name}"):
                self.refuse(404, "GET", path)


class ContentTestCase(base.TestCase):

    def test_only_json_is_given(self):
        for accept, status in (
                ("application/json", 200), ("*/*", 200),
                ("application/*", 200), ("text/html, */*;q=0.1", 200),
                ("", 200), ("no such thing", 200),
                ("text/plain", 406), ("text/html;q=1.0, image/*", 406),
                ("application/json;q=0", 406), ("*/*;q=0", 406)):
            answer = self.ask("GET", "/resource_providers",
                              headers={"Accept": accept})
            self.assertEqual(status, answer.status_code, accept)
        answer = self.ask("GET", "/resource_providers",
                          headers={"Accept": "text/plain"})
        self.assertEqual("text/plain", answer.mimetype)
        self.assertIn("Only application/json is provided", answer.text)

    def test_errors_come_in_the_type_that_is_wanted(self):
        for accept, wanted in (
                ("application/json", "application/json"),
                ("", "application/json"), ("*/*", "application/json"),
                ("text/html", "text/html"), ("no such thing", "text/html"),
                ("text/plain", "text/plain"),
                ("application/json;q=0", "text/plain")):
            answer = self.ask("GET", "/nothing", headers={"Accept": accept})
            self.assertEqual(404, answer.status_code)
            self.assertEqual(wanted, answer.mimetype, accept)

    def test_aggregates_look_at_types_before_the_version(self):
        """Alone, as in Placement: others are unknown, whatever comes."""
        path = f"/resource_providers/{uuids.x}"
        for part, expected in (("aggregates", (406, 415, 404)),
                               ("traits", (404, 404, 404))):
            self.assertEqual(expected, tuple(
                self.ask(method, f"{path}/{part}", version="1.0", data=data,
                         content_type=content_type,
                         headers={"Accept": "text/plain"}).status_code
                for method, data, content_type in (
                    ("GET", None, None), ("PUT", b"[]", "text/plain"),
                    ("PUT", b"[]", "application/json"))))

    def test_only_json_is_taken(self):
        for method, path, body in ROUTES:
            if body is not None:
                problem = self.refuse(415, method, path, data=b"x",
                                      content_type="text/plain")
                self.assertIn("The media type text/plain is not supported, "
                              "use application/json", problem.detail)

    def test_no_content_type(self):
        problem = self.refuse(415, "PUT", f"/resource_providers/{uuids.x}")
        self.assertIn("The media type None is not supported", problem.detail)

    def test_content_without_type(self):
        for headers, text in (
                ({"CONTENT_LENGTH": "5"}, "content-type header required"),
                ({"CONTENT_LENGTH": "hi", "CONTENT_TYPE": "text/plain"},
                 "content-length header must be an integer"),
                ({"CONTENT_LENGTH": "-5", "CONTENT_TYPE": "text/plain"},
                 "content-length header must be an integer")):
            status, body = self._raw(headers, b"12345")
            self.assertEqual("400", status[:3])
            self.assertIn(text, body)

    def _raw(self, environ, data):
        seen = {}
        result = self.fixture.app({
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "",
            "PATH_INFO": "/resource_providers", "QUERY_STRING": "",
            "SERVER_NAME": "x", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_X_AUTH_TOKEN": "admin",
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(data),
            "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0),
            "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False, **environ,
        }, lambda status, headers, exc_info=None: seen.update(status=status))
        return seen["status"], b"".join(result).decode()

    def test_malformed_json(self):
        for data in (b"", b"{", b"\xff", b'{"name": NaN}', b"[" * 3000,
                     b'{"name": "\xff"}', b'{"name": "\\ud800"}',
                     b'{"name": 1e999}', b"null null"):
            problem = self.refuse(400, "POST", "/resource_providers",
                                  data=data)
            self.assertIn("Malformed JSON", problem.detail)

    def test_json_that_does_not_fit(self):
        for body in (None, [], "x", 5, {}, {"name": 5},
                     {"name": "x", "color": "blue"}):
            problem = self.refuse(400, "POST", "/resource_providers",
                                  data=orjson.dumps(body))
            self.assertIn("JSON does not validate", problem.detail)

    def test_error_about_a_large_body_is_short(self):
        problem = self.refuse(400, "POST", "/resource_providers", [
            "x" * 100] * 10000)
        self.assertLess(len(problem.detail), 3000)

    def test_body_too_large(self):
        self.config(group="api", max_request_body_size=2000)
        self.fixture = self.useFixture(base.AppFixture(self.conf))
        for size, status in ((1990, 400), (2001, 413)):
            self.refuse(status, "POST", "/resource_providers",
                        data=b'"' + b"x" * (size - 2) + b'"')

    def test_bad_query_strings(self):
        for path in ("/resource_providers?name=%ff", "/resource_providers?%",
                     "/resource_providers?name=x&%ff=1",
                     "/resource_providers?uuid=nope",
                     "/resource_providers?color=blue", "/traits?x=1",
                     "/allocation_candidates?resources=VCPU:1&x",
                     "/usages", "/usages?project_id=",
                     "/usages?project_id=x&consumer_type=small"):
            problem = self.refuse(400, "GET", path)
            self.assertIn("Invalid query string parameters", problem.detail)


class FailureTestCase(base.TestCase):

    def test_store_is_unavailable(self):
        for error, text in (
                (exception.DriverUnavailable(reason="it is gone"),
                 "it is gone"),
                (exception.SchemaOutOfDate(found=1, needed=2), "db sync")):
            with mock.patch.object(self.placement.providers, "list",
                                   side_effect=error):
                problem = self.refuse(503, "GET", "/resource_providers")
            self.assertIn(text, problem.detail)

    def test_a_bug_is_told_to_the_log_alone(self):
        with (mock.patch.object(self.placement.providers, "list",
                                side_effect=ValueError("secret")),
              self.assertLogs("tachyon.api.errors", "ERROR") as logs):
            problem = self.refuse(500, "GET", "/resource_providers")
        self.assertNotIn("secret", problem.detail)
        self.assertIn("ValueError: secret", "".join(logs.output))
