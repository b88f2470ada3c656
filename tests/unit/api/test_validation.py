"""Bodies and query strings are held to their schemas."""

import flask

from tachyon.api import errors
from tachyon.api import validation
from tests import base

BODY = validation.Schema({
    "type": "object",
    "properties": {"number": {"type": "integer"},
                   "name": {"type": "string", "pattern": "^[a-z]+$"},
                   "uuid": {"type": "string", "format": "uuid"}},
    "additionalProperties": False})
QUERY = validation.Schema({
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[a-z]*$"},
                   "uuid": {"type": "string", "format": "uuid"}},
    "additionalProperties": False}, strings=True)
UUID = "d3a64825-8228-4ccb-8a6c-1c6d3eb6a3e8"


class ValidationTestCase(base.TestCase):

    def read_body(self, data):
        with flask.Flask(__name__).test_request_context(
                method="POST", data=data):
            return validation.read_body(BODY)

    def read_query(self, text):
        with flask.Flask(__name__).test_request_context(f"/?{text}"):
            return validation.read_query(QUERY).lists()

    def test_body(self):
        for data, value in (
                (b"{}", {}), (b'{"number": 3.0}', {"number": 3}),
                (b'{"number": 1e30}', {"number": 10 ** 30}),
                (b'{"name": "abc"}', {"name": "abc"}),
                (f'{{"uuid": "{UUID}"}}'.encode(), {"uuid": UUID}),
                (f'{{"uuid": "{UUID.replace("-", "")}"}}'.encode(),
                 {"uuid": UUID.replace("-", "")})):
            read = self.read_body(data)
            if "number" in read:
                self.assertIsInstance(read["number"], int)
                self.assertAlmostEqual(1, value["number"] / read["number"])
            else:
                self.assertEqual(value, read)

    def test_bad_body(self):
        for data, text in (
                (b"", "Malformed JSON"), (b"{} {}", "Malformed JSON"),
                (b"[]", "JSON does not validate: [] is not of type"),
                (b'{"number": 3.5}', "Failed validating 'type'"),
                (b'{"number": true}', "Failed validating 'type'"),
                (b'{"name": "abc\\n"}', "Failed validating 'pattern'"),
                (b'{"uuid": "x"}', "Failed validating 'format'"),
                (b'{"color": 1}', "Additional properties are not allowed")):
            problem = self.assertRaises(errors.Problem, self.read_body, data)
            self.assertEqual(400, problem.status)
            self.assertIn(text, problem.detail)

    def test_query(self):
        for text, pairs in (
                ("", []), ("name=a&name=b", [("name", ["a", "b"])]),
                ("name=", [("name", [""])]), ("name", [("name", [""])]),
                ("name=%61+", None), (f"uuid={UUID}", [("uuid", [UUID])])):
            if pairs is None:
                self.assertRaises(errors.Problem, self.read_query, text)
            else:
                self.assertEqual(pairs, list(self.read_query(text)))

    def test_bad_query(self):
        for text in ("color=1", "name=A", "name=a&name=B", "name=%ff",
                     "name=a%0a", "uuid=x", f"uuid={UUID.replace('-', '')}"):
            problem = self.assertRaises(errors.Problem, self.read_query,
                                        text)
            self.assertEqual(400, problem.status)
            self.assertIn("Invalid query string parameters", problem.detail)
