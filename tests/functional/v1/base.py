"""The v1 API in process: the real application, managers and store; only the
scheduler is one that listens.

Every answer that a test gets is held to the OpenAPI document.
"""

import functools
import re

import jsonschema
import referencing
from referencing import jsonschema as specifications
from werkzeug import test as werkzeug_test

from tachyon.api import app
from tachyon.instances import flavors
from tachyon.instances import requests
from tachyon.instances import services
from tachyon.placement import manager
from tachyon.placement import view
from tests.functional import stores
from tests.unit.instances import base

WISH = base.WISH
PREFIX = "/api/v1"


class Contract:
    """What an OpenAPI document says that answers look like."""

    def __init__(self, document):
        self.document = document
        self._registry = referencing.Registry().with_resource(
            "urn:doc", specifications.DRAFT202012.create_resource(document))
        self._paths = [
            (re.compile(re.sub(r"{\w+}", "[^/]+", path)), path)
            for path in document["paths"]]

    def find_operation(self, method, path):
        for pattern, template in self._paths:
            if pattern.fullmatch(path) or path + "/" == template:
                return self.document["paths"][template].get(method.lower())
        return None

    def check(self, method, path, answer):
        """Raise what is wrong with an answer. Of what the document does not
        know, such as 404 for a path that is not there, it says nothing."""
        operation = self.find_operation(method, path)
        if operation is None:
            return
        status = str(answer.status_code)
        if status not in operation["responses"]:
            raise AssertionError(
                f"{method} {path}: {status} is not documented")
        pointer = (f"#/paths/{self._escape(method, path)}/responses/"
                   f"{status}")
        response = operation["responses"][status]
        if "$ref" in response:
            pointer = response["$ref"]
            response = self.document["components"]["responses"][
                pointer.rpartition("/")[2]]
        for name, header in response.get("headers", {}).items():
            if header.get("required") and name not in answer.headers:
                raise AssertionError(f"{method} {path}: {name} is missing")
        if "content" not in response:
            if answer.data:
                raise AssertionError(f"{method} {path}: {answer.data}")
            return
        jsonschema.Draft202012Validator(
            {"$ref": f"urn:doc{pointer}/content/application~1json/schema"},
            registry=self._registry,
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        ).validate(answer.json)

    def _escape(self, method, path):
        template = next(
            template for pattern, template in self._paths
            if pattern.fullmatch(path) or path + "/" == template)
        return f"{template.replace('/', '~1')}/{method.lower()}"


class TestCase(base.TestCase, stores.OnEveryDriver):

    def setUp(self):
        super().setUp()
        self.flavors = flavors.FlavorManager(self.conf, self.driver)
        self.services = services.ServicesManager(self.conf, self.driver)
        self.requests = requests.RequestsManager(self.conf, self.driver,
                                                 self.scheduler)
        self.app = self.make_app()
        self.client = self.make_client()

    def make_app(self):
        return app.create_app(self.conf, app.Managers(
            placement=manager.PlacementManager(
                self.conf, self.driver, view.View(self.driver)),
            instances=self.instances, flavors=self.flavors,
            services=self.services, requests=self.requests,
            driver=self.driver))

    def make_client(self):
        return werkzeug_test.Client(self.app)

    @functools.cached_property
    def contract(self):
        return Contract(self.client.get(f"{PREFIX}/openapi.json").json)

    def ask(self, method, path, json=None, *, token="admin", **more):
        """Return the answer, which is as the document says.

        Who is no admin is a member of the token's project.
        """
        headers = {"X-Auth-Token": token, **more.pop("headers", {})}
        if token != "admin":
            headers.setdefault("X-Roles", "member,reader")
        if json is not None:
            more["json"] = json
        answer = self.client.open(PREFIX + path, method=method,
                                  headers=headers, **more)
        if method not in ("HEAD", "OPTIONS"):
            self.contract.check(method, PREFIX + path.partition("?")[0],
                                answer)
        return answer

    def tell(self, method, path, json=None, *, status=200, **more):
        """Return the body of an answer that has this status."""
        answer = self.ask(method, path, json, **more)
        self.assertEqual(status, answer.status_code, answer.data)
        return answer.json if answer.data else None

    def refuse(self, status, method, path, json=None, **more):
        """Return the one error of an answer that has this status."""
        body = self.tell(method, path, json, status=status, **more)
        error, = body["errors"]
        self.assertEqual(status, error["status"])
        self.assertTrue(error["request_id"].startswith("req-"))
        return error

    def make_vm(self, token="alice:demo", **changes):
        """Return the body of an instance that was just asked for."""
        return self.tell("POST", "/instances", {**WISH, **changes},
                         status=202, token=token)

    def make_idle_vm(self, status="STOPPED", token="alice:demo", **changes):
        """Return the id of an instance that landed, in this state."""
        id = self.make_vm(token, **changes)["id"]
        attempt = self.land(id)
        self.driver.instances.finish(id, attempt, "host-1", status,
                                     ip_address="192.0.2.7")
        return id
