"""The HTTP server around an application that a test plays."""

import http.client
import socket
import threading

import fixtures

from tachyon.api import server
from tachyon.api import service
from tests import base

DEADLINE = 10.0


class Api:

    def __init__(self):
        self.entered, self.gate = threading.Event(), threading.Event()
        self.gate.set()
        self.reports = 0
        self.reported = threading.Event()
        self.closed = 0

    def app(self, environ, start_response):
        self.entered.set()
        self.gate.wait(DEADLINE)
        if environ["PATH_INFO"] == "/broken":
            raise ZeroDivisionError("oops")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]

    def report(self):
        self.reports += 1
        self.reported.set()
        raise OSError("the store is away")

    def close(self):
        self.closed += 1


class ServiceCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.config(group="api", port=0, threads=2)
        self.config(report_interval=0.1)
        self.api = Api()

    def start(self, **kwargs):
        started = service.ApiService(self.conf, lambda: self.api, **kwargs)
        started.start()
        self.addCleanup(started.stop)
        self.addCleanup(self.api.gate.set)
        return started

    def get(self, port, path="/x"):
        connection = http.client.HTTPConnection("127.0.0.1", port,
                                                timeout=DEADLINE)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


class TestApiService(ServiceCase):

    def test_it_answers_reports_and_stops(self):
        started = self.start()
        self.assertEqual(f"http://127.0.0.1:{started.port}", started.url)
        self.assertEqual((200, b"/x"), self.get(started.port))
        self.assertTrue(self.api.reported.wait(DEADLINE))
        started.stop()
        started.wait()
        self.assertEqual(1, self.api.closed)
        self.assertRaises(ConnectionRefusedError, self.get, started.port)

    def test_a_request_under_way_ends(self):
        started = self.start()
        self.api.gate.clear()
        answers = []
        caller = threading.Thread(
            target=lambda: answers.append(self.get(started.port)))
        caller.start()
        self.assertTrue(self.api.entered.wait(DEADLINE))
        stopper = threading.Thread(target=started.stop)
        stopper.start()
        self.api.gate.set()
        for thread in (caller, stopper):
            thread.join(DEADLINE)
        self.assertEqual([(200, b"/x")], answers)

    def test_a_bug_is_an_answer_too(self):
        started = self.start()
        self.assertEqual(500, self.get(started.port, "/broken")[0])
        self.assertEqual(200, self.get(started.port)[0])

    def exchange(self, data):
        """Return all that comes back for these bytes, until the end."""
        with socket.create_connection(("127.0.0.1", self.start().port),
                                      timeout=DEADLINE) as client:
            client.sendall(data)
            got = b""
            while chunk := client.recv(65536):
                got += chunk
            return got

    def test_requests_in_a_row_are_answered_in_order(self):
        got = self.exchange(
            b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
            b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
            b"GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(3, got.count(b"HTTP/1.1 200 OK"))
        places = [got.index(path) for path in (b"/a", b"/b", b"/c")]
        self.assertEqual(sorted(places), places)

    def test_the_end_of_one_request_is_no_other_request(self):
        """Two ways to tell the length: whoever stands before this server
        may have taken the other one."""
        got = self.exchange(
            b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertNotIn(b"/smuggled", got)

    def test_close(self):
        got = self.exchange(
            b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertIn(b"connection: close", got.lower())

    def test_http_1_0(self):
        self.assertTrue(self.exchange(b"GET /a HTTP/1.0\r\n\r\n").endswith(
            b"/a"))

    def test_who_expects_100_is_told_to_continue(self):
        with socket.create_connection(("127.0.0.1", self.start().port),
                                      timeout=DEADLINE) as client:
            client.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\n"
                           b"Content-Length: 2\r\nConnection: close\r\n"
                           b"Expect: 100-continue\r\n\r\n")
            self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 100"))
            client.sendall(b"{}")
            got = b""
            while chunk := client.recv(65536):
                got += chunk
            self.assertTrue(got.startswith(b"HTTP/1.1 200"), got)

    def test_it_is_alive_while_its_loop_goes_round(self):
        started = self.start()
        self.assertTrue(started.is_alive())
        started.stop()
        with fixtures.MonkeyPatch("tachyon.api.server.time.monotonic",
                                  lambda: float("inf")):
            self.assertFalse(started.is_alive())

    def test_headers_without_end_are_refused(self):
        started = self.start()
        with socket.create_connection(("127.0.0.1", started.port),
                                      timeout=DEADLINE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nX: "
                           + b"x" * server.MAX_HEADER_BYTES + b"\r\n\r\n")
            self.assertIn(b" 431 ", client.recv(100))

    def test_port_taken(self):
        taken = self.start().port
        self.config(group="api", port=taken)
        for make in (lambda: service.ApiService(
                         self.conf, lambda: self.api).start(),
                     lambda: service.reserve_port(self.conf)):
            error = self.assertRaises(OSError, make)
            self.assertIn(f"can't listen on 127.0.0.1:{taken}", str(error))

    def test_ipv6_url(self):
        self.config(group="api", host="::1")
        self.assertEqual("http://[::1]:0", service.ApiService(
            self.conf, lambda: self.api).url)


class TestReservedPort(ServiceCase):

    def test_several_share_what_is_reserved(self):
        with service.reserve_port(self.conf) as reserved:
            port = reserved.getsockname()[1]
            self.assertEqual(port, self.conf.api.port)
            for _ in range(2):
                self.assertEqual(port, self.start(reuse_port=True).port)
            for _ in range(20):
                self.assertEqual((200, b"/x"), self.get(port))

    def test_nobody_else_gets_it(self):
        with service.reserve_port(self.conf) as reserved:
            with socket.socket() as other:
                self.assertRaises(OSError, other.bind,
                                  reserved.getsockname())
