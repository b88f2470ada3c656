"""What becomes of connections and requests when the HTTP server stops."""

import concurrent.futures
import http.client
import threading

import fixtures

from tachyon.api import listener
from tachyon.api import service
from tests.integration.parts import wait
from tests.unit.api import test_service

CALLERS = 16


class DrainCase(test_service.ServiceCase):

    def linger(self, seconds):
        self.useFixture(fixtures.MonkeyPatch("tachyon.api.server.LINGER",
                                             seconds))

    def connect(self, port):
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=test_service.DEADLINE)
        connection.connect()
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, path="/x"):
        """Return the status, and whether the connection is to be closed."""
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Connection")

    def stop(self, started):
        """Have it stop in a thread, and return when nobody new is let in."""
        stopper = threading.Thread(target=started.stop)
        stopper.start()
        self.addCleanup(stopper.join, test_service.DEADLINE)
        wait.until(lambda: self.is_refused(started.port), "it is closed")
        return stopper

    def is_refused(self, port):
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=test_service.DEADLINE)
        try:
            connection.connect()
        except ConnectionRefusedError:
            return True
        finally:
            connection.close()
        return False


class TestConnectionsInUse(DrainCase):

    def test_the_next_request_is_answered_and_told_that_it_is_the_last(self):
        self.linger(test_service.DEADLINE)
        started = self.start()
        kept, busy = self.connect(started.port), self.connect(started.port)
        self.assertEqual((200, None), self.ask(kept))
        self.api.gate.clear()
        busy.request("GET", "/busy")
        stopper = self.stop(started)
        kept.request("GET", "/kept")
        self.api.gate.set()
        for connection, path in ((kept, b"/kept"), (busy, b"/busy")):
            answer = connection.getresponse()
            self.assertEqual((200, "close", path), (
                answer.status, answer.getheader("Connection"),
                answer.read()))
        stopper.join(test_service.DEADLINE)
        self.assertFalse(stopper.is_alive())

    def test_requests_in_a_row_are_all_answered(self):
        started = self.start()
        connection = self.connect(started.port)
        self.api.gate.clear()
        connection.sock.sendall(b"".join(
            b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(3)))
        self.assertTrue(self.api.entered.wait(test_service.DEADLINE))
        self.stop(started)
        self.api.gate.set()
        got = b""
        while chunk := connection.sock.recv(65536):
            got += chunk
        self.assertEqual(3, got.count(b"HTTP/1.1 200 OK"))
        self.assertEqual(1, got.lower().count(b"connection: close"))

    def test_a_request_half_way_in_is_waited_for(self):
        started = self.start()
        silent = self.connect(started.port)
        connection = self.connect(started.port)
        connection.sock.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\n"
                                b"Content-Length: 4\r\n\r\n{}")
        self.assertEqual((200, None), self.ask(self.connect(started.port)))
        stopper = self.stop(started)
        self.assertEqual(b"", silent.sock.recv(1))
        self.assertTrue(stopper.is_alive())
        connection.sock.sendall(b"{}")
        answer = http.client.HTTPResponse(connection.sock)
        answer.begin()
        self.assertEqual((200, "close"),
                         (answer.status, answer.getheader("Connection")))

    def test_a_silent_connection_is_closed(self):
        started = self.start()
        silent, used = self.connect(started.port), self.connect(started.port)
        self.assertEqual((200, None), self.ask(used))
        self.stop(started).join(test_service.DEADLINE)
        self.assertEqual([b"", b""],
                         [each.sock.recv(1) for each in (silent, used)])

    def test_what_takes_too_long_is_cut(self):
        self.config(graceful_shutdown_timeout=1)
        started = self.start()
        connection = self.connect(started.port)
        connection.sock.sendall(b"POST /never HTTP/1.1\r\nHost: x\r\n"
                                b"Content-Length: 4\r\n\r\n{}")
        self.stop(started).join(test_service.DEADLINE)
        self.assertEqual(b"", connection.sock.recv(1))


class TestConnectionsOnTheirWay(DrainCase):

    def test_who_got_in_is_answered(self):
        """Each caller makes a connection a request, up to the moment when it
        is refused; a connection that was taken is never reset."""
        for _ in range(3):
            with service.reserve_port(self.conf):
                workers = [self.start(reuse_port=True) for _ in range(2)]
                with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
                    calls = [pool.submit(self.ask_until_refused,
                                         workers[0].port)
                             for _ in range(CALLERS)]
                    self.api.entered.wait(test_service.DEADLINE)
                    for worker in workers:
                        worker.stop()
                    self.assertTrue(sum(call.result() for call in calls))
            self.config(group="api", port=0)

    def test_who_comes_too_late_is_refused_and_never_reset(self):
        """Between the last look at who is there, and the close."""
        started = self.start()
        connected, ends = threading.Event(), []
        take_in = listener.take_in

        def come_late():
            connection = self.connect(started.port)
            connected.set()
            ends.append(self.ask(connection))

        def try_to():
            try:
                come_late()
            except OSError as exc:
                ends.append(type(exc))

        late = threading.Thread(target=try_to)

        def take_in_and_dawdle(*args):
            take_in(*args)
            late.start()
            connected.wait(0.2)         # it does not come, if all is well

        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.api.listener.take_in", take_in_and_dawdle))
        started.stop()
        late.join(test_service.DEADLINE)
        self.assertEqual([ConnectionRefusedError], ends)

    def ask_until_refused(self, port):
        answered = 0
        while True:
            connection = http.client.HTTPConnection(
                "127.0.0.1", port, timeout=test_service.DEADLINE)
            try:
                connection.connect()
            except ConnectionRefusedError:
                return answered
            connection.request("GET", "/x")
            answer = connection.getresponse()
            self.assertEqual((200, b"/x"), (answer.status, answer.read()))
            answered += 1
            connection.close()
