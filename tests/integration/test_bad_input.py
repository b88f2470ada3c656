"""Bytes that no client library would send, over a real socket."""

import contextlib
import json
import socket
import time

from tests.integration import base
from tests.integration.parts import daemons

HALVES = {
    "nothing at all": b"",
    "half a request line": b"GET / HT",
    "half a header": b"GET / HTTP/1.1\r\nHost: a\r\nX-Auth",
    "half a body": (b"POST /api/v1/instances HTTP/1.1\r\nHost: a\r\n"
                    b"X-Auth-Token: admin\r\nContent-Length: 100\r\n"
                    b"Content-Type: application/json\r\n\r\n{\"name\":"),
}
LIMIT = 64 * 1024


class BadInputTest(base.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = cls.share(daemons.Standalone(
            cls.share_directory(), {"api": {
                "max_request_body_size": LIMIT, "threads": 8}}))
        cls.client = cls.daemon.client

    def tearDown(self):
        # Whatever came in, the next caller is served.
        self.assertEqual(200, self.client.ask("GET", "/").status_code)
        self.assertNotIn("Traceback", self.daemon.output)
        super().tearDown()

    def connect(self):
        connection = socket.create_connection(
            ("127.0.0.1", self.daemon.port), timeout=30)
        self.addCleanup(connection.close)
        return connection

    def send(self, data):
        """Return status and body of the answer to these bytes."""
        connection = self.connect()
        # A server may answer, and hang up, before it has read everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                answer += chunk
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1."), answer[:200])
        return int(head.split()[1]), body

    def post(self, body, path="/api/v1/instances",
             kind=b"application/json", method=b"POST", more=b""):
        return self.send(
            method + b" " + path.encode() + b" HTTP/1.1\r\nHost: a\r\n"
            b"X-Auth-Token: admin\r\nConnection: close\r\n"
            b"Content-Type: " + kind + b"\r\n" + more
            + b"Content-Length: " + str(len(body)).encode()
            + b"\r\n\r\n" + body)

    def check_error(self, status, answer):
        """The answer has this status, and says so in JSON."""
        self.assertEqual(status, answer[0], answer)
        error = json.loads(answer[1])["errors"][0]
        self.assertEqual(status, error["status"])
        self.assertTrue(error["detail"])
        return error

    def test_malformed_json(self):
        for body in (b"", b"{", b"[]", b"null", b'"x"', b"{\"name\": NaN}",
                     b"\xff\xfe", b"{\"name\": \"\\ud800\"}",
                     b"[" * 20000, b"{\"a\":" * 5000):
            for path in ("/api/v1/instances", "/resource_providers"):
                self.check_error(400, self.post(body, path))

    def test_a_huge_body_is_refused_in_json(self):
        body = b'{"name": "' + b"x" * LIMIT + b'"}'
        for path in ("/api/v1/instances", "/resource_providers"):
            self.check_error(413, self.post(body, path))

    def test_a_body_as_large_as_allowed_is_read(self):
        filler = b'{"name": "' + b"x" * LIMIT
        self.check_error(400, self.post(filler[:LIMIT - 2] + b'"}'))

    def test_a_huge_body_in_chunks_is_refused(self):
        chunk = b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
        answer = self.send(
            b"POST /api/v1/instances HTTP/1.1\r\nHost: a\r\n"
            b"X-Auth-Token: admin\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
            + chunk * 16 + b"0\r\n\r\n")
        self.check_error(413, answer)

    def test_a_body_in_chunks_is_read(self):
        body = b'{"name": "CUSTOM_CHUNKED"}'
        status, _ = self.send(
            b"POST /resource_classes HTTP/1.1\r\nHost: a\r\n"
            b"X-Auth-Token: admin\r\nConnection: close\r\n"
            b"OpenStack-API-Version: placement 1.39\r\n"
            b"Content-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"1\r\n" + body[n:n + 1] + b"\r\n"
                       for n in range(len(body))) + b"0\r\n\r\n")
        self.assertEqual(201, status)

    def test_a_body_announced_but_far_too_large_is_not_waited_for(self):
        started = time.monotonic()
        answer = self.send(
            b"POST /api/v1/instances HTTP/1.1\r\nHost: a\r\n"
            b"X-Auth-Token: admin\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n{")
        self.check_error(413, answer)
        self.assertTrue(time.monotonic() - started < 20)

    def test_a_wrong_method_names_the_right_ones(self):
        for method, path in (("PATCH", "/resource_providers"),
                             ("PUT", "/api/v1/instances"),
                             ("DELETE", "/api/v1/instances"),
                             ("POST", "/allocation_candidates"),
                             ("BREW", "/api/v1/flavors")):
            answer = self.client.ask(method, path)
            self.assertEqual(405, answer.status_code, answer.text)
            self.assertTrue(answer.headers["Allow"])
            self.assertEqual(405, answer.json()["errors"][0]["status"])

    def test_a_body_that_is_not_json(self):
        for path in ("/api/v1/instances", "/resource_providers"):
            self.check_error(415, self.post(b"a=b", path, b"text/plain"))

    def test_head_has_no_body(self):
        # Placement knows no HEAD.
        for path, status in ((b"/", 405), (b"/resource_providers", 405),
                             (b"/nowhere", 404)):
            self.assertEqual((status, b""), self.send(
                b"HEAD " + path + b" HTTP/1.1\r\nHost: a\r\n"
                b"X-Auth-Token: admin\r\nConnection: close\r\n\r\n"), path)

    def test_a_path_makes_no_line_of_its_own_in_the_log(self):
        self.send(b"GET /a%0aFORGED%20LINE?x=%0aFORGED HTTP/1.1\r\nHost: a\r\n"
                  b"X-Auth-Token: admin\r\nConnection: close\r\n\r\n")
        self.assertIn("/a%0AFORGED%20LINE", self.daemon.output)
        self.assertNotIn("\nFORGED", self.daemon.output)

    def test_not_http(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                     b"HELO there\r\n\r\n", b"GET\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1"
                     b"\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x"
                     b"\r\n\r\n",
                     b"GET /" + b"a" * 500_000 + b" HTTP/1.1\r\n\r\n"):
            with self.subTest(data[:40]):
                status, _ = self.send(data)
                self.assertTrue(400 <= status < 500 or status in (501, 505),
                                status)

    def test_strange_paths_are_not_found(self):
        for path in ("/api/v1/instances/%00", "/api/v1/instances/%ff",
                     "/api/v1/instances/..%2f..", "/api/v1/instances/%",
                     "//api//v1//instances", "/resource_providers/%ff%fe",
                     "/resource_providers/" + "a" * 4000):
            status, _ = self.send(
                f"GET {path} HTTP/1.1\r\nHost: a\r\nX-Auth-Token: admin\r\n"
                "Connection: close\r\n\r\n".encode())
            self.assertTrue(400 <= status < 500, (path, status))

    def test_half_requests_keep_nobody_else_waiting(self):
        for name, half in HALVES.items():
            connections = [self.connect() for _ in range(40)]
            for connection in connections:
                connection.sendall(half)
            started = time.monotonic()
            for _ in range(5):
                self.client.get("/api/v1/flavors")
            self.assertTrue(time.monotonic() - started < 5, name)
            for connection in connections:
                connection.close()

    def test_a_client_that_reads_no_answer_keeps_nobody_waiting(self):
        request = (b"GET /resource_classes HTTP/1.1\r\nHost: a\r\n"
                   b"X-Auth-Token: admin\r\n"
                   b"OpenStack-API-Version: placement 1.39\r\n\r\n")
        for _ in range(20):
            connection = self.connect()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(1)
            with contextlib.suppress(TimeoutError, ConnectionError):
                for _ in range(20):
                    connection.sendall(request * 20)
        started = time.monotonic()
        self.client.get("/api/v1/flavors")
        self.assertTrue(time.monotonic() - started < 5)
