"""A real Keystone says who calls a real tachyon-api."""

import uuid

import openstack

from tests.integration import base
from tests.integration.parts import client
from tests.integration.parts import daemons
from tests.integration.parts import keystone
from tests.integration.parts import nova

PATH = "/resource_providers"


class KeystoneTest(base.TestCase):

    LIMIT = 600

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keystone = keystone.shared()
        cls.shared.extend(cls.keystone.servers)
        cls.project = cls.keystone.make_project()
        cls.service = cls.keystone.make_user(cls.project, "service")
        cls.api = cls.share(daemons.Api(
            cls.share_directory(),
            cls.keystone.api_options(cls.service, cls.project)))
        cls.keystone.publish("placement", cls.api.url)

    def setUp(self):
        super().setUp()
        self.tokens = set()

    def tearDown(self):
        """No token is ever logged, though all is logged at DEBUG."""
        output = self.api.output
        self.assertIn("DEBUG", output)
        for token in self.tokens:
            self.assertNotIn(token, output)
        self.assertNotIn(self.keystone.password, output)
        super().tearDown()

    def ask(self, token, method="GET", path=PATH, body=None, **headers):
        """Return the answer to whoever this token is of."""
        caller = client.Client(self.api.url, token)
        return caller.ask(method, path, body, headers=headers)

    def make_token(self, *roles):
        """Return the token of a new user with these roles."""
        return self.note(self.keystone.issue(
            self.keystone.make_user(self.project, *roles),
            project_id=self.project))

    def note(self, token):
        """Return a token, whose traces will be looked for."""
        self.tokens.add(token)
        return token

    def refuse(self, token, **headers):
        answer = self.ask(token, **headers)
        self.assertEqual(401, answer.status_code, answer.text)
        self.assertEqual(f'Keystone uri="{self.keystone.url}"',
                         answer.headers["WWW-Authenticate"])
        error, = answer.json()["errors"]
        self.assertEqual(answer.headers["X-Openstack-Request-Id"],
                         error["request_id"])

    def test_roles(self):
        for role, status in (("service", 200), ("admin", 200),
                             ("member", 403), ("reader", 403)):
            token = self.make_token(role)
            self.assertEqual(status, self.ask(token).status_code, role)
            self.assertEqual(
                200, self.ask(token, path="/api/v1/flavors").status_code)

    def test_own_project(self):
        token = self.make_token("member")      # which implies reader
        for project, status in ((self.project, 200),
                                (uuid.uuid4().hex, 403)):
            answer = self.ask(token, path=f"/usages?project_id={project}")
            self.assertEqual(status, answer.status_code, answer.text)

    def test_scopes(self):
        """An admin of the whole system, or of nothing, is none here."""
        for scope, status in (({"project_name": keystone.ADMIN}, 200),
                              ({"system_scope": "all"}, 403), ({}, 403)):
            token = self.note(self.keystone.issue(keystone.ADMIN, **scope))
            self.assertEqual(status, self.ask(token).status_code, scope)

    def test_no_token_or_a_bad_one(self):
        self.refuse(None)
        self.refuse(self.note(uuid.uuid4().hex))
        # Of the right form, of another cloud's key.
        self.refuse(self.note("gAAAAABl" + uuid.uuid4().hex * 4))

    def test_revoked_token(self):
        token = self.make_token("service")
        self.keystone.revoke(token)
        self.refuse(token)

    def test_expired_token(self):
        """Good only where a service vouches that it was, when it began."""
        token = self.note(self.keystone.issue_expired(
            self.service, project_id=self.project))
        self.refuse(token)
        self.refuse(token, **{"X-Service-Token": self.make_token("member")})
        answer = self.ask(token, **{
            "X-Service-Token": self.make_token("service")})
        self.assertEqual(200, answer.status_code, answer.text)

    def test_bad_service_token(self):
        """What speaks for the user does not make up for it."""
        self.refuse(self.make_token("service"), **{
            "X-Service-Token": self.note(uuid.uuid4().hex)})

    def test_what_anybody_may_read(self):
        for path in ("/", "/api/v1/", "/api/v1/openapi.json", "/healthcheck"):
            for token in (None, "nonsense"):
                self.assertEqual(200, self.ask(token, path=path).status_code)

    def test_client_that_reads_the_catalogue(self):
        cloud = openstack.connection.Connection(
            session=self.keystone.log_in(self.service,
                                         project_id=self.project),
            region_name=keystone.REGION, placement_api_version="1.39",
            placement_default_microversion="1.39")
        made = cloud.placement.create_resource_provider(
            name=uuid.uuid4().hex)
        self.assertIn(made.id, [
            found.id for found in cloud.placement.resource_providers()])

    def test_nova_finds_it_fit(self):
        """``nova-status upgrade check`` takes it for a Placement that is new
        enough, and finds nothing else amiss."""
        there = self.useFixture(nova.Nova(
            self.keystone.service_options(self.service, self.project)))

        printed = there.run("nova-status", "upgrade", "check")

        self.assertRegex(printed, r"\| Check: Placement API *\|\n"
                                  r"\| Result: Success *\|\n")

    def test_keystone_away_and_back(self):
        known, unknown = self.make_token("service"), self.make_token("admin")
        self.assertEqual(200, self.ask(known).status_code)
        self.keystone.server.kill()
        try:
            answer = self.ask(unknown)
            self.assertEqual(503, answer.status_code, answer.text)
            self.assertIn("Keystone", answer.json()["errors"][0]["detail"])
            # Known to be good for a while yet.
            self.assertEqual(200, self.ask(known).status_code)
            self.assertEqual(200, self.ask(None, path="/").status_code)
        finally:
            self.keystone.server.start()
            self.keystone.wait_until_ready()
        self.assertEqual(200, self.ask(unknown).status_code)
