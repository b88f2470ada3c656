"""Bad input, of every kind, over every route that takes any."""

from unittest import mock

from oslo_utils import uuidutils

from tachyon import exception
from tests.functional.v1 import base

MAX = 2147483647
UUID = uuidutils.generate_uuid()


class TestFields(base.TestCase):
    """Each case: what is changed in a good wish, and the field to blame."""

    CASES = [
        ("name", ["", "a" * 256, "a\nb", "a\x00", "a\n", 1, None, [], {}]),
        ("flavor", ["", "no such", "m9.mega", "a" * 256, "m1.tiny\n", 1,
                    None, ["m1.tiny"]]),
        ("image", ["", "a" * 256, "\x7f", 1, None]),
        ("resources", [[], "VCPU", None, {"": 1}, {"vcpu": 1},
                       {f"CUSTOM_{i}": 1 for i in range(65)}]),
        ("resources.VCPU", [-1, MAX + 1, 10 ** 30, -10 ** 30, 1.5, "1", None,
                            True, [], {}]),
        ("resources.A-B", [1]),
        ("required_traits", ["A", None, {}, ["A"] * 257]),
        ("required_traits.0", [[""], ["a"], ["A" * 256], [1], [None],
                               ["A\n"]]),
        ("required_traits.1", [["A", "b"]]),
        ("aggregates.0", [["a"], ["not-a-uuid"], [UUID.replace("-", "")],
                          [UUID.upper() + "A"], [1]]),
        ("scheduler_hints", [[], "a", None]),
        ("scheduler_hints.a", [1, None, [], "a" * 1025]),
        ("scheduler_hints.a b", ["c"]),
        ("hosts", [["a"]]),
        ("status", ["RUNNING"]),
        ("id", [UUID]),
    ]
    # Where one value is right and the next is not.
    GOOD = [
        ("name", ["a", "a" * 255]),
        ("image", ["a", "a" * 255]),
        ("resources.VCPU", [0, 1, MAX, 2.0]),
        ("required_traits", [[], ["A"] * 256, ["A" * 255]]),
        ("aggregates", [[], [UUID]]),
        ("scheduler_hints.a", ["", "a" * 1024]),
    ]

    def make_wish(self, field, value):
        head, dot, tail = field.partition(".")
        if dot and not tail.isdigit():
            value = {tail: value}
        return {**base.WISH, head: value}

    def test_bad_values_are_blamed_on_their_field(self):
        for field, values in self.CASES:
            for value in values:
                with self.subTest(field, value=str(value)[:40]):
                    self.check_bad(field, value)
        self.assertEqual([], list(self.driver.messages.list()))

    def check_bad(self, field, value):
        # A bad key of an object, or an unknown flavor, blames the parent's
        # name or the key's: both begin with the field.
        error = self.refuse(400, "POST", "/instances",
                            self.make_wish(field, value))
        self.assertTrue(error["field"].startswith(field), error)
        self.assertTrue(error["detail"].startswith(error["field"]), error)
        self.assertTrue(len(error["detail"]) < 1000)

    def test_values_at_the_limit_are_taken(self):
        for field, values in self.GOOD:
            for value in values:
                with self.subTest(field, value=str(value)[:40]):
                    self.tell("POST", "/instances",
                              self.make_wish(field, value), status=202)

    def test_what_is_missing_is_named(self):
        for field in base.WISH:
            wish = {key: value for key, value in base.WISH.items()
                    if key != field}
            error = self.refuse(400, "POST", "/instances", wish)
            self.assertEqual(field, error["field"])

    def test_what_does_not_exist_is_named(self):
        for path, body in (("/instances", base.WISH),
                           ("/explain", base.WISH),
                           (f"/instances/{UUID}/actions",
                            {"action": "start"}),
                           ("/flavors", {"name": "a", "vcpus": 1,
                                         "memory_mb": 1, "disk_gb": 1})):
            error = self.refuse(400, "POST", path, {**body, "colour": "red"})
            self.assertEqual("colour", error["field"])

    def test_actions(self):
        path = f"/instances/{UUID}/actions"
        for body, field in (({}, "action"), ({"action": "create"}, "action"),
                            ({"action": "START"}, "action"),
                            ({"action": None}, "action"),
                            ({"action": ["start"]}, "action")):
            error = self.refuse(400, "POST", path, body)
            self.assertEqual(field, error["field"])


class TestBodies(base.TestCase):

    ROUTES = [("POST", "/instances"), ("POST", "/explain"),
              ("POST", "/flavors"), ("POST", f"/instances/{UUID}/actions"),
              ("PATCH", "/services/a")]

    def test_what_is_not_json(self):
        bodies = [b"", b"{", b"nonsense", b"{\"name\": NaN}", b"\xff\xfe",
                  b"{\"name\": \"\\ud800\"}", b"[" * 5000, b"{\"a\":" * 5000,
                  b"[]", b"null", b"1", b"\"a\"", b"\xef\xbb\xbf{}",
                  b"{\"name\":" + b"[" * 1000 + b"]" * 1000 + b"}",
                  b"{\"resources\":" + b"{\"A\":" * 900 + b"1" + b"}" * 901]
        for method, path in self.ROUTES:
            for body in bodies:
                with self.subTest(path, body=body[:30]):
                    error = self.refuse(400, method, path, data=body,
                                        content_type="application/json")
                    self.assertTrue(error["field"])

    def test_nesting_is_no_trouble_to_any_api(self):
        for path in ("/api/v1/instances", "/resource_providers"):
            for depth in (1, 100, 500, 900, 1000, 1020, 1030, 100000):
                answer = self.client.post(
                    path, headers={"X-Auth-Token": "admin"},
                    data=b'{"name":' + b"[" * depth + b"]" * depth + b"}",
                    content_type="application/json")
                self.assertEqual(400, answer.status_code, (path, depth))

    def test_other_types_of_content(self):
        for method, path in self.ROUTES:
            for kind in ("text/plain", "application/xml", "",
                         "application/x-www-form-urlencoded", "nonsense"):
                self.refuse(415, method, path, data=b"{}", content_type=kind)

    def test_json_with_a_charset(self):
        self.tell("POST", "/flavors", status=201, data=(
            b'{"name": "a", "vcpus": 1, "memory_mb": 1, "disk_gb": 1}'),
            content_type="application/json; charset=utf-8")

    def test_too_large(self):
        self.config(group="api", max_request_body_size=2048)
        self.app = self.make_app()
        self.client = self.make_client()
        for method, path in self.ROUTES:
            self.refuse(413, method, path, data=b" " * 2049,
                        content_type="application/json")
            self.refuse(400, method, path, data=b" " * 2048,
                        content_type="application/json")

    def test_a_key_given_twice_counts_once(self):
        body = (b'{"name": "a", "name": "b", "flavor": "m1.tiny", '
                b'"image": "c"}')
        made = self.tell("POST", "/instances", status=202, data=body,
                         content_type="application/json")
        self.assertEqual("b", made["name"])


class TestPathsAndQueries(base.TestCase):

    def test_bad_ids(self):
        for id in ("1", "not-a-uuid", UUID.replace("-", ""), UUID[:-1],
                   UUID + "0", UUID.upper(), "%00", "a%0ab", UUID + "%0a",
                   "%ff", "a" * 3000, "'%20OR%201=1"):
            for method, path in (("GET", f"/instances/{id}"),
                                 ("DELETE", f"/instances/{id}")):
                with self.subTest(path[:60], method=method):
                    error = self.refuse(400, method, path)
                    self.assertEqual("id", error["field"])
            self.refuse(400, "POST", f"/instances/{id}/actions",
                        {"action": "start"})

    def test_bad_names(self):
        for path, field in (("/flavors/%20", "name"),
                            ("/flavors/-a", "name"),
                            ("/flavors/" + "a" * 256, "name"),
                            ("/requests/a%20b", "id"),
                            ("/requests/" + "a" * 256, "id")):
            error = self.refuse(400, "GET", path)
            self.assertEqual(field, error["field"])

    def test_bad_parameters(self):
        cases = [
            ("/instances?limit=0", "limit"),
            ("/instances?limit=-1", "limit"),
            ("/instances?limit=1.5", "limit"),
            ("/instances?limit=1e3", "limit"),
            ("/instances?limit=%D9%A1", "limit"),
            ("/instances?limit=2147483648", "limit"),
            ("/instances?limit=" + "9" * 5000, "limit"),
            ("/instances?limit=", "limit"),
            ("/instances?limit=1&limit=2", "limit"),
            ("/instances?marker=x", "marker"),
            ("/instances?marker=", "marker"),
            ("/instances?status=running", "status"),
            ("/instances?include_deleted=yes", "include_deleted"),
            ("/instances?name=", "name"),
            ("/instances?name=%00", "name"),
            ("/instances?colour=red", "colour"),
            ("/requests?consumer=x", "consumer"),
            ("/requests?limit=0", "limit"),
            ("/requests?marker=%20", "marker"),
            ("/requests?colour=red", "colour"),
            ("/flavors?limit=1", "limit"),
            ("/services?host=one", "host"),
            (f"/instances/{UUID}?a=b", "a"),
        ]
        for path, field in cases:
            with self.subTest(path[:60]):
                error = self.refuse(400, "GET", path)
                self.assertEqual(field, error["field"])

    def test_markers_of_nothing(self):
        for path in (f"/instances?marker={UUID}", "/requests?marker=req-1"):
            error = self.refuse(400, "GET", path)
            self.assertEqual("tachyon.list.marker_not_found", error["code"])
            self.assertIn("marker", error["detail"])

    def test_wrong_methods_name_the_right_ones(self):
        cases = [
            ("/instances", {"GET", "HEAD", "OPTIONS", "POST"}),
            (f"/instances/{UUID}", {"DELETE", "GET", "HEAD", "OPTIONS"}),
            (f"/instances/{UUID}/actions", {"OPTIONS", "POST"}),
            ("/flavors", {"GET", "HEAD", "OPTIONS", "POST"}),
            ("/flavors/a", {"DELETE", "GET", "HEAD", "OPTIONS"}),
            ("/services", {"GET", "HEAD", "OPTIONS"}),
            ("/services/a", {"DELETE", "OPTIONS", "PATCH"}),
            ("/requests", {"GET", "HEAD", "OPTIONS"}),
            ("/requests/a", {"GET", "HEAD", "OPTIONS"}),
            ("/explain", {"GET", "HEAD", "OPTIONS", "POST"}),
            ("/openapi.json", {"GET", "HEAD", "OPTIONS"}),
        ]
        for path, allowed in cases:
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "BREW",
                           "TRACE"} - allowed:
                with self.subTest(path, method=method):
                    answer = self.ask(method, path)
                    self.assertEqual(405, answer.status_code)
                    self.assertEqual(
                        allowed, set(answer.headers["Allow"].split(", ")))
                    self.assertEqual(405, answer.json["errors"][0]["status"])

    def test_what_is_not_there(self):
        for path in ("/nothing", "/instances/", f"/instances/{UUID}/nothing",
                     "//instances", "/instances//actions"):
            self.refuse(404, "GET", path)


class TestWhoAndWhat(base.TestCase):

    def test_nobody_is_refused(self):
        for method, path in (("GET", "/instances"), ("POST", "/instances"),
                             ("GET", "/services"), ("POST", "/explain")):
            self.refuse(401, method, path, token="")

    def test_forbidden_comes_before_what_is_wrong(self):
        for method, path in (("POST", "/flavors"), ("POST", "/explain"),
                             ("PATCH", "/services/%20"),
                             ("GET", "/services?colour=red")):
            self.refuse(403, method, path, token="alice:demo", data=b"{",
                        content_type="application/json")

    def test_a_store_that_is_away(self):
        error = exception.DriverUnavailable(reason="gone")
        for controller, verb, path in (
                ("instances", "list", "/instances"),
                ("flavors", "list", "/flavors"),
                ("services", "list", "/services"),
                ("decisions", "list", "/requests")):
            with mock.patch.object(getattr(self.driver, controller), verb,
                                   side_effect=error):
                body = self.refuse(503, "GET", path)
            self.assertIn("gone", body["detail"])

    def test_a_bug_tells_nothing_but_its_request(self):
        with mock.patch.object(self.driver.flavors, "list",
                               side_effect=KeyError("secret")):
            answer = self.client.get("/api/v1/flavors",
                                     headers={"X-Auth-Token": "admin"})
        self.assertEqual(500, answer.status_code)
        self.assertNotIn("secret", answer.text)
        self.assertIn(answer.headers["X-Openstack-Request-Id"], answer.text)
