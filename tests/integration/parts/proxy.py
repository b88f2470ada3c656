"""A TCP proxy that loses what a test wants lost.

It stands between a client and a server, and forwards. ``lose_request`` and
``lose_answer`` cut all connections at the next bytes in that direction, which
are lost; ``hang`` lets nothing through any more; ``refuse`` takes no new
connections; ``heal`` ends all that. ``round_trips`` counts how often a client
spoke after it had been answered.
"""

import contextlib
import socket
import threading

import fixtures


class Proxy(fixtures.Fixture):
    """Listens on ``port`` of 127.0.0.1 for a server on another."""

    def __init__(self, target: int):
        super().__init__()
        self.target = target

    def _setUp(self) -> None:
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._open = threading.Event()
        self._open.set()
        self._lost: str | None = None
        self.round_trips = 0
        self._refuses = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.addCleanup(self._end)
        threading.Thread(target=self._listen, daemon=True).start()

    # ------------------------------------------------------- what a test wants
    def lose_request(self, *, then_refuse: bool = False) -> None:
        self._lost, self._then_refuse = "request", then_refuse

    def lose_answer(self, *, then_refuse: bool = False) -> None:
        self._lost, self._then_refuse = "answer", then_refuse

    def hang(self) -> None:
        self._open.clear()

    def refuse(self) -> None:
        """Cut all connections, and take no new ones."""
        self._refuses = True
        self._cut()

    def heal(self) -> None:
        self._lost, self._refuses = None, False
        self._open.set()

    # ------------------------------------------------------------- internals
    def _listen(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            if self._refuses:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._pairs.append((client, server))
            answered = threading.Event()
            answered.set()
            for source, sink, direction in ((client, server, "request"),
                                            (server, client, "answer")):
                threading.Thread(
                    target=self._forward, daemon=True,
                    args=(source, sink, direction, answered)).start()

    def _forward(self, source: socket.socket, sink: socket.socket,
                 direction: str, answered: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._open.wait()
                self._count(direction, answered)
                if self._lost == direction:
                    self._lost = None
                    self._refuses = self._then_refuse
                    self._cut()
                    return
                sink.sendall(data)
        _close(source, sink)

    def _count(self, direction: str, answered: threading.Event) -> None:
        if direction == "answer":
            answered.set()
        elif answered.is_set():
            answered.clear()
            with self._lock:
                self.round_trips += 1

    def _cut(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _close(*pair)

    def _end(self) -> None:
        _close(self._listener)
        self.heal()
        self._cut()


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
