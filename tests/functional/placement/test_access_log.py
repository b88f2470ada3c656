"""The access log: a line for each request, whatever became of it."""

import json
import logging
import os
from unittest import mock

import fixtures
from oslo_log import formatters
from werkzeug import test as werkzeug_test

from tachyon.api import app
from tachyon.api import middleware
from tests.functional.placement import base

TOKEN = "admin:demo"
SECRETS = {"X-Auth-Token": TOKEN, "X-Service-Token": "sesame-1",
           "Authorization": "Bearer sesame-2", "Cookie": "sesame-3"}


class TestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.path = f"{self.state_path}/access.log"
        self.config(group="api", access_log_file=self.path)
        self.fixture = self.useFixture(base.AppFixture(self.conf))
        self.log = self.useFixture(fixtures.FakeLogger(
            "", level=logging.DEBUG, format="%(name)s %(message)s"))

    @property
    def lines(self):
        """What the file holds."""
        with open(self.path) as file:
            return [json.loads(line) for line in file]

    @property
    def texts(self):
        """What the daemon's log holds of requests."""
        return [line.partition(" ")[2] for line in self.log.output.split("\n")
                if line.startswith("tachyon.api.access")]


class AccessLogTestCase(TestCase):

    def test_fields(self):
        outer = f"req-{base.uuids.outer}"
        answer = self.fixture.client.get(
            "/resource_providers?name=a%20b", headers={
                "X-Auth-Token": TOKEN, "X-Openstack-Request-Id": outer,
                "OpenStack-API-Version": "placement 1.39"},
            environ_base={"REMOTE_ADDR": "192.0.2.1"})
        line, = self.lines
        self.assertRegex(line.pop("time"), r"^\d{4}-.*\+00:00$")
        self.assertGreater(line.pop("duration"), 0)
        self.assertEqual({
            "request_id": answer.headers["X-Openstack-Request-Id"],
            "global_request_id": outer, "remote": "192.0.2.1",
            "method": "GET", "path": "/resource_providers",
            "query": "name=a%20b", "status": 200,
            "length": int(answer.headers["Content-Length"]),
            "microversion": "1.39", "user_id": "admin",
            "project_id": "demo"}, line)
        text, = self.texts
        self.assertRegex(text, r'^192\.0\.2\.1 "GET /resource_providers'
                               r'\?name=a%20b" status: 200 length: \d+ '
                               r'microversion: 1\.39 duration: \d+\.\d{6}$')

    def test_every_answer_is_logged(self):
        for method, path, token, status in (
                ("GET", "/", None, 200),
                ("GET", "/traits", None, 401),
                ("GET", "/traits", "alice", 403),
                ("GET", "/nothing", TOKEN, 404),
                ("DELETE", "/", TOKEN, 405),
                ("GET", "/api/v1/flavors", TOKEN, 200)):
            self.ask(method, path, token=token)
            line = self.lines[-1]
            self.assertEqual((method, path, status),
                             (line["method"], line["path"], line["status"]))

    def test_what_breaks_is_logged(self):
        providers = self.fixture.managers.placement.providers
        with mock.patch.object(providers, "list",
                               side_effect=RuntimeError("boom")):
            self.ask("GET", "/resource_providers")
        self.assertEqual(500, self.lines[-1]["status"])

    def test_mounted_below_a_prefix(self):
        self.fixture.client.get("/traits", base_url="http://cloud/placement")
        self.assertEqual("/placement/traits", self.lines[-1]["path"])

    def test_server_that_leaves_out_an_empty_path(self):
        environ = werkzeug_test.create_environ("/")
        del environ["PATH_INFO"]
        _, status, _ = werkzeug_test.run_wsgi_app(self.fixture.app, environ)
        self.assertEqual(("200 OK", ""), (status, self.lines[-1]["path"]))

    def test_behind_a_proxy(self):
        """Its headers count only where the operator says so."""
        headers = {"X-Forwarded-For": "198.51.100.7",
                   "X-Forwarded-Prefix": "/placement"}
        for believed, seen in ((False, ("192.0.2.1", "/traits")),
                               (True, ("198.51.100.7", "/placement/traits"))):
            self.config(group="oslo_middleware",
                        enable_proxy_headers_parsing=believed)
            client = werkzeug_test.Client(app.create_app(
                self.conf, self.fixture.managers))
            client.get("/traits", headers=headers,
                       environ_base={"REMOTE_ADDR": "192.0.2.1"})
            line = self.lines[-1]
            self.assertEqual(seen, (line["remote"], line["path"]))

    def test_no_line_can_be_forged(self):
        self.ask("GET", "/a%0ab%22%c3%a9?c=%0d%22%01%e9")
        self.assertEqual("/a%0Ab%22%C3%A9", self.lines[-1]["path"])
        self.assertEqual(1, len(self.texts))

    def test_health_checks_are_quiet_unless_they_fail(self):
        self.ask("GET", "/healthcheck")
        self.assertEqual([], self.lines)
        with mock.patch.object(self.fixture.driver, "health",
                               side_effect=base.unavailable()):
            self.ask("GET", "/healthcheck")
        self.assertEqual([503], [line["status"] for line in self.lines])

    def test_rotated(self):
        self.ask("GET", "/")
        os.rename(self.path, f"{self.path}.1")
        self.ask("GET", "/traits")
        self.assertEqual(["/traits"], [line["path"] for line in self.lines])

    def test_file_that_can_not_be_written(self):
        self.config(group="api", access_log_file="/dev/null/access.log")
        self.assertRaises(OSError, middleware.wrap, None, self.conf, None)

    def test_full_disk_stops_no_answer(self):
        os.remove(self.path)
        os.mkdir(self.path)
        self.assertEqual(200, self.ask("GET", "/").status_code)
        self.assertIn("The access log misses a request", self.log.output)


class SecretsTestCase(TestCase):

    def test_no_secret_is_ever_logged(self):
        output = self.useFixture(fixtures.StringStream("log")).stream
        handler = logging.StreamHandler(output)
        handler.setFormatter(formatters.JSONFormatter())
        root = logging.getLogger()
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)
        for path in ("/traits", "/nothing", "/api/v1/flavors"):
            self.ask("GET", path, headers=SECRETS)
        output.seek(0)
        lines = [json.loads(line) for line in output]
        access = [line for line in lines
                  if line["name"] == "tachyon.api.access"]
        self.assertEqual([200, 404, 200], [
            line["extra"]["request"]["status"] for line in access])
        with open(self.path) as file:
            texts = [self.log.output, file.read(), json.dumps(lines)]
        for text in texts:
            for secret in SECRETS.values():
                self.assertNotIn(secret, text)
