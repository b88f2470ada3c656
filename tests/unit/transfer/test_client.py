"""Who we are to another service."""

import testtools
from keystoneauth1 import session
from keystoneauth1.identity import generic

from tachyon import exception
from tachyon.transfer import client

KEYSTONE = {"OS_AUTH_URL": "http://127.0.0.1:1", "OS_USERNAME": "root",
            "OS_PASSWORD": "secret", "OS_PROJECT_NAME": "ops",
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default", "OS_REGION_NAME": "one"}


class TestAuthentication(testtools.TestCase):

    def plugin(self, token=None, **environ):
        made = client.Client("placement", "http://127.0.0.1:1/", "1.38",
                             token, environ=environ)
        return made._session.auth

    def test_tokens(self):
        """What is given goes first; then the environment."""
        for found, token, environ in (
                ("given", "given", {"OS_TOKEN": "there", **KEYSTONE}),
                ("there", None, {"OS_TOKEN": "there", **KEYSTONE})):
            plugin = self.plugin(token, **environ)
            self.assertEqual(found, plugin.get_token(session.Session()))

    def test_nobody(self):
        self.assertIsNone(self.plugin())

    def test_keystone(self):
        plugin = self.plugin(**KEYSTONE)
        self.assertIsInstance(plugin, generic.Password)
        self.assertEqual(("http://127.0.0.1:1", "root", "ops"), (
            plugin.auth_url, plugin._username, plugin._project_name))

    def test_what_makes_no_sense(self):
        for told, environ in (
                ("nope", {"OS_AUTH_TYPE": "nope"}),
                ("an application credential", {
                    "OS_AUTH_TYPE": "v3applicationcredential"})):
            error = self.assertRaises(
                exception.TransferFailed, self.plugin, **KEYSTONE | environ)
            self.assertIn(told, str(error))
            self.assertNotIn("\n", str(error))


class TestAnswer(testtools.TestCase):

    def test_detail(self):
        for detail, status, body in (
                ("it is so", 409, {"errors": [{"detail": "it\n is so"}]}),
                ("answered 500", 500, None), ("answered 404", 404, {}),
                ("answered 400", 400, {"errors": []}),
                ("answered 401", 401, {"error": {"code": 401}}),
                ("answered 403", 403, ["no"])):
            self.assertEqual(detail, client.Answer(status, body).detail)
