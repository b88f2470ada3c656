from tests.functional.v1 import base

NEW = {"name": "c1.new", "vcpus": 3, "memory_mb": 5, "disk_gb": 0}
ALICE = {"token": "alice:demo"}
MAX = 2147483647


class TestFlavors(base.TestCase):

    def test_the_usual_ones_are_there(self):
        body = self.tell("GET", "/flavors", **ALICE)
        self.assertEqual(
            [("m1.tiny", 1, 512), ("m1.small", 1, 2048),
             ("m1.medium", 2, 4096), ("m1.large", 4, 8192),
             ("m1.xlarge", 8, 16384)],
            [(flavor["name"], flavor["vcpus"], flavor["memory_mb"])
             for flavor in body["flavors"]])

    def test_from_made_to_gone(self):
        answer = self.ask("POST", "/flavors", NEW)
        self.assertEqual((201, "http://localhost/api/v1/flavors/c1.new"),
                         (answer.status_code, answer.headers["Location"]))
        self.assertEqual(NEW, {key: answer.json[key] for key in NEW})

        self.assertEqual(answer.json,
                         self.tell("GET", "/flavors/c1.new", **ALICE))
        self.make_vm(flavor="c1.new")
        self.assertEqual(
            409, self.ask("POST", "/flavors", NEW).status_code)

        self.assertIsNone(
            self.tell("DELETE", "/flavors/c1.new", status=204))
        for method in ("GET", "DELETE"):
            error = self.refuse(404, method, "/flavors/c1.new")
            self.assertEqual("tachyon.flavor.not_found", error["code"])

    def test_writing_is_for_admins(self):
        self.refuse(403, "POST", "/flavors", NEW, **ALICE)
        self.refuse(403, "DELETE", "/flavors/m1.tiny", **ALICE)

    def test_limits(self):
        cases = [
            ("vcpus", {0: 400, 1: 201, MAX: 201, MAX + 1: 400}),
            ("memory_mb", {0: 400, 1: 201, MAX: 201, MAX + 1: 400}),
            ("disk_gb", {-1: 400, 0: 201, MAX: 201, MAX + 1: 400}),
            ("name", {"a" * 255: 201, "a" * 256: 400, "": 400, "a": 201,
                      "-a": 400, "a b": 400, "a/b": 400, "a\n": 400}),
        ]
        for field, statuses in cases:
            for value, status in statuses.items():
                with self.subTest(field, value=value):
                    answer = self.ask("POST", "/flavors",
                                      {**NEW, field: value})
                    self.assertEqual(status, answer.status_code, answer.data)
                    if status == 400:
                        error, = answer.json["errors"]
                        self.assertEqual(field, error["field"])
                    else:
                        self.flavors.delete(self.admin, answer.json["name"])
