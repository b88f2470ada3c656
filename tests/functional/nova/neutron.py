"""A Neutron that knows ports and subnets, on 127.0.0.1."""

import http.server
import json
import threading
import urllib.parse
from typing import Any

import fixtures

from tests.integration.parts import ports

HOST = "127.0.0.1"


class Neutron(fixtures.Fixture):
    """``url`` is where it is. ``ports`` and ``subnets`` are what it knows, by
    id; ``asked`` are the paths it was asked for. With ``status``, that is its
    answer to everything; while ``going_on`` is not set, it keeps silent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ports: dict[str, dict[str, Any]] = {}
        self.subnets: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.status: int | None = None
        self.called = threading.Event()
        self.going_on = threading.Event()
        self.going_on.set()

    def add_subnet(self, id: str, network: str, segment: str | None) -> None:
        self.subnets[id] = {"id": id, "network_id": network,
                            "segment_id": segment}

    def add_port(self, id: str, network: str, *subnets: str) -> None:
        self.ports[id] = {"id": id, "network_id": network, "fixed_ips": [
            {"subnet_id": each, "ip_address": HOST} for each in subnets]}

    def answer(self, path: str) -> tuple[int, Any]:
        if path in ("", "/"):
            return 200, {"versions": [{
                "id": "v2.0", "status": "CURRENT", "links": [
                    {"rel": "self", "href": f"{self.url}/v2.0/"}]}]}
        self.asked.append(path)
        self.called.set()
        self.going_on.wait()
        if self.status is not None:
            return self.status, {}
        parsed = urllib.parse.urlparse(path)
        kind, _, id = parsed.path.removeprefix("/v2.0/").partition("/")
        if kind == "subnets" and not id:
            network, = urllib.parse.parse_qs(parsed.query)["network_id"]
            return 200, {"subnets": [
                each for each in self.subnets.values()
                if each["network_id"] == network]}
        found = {"ports": self.ports, "subnets": self.subnets}.get(
            kind, {}).get(id)
        return (404, {}) if found is None else (200, {kind[:-1]: found})

    def _setUp(self) -> None:
        port = ports.find()
        self.url = f"http://{HOST}:{port}"
        neutron = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, found = neutron.answer(self.path)
                body = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output clean."""

        server = http.server.ThreadingHTTPServer((HOST, port), Handler)
        # Who is kept waiting may have gone.
        server.handle_error = lambda *args: None  # type: ignore
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.addCleanup(self.going_on.set)
