import re

from openapi_spec_validator import OpenAPIV31SpecValidator

from tachyon.api.v1 import routing
from tests.functional.v1 import base

METHODS = ("get", "post", "put", "patch", "delete")


class TestDocument(base.TestCase):

    def setUp(self):
        super().setUp()
        self.document = self.contract.document

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield path, method, operation

    def test_it_is_valid_openapi(self):
        self.assertEqual("3.1.0", self.document["openapi"])
        self.assertEqual(
            [], list(OpenAPIV31SpecValidator(self.document).iter_errors()))

    def test_every_route_is_in_it_and_explained(self):
        found = {(method.upper(), path.removeprefix("/api/v1"))
                 for path, method, _ in self.operations()}
        self.assertEqual({(route.method, route.path)
                          for route in routing.ROUTES}, found)
        for path, method, operation in self.operations():
            with self.subTest(path, method=method):
                self.assertIn(method, METHODS)
                self.assertTrue(operation["summary"].endswith("."))
                self.assertTrue(operation["operationId"])

    def test_every_schema_is_used(self):
        text = str(self.document)
        for name in self.document["components"]["schemas"]:
            self.assertIn(f"#/components/schemas/{name}'", text)

    def test_every_input_has_bounds(self):
        for path, method, operation in self.operations():
            for parameter in operation["parameters"]:
                self.check_bounds(f"{method} {path} {parameter['name']}",
                                  parameter["schema"])
            if "requestBody" in operation:
                content = operation["requestBody"]["content"]
                self.check_bounds(f"{method} {path}",
                                  content["application/json"]["schema"])

    def check_bounds(self, where, schema):
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self.document["components"]["schemas"][name]
        if "enum" in schema:
            return
        if "oneOf" in schema:
            for form in schema["oneOf"]:
                self.check_bounds(where, form)
            return
        kinds = schema["type"]
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            for bound in {
                    "string": ("maxLength",), "array": ("maxItems",),
                    "integer": ("minimum", "maximum"),
                    "object": ("additionalProperties",),
                    "boolean": (), "null": ()}[kind]:
                self.assertIn(bound, schema, where)
        for name, part in schema.get("properties", {}).items():
            self.check_bounds(f"{where}.{name}", part)
        for key in ("items", "propertyNames", "additionalProperties"):
            if schema.get(key):
                self.check_bounds(f"{where}.{key}", schema[key])

    def test_anybody_may_read_it(self):
        for path in ("", "/", "/openapi.json", "/docs/"):
            answer = self.client.get(f"/api/v1{path}")
            self.assertEqual(200, answer.status_code, path)


class TestIndex(base.TestCase):

    def test_all_that_it_links_to_is_there(self):
        links = self.tell("GET", "")["links"]
        self.assertEqual(
            ["instances", "flavors", "requests", "services", "explain",
             "service-desc", "service-doc"],
            [link["rel"] for link in links])
        for link in links:
            method = "POST" if link["rel"] == "explain" else "GET"
            answer = self.client.open(link["href"], method=method,
                                      headers={"X-Auth-Token": "admin"})
            self.assertIn(answer.status_code, (200, 415), link)


class TestPages(base.TestCase):

    def test_they_are_found_without_the_last_slash(self):
        answer = self.client.get("/api/v1/docs", follow_redirects=True)
        self.assertEqual(200, answer.status_code)
        self.assertEqual("text/html", answer.mimetype)

    def test_all_that_they_need_comes_from_here(self):
        page = self.client.get("/api/v1/docs/").text
        needed = re.findall(r'(?:src|href)="([^"]+)"', page)
        self.assertTrue(len(needed) >= 4)
        for path in needed:
            self.assertTrue(path.startswith("./"), path)
            answer = self.client.get(f"/api/v1/docs/{path[2:]}")
            self.assertEqual(200, answer.status_code, path)
            answer.close()
        self.assertNotIn("http", re.sub("<!--.*?-->", "", page))
        self.assertIn('"url": "../openapi.json"', page)

    def test_what_is_not_there(self):
        for path in ("nothing.js", "%2e%2e/__init__.py", "a%00b", "a/b"):
            answer = self.client.get(f"/api/v1/docs/{path}")
            self.assertEqual(404, answer.status_code, path)
            self.assertEqual(404, answer.json["errors"][0]["status"])
