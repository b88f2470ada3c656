"""Callers whom Keystone vouches for.

Keystone is played by keystonemiddleware's own fixture; the real one is met in
``tests.integration.test_keystone``.
"""

from unittest import mock

import fixtures
from keystoneauth1 import exceptions as keystone_exc
from keystoneauth1 import fixture as ksa_fixture
from keystoneauth1 import loading
from keystonemiddleware import auth_token
from keystonemiddleware import fixture as keystone_fixture
from oslo_config import cfg

from tachyon import exception
from tachyon.api import middleware
from tests import base as tests_base
from tests.functional.placement import base

URL = "http://keystone.example.com/v3"
CHALLENGE = f'Keystone uri="{URL}"'
PASSWORD = "hunter2"
# What the fixture puts something else in the place of.
FETCH = auth_token.AuthProtocol.fetch_token

CONFIGURATION = f"""
[api]
auth_strategy = keystone

[keystone_authtoken]
auth_type = password
auth_url = {URL}
www_authenticate_uri = {URL}
username = tachyon
password = {PASSWORD}
project_name = service
user_domain_name = Default
project_domain_name = Default
"""


def configure(test, text=CONFIGURATION):
    """Read a file such as operators write."""
    test.addCleanup(_forget_plugin, test.conf)
    path = f"{test.state_path}/tachyon.conf"
    with open(path, "w") as file:
        file.write(text)
    test.conf([], project="tachyon", default_config_files=[path],
              default_config_dirs=[])


def _forget_plugin(conf):
    """Unregister what a plug-in registered: required of everybody since."""
    conf.reset()
    options = loading.get_auth_plugin_conf_options("password")
    for group in ("keystone_authtoken", "nova"):
        conf.register_group(cfg.OptGroup(group))
        conf.unregister_opts(options, group)


class TestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        configure(self)
        self.fixture = self.useFixture(base.AppFixture(self.conf))
        self.keystone = self.useFixture(keystone_fixture.AuthTokenFixture())

    def issue(self, token, *roles, **more):
        """Make a token of alice's, in the project demo."""
        self.keystone.add_token_data(
            token_id=token, user_id="alice", project_id="demo",
            role_list=list(roles), **more)
        return token


class TokensTestCase(TestCase):

    def test_roles_decide(self):
        for role, status in (("service", 200), ("admin", 200),
                             ("member", 403), ("reader", 403)):
            answer = self.ask("GET", "/resource_providers",
                              token=self.issue(f"t-{role}", role))
            self.assertEqual(status, answer.status_code, role)

    def test_project_decides(self):
        token = self.issue("t", "reader")
        for project, status in (("demo", 200), ("other", 403)):
            answer = self.ask("GET", f"/usages?project_id={project}",
                              token=token)
            self.assertEqual(status, answer.status_code, project)

    def test_no_token_or_a_bad_one(self):
        for token in (None, "", "nonsense", "admin", "admin:demo"):
            for path in ("/resource_providers", "/api/v1/flavors", "/nothing"):
                problem = self.refuse(401, "GET", path, token=token)
                self.assertEqual(CHALLENGE,
                                 problem.headers["WWW-Authenticate"])

    def test_expired_token(self):
        token = self.issue("t", "admin", expires="2001-01-01T00:00:00Z")
        self.refuse(401, "GET", "/resource_providers", token=token)

    def test_headers_say_nothing(self):
        for headers in ({"X-User-Id": "root", "X-Roles": "admin"},
                        {"X-Identity-Status": "Confirmed",
                         "X-User-Id": "root", "X-Roles": "admin"}):
            self.refuse(401, "GET", "/resource_providers", token=None,
                        headers=headers)
            self.refuse(403, "GET", "/resource_providers",
                        token=self.issue("t", "reader"), headers=headers)

    def test_bad_service_token(self):
        """A good user token does not make up for it."""
        self.refuse(401, "GET", "/resource_providers",
                    token=self.issue("t", "admin"),
                    headers={"X-Service-Token": "nonsense"})

    def test_what_anybody_may_read(self):
        asked = self.useFixture(fixtures.MockPatchObject(
            auth_token.AuthProtocol, "fetch_token")).mock
        for path in ("/", "/api/v1", "/api/v1/", "/api/v1/openapi.json",
                     "/api/v1/docs/"):
            for token in (None, "nonsense"):
                answer = self.ask("GET", path, token=token)
                self.assertEqual(200, answer.status_code, path)
        asked.assert_not_called()

    def test_paths_that_are_no_text(self):
        """As servers hand them on: a byte a character."""
        token = self.issue("t", "admin")
        for path in ("/\xff", "/traits/\xff", "/api/\xff\xc3"):
            for headers, status in (({}, 401),
                                    ({"X-Auth-Token": token}, 404)):
                answer = self.fixture.client.get(
                    "/", headers=headers, environ_overrides={
                        "PATH_INFO": path})
                self.assertEqual(status, answer.status_code, path)

    def test_access_rules(self):
        """A path that is no text fits none."""
        token = ksa_fixture.V3Token(user_id="alice", project_id="demo")
        token.add_role(name="admin")
        token.add_service("placement").add_standard_endpoints(public=URL)
        token["token"]["application_credential"] = {"access_rules": [
            {"service": "placement", "method": "GET", "path": "/traits/**"}]}
        headers = {"X-Auth-Token": self.keystone.add_token(token),
                   "OpenStack-API-Version": "placement 1.39"}
        for path, status in (("/traits/CUSTOM_NONE", 404), ("/traits", 401),
                             ("/traits/\xff", 401), ("/\xff", 401)):
            answer = self.fixture.client.get(
                "/", headers=headers, environ_overrides={"PATH_INFO": path})
            self.assertEqual(status, answer.status_code, path)

    def test_own_api_tells_its_own_code(self):
        problem = self.refuse(401, "GET", "/api/v1/flavors", token=None)
        self.assertEqual("tachyon.undefined_code", problem.code)


class TroubleTestCase(TestCase):
    """Who is told 401 throws away a token that may be good."""

    def test_keystone_is_away(self):
        for error in (keystone_exc.ConnectFailure("no route"),
                      keystone_exc.RequestTimeout("no answer"),
                      keystone_exc.EndpointNotFound("no endpoint"),
                      keystone_exc.MissingAuthPlugin("no plug-in")):
            with mock.patch.object(
                    auth_token.AuthProtocol, "fetch_token", FETCH), \
                    mock.patch.object(
                        auth_token._identity.IdentityServer, "verify_token",
                        side_effect=error):
                for path in ("/traits", "/api/v1/flavors"):
                    problem = self.refuse(503, "GET", path, token="t")
                    self.assertIn("Keystone", problem.detail)
                    self.assertNotIn(str(error), problem.detail)


class ConfigurationTestCase(tests_base.TestCase):
    """What is missing shows when the daemon starts."""

    def check(self, text, expected):
        configure(self, text)
        error = self.assertRaises(
            (exception.TachyonException, cfg.Error), middleware.wrap,
            None, self.conf, None)
        self.assertIn(expected, str(error))

    def test_no_credentials(self):
        self.check("[api]\nauth_strategy = keystone\n",
                   "[keystone_authtoken] auth_type")

    def test_unknown_plugin(self):
        self.check(CONFIGURATION.replace("= password", "= magic"), "magic")

    def test_credentials_are_not_whole(self):
        self.check(CONFIGURATION.replace(f"auth_url = {URL}", ""), "auth_url")

    def test_credentials_elsewhere(self):
        text = CONFIGURATION.replace("[keystone_authtoken]", (
            "[keystone_authtoken]\nauth_section = nova\n[nova]"))
        configure(self, text)
        middleware.wrap(None, self.conf, None)
        self.check(text.replace("auth_type = password", ""),
                   "[nova] auth_type")
