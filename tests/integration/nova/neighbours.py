"""Glance and Neutron, as far as nova asks them about servers without ports:
images that all are alike, and a network without anything in it.
"""

import http.server
import json
import re
import threading
from typing import Any

import fixtures

from tests.integration.parts import ports

HOST = "127.0.0.1"
_PROPERTY = {"type": ["null", "string", "integer", "boolean", "array"]}


def image(id: str) -> dict[str, Any]:
    """Return what Glance says of an image."""
    return {"id": id, "name": "image", "status": "active",
            "visibility": "public", "container_format": "bare",
            "disk_format": "raw", "size": 1024, "min_ram": 0, "min_disk": 0,
            "owner": "p1", "protected": False, "checksum": "0" * 32,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z", "tags": [],
            "file": f"/v2/images/{id}/file", "self": f"/v2/images/{id}",
            "schema": "/v2/schemas/image"}


def answer(path: str) -> dict[str, Any] | None:
    """Return the body for a GET, None for what is not there."""
    if path == "/image/v2/schemas/image":
        return {"name": "image", "properties": dict.fromkeys(
            image(""), _PROPERTY), "additionalProperties": _PROPERTY}
    if found := re.fullmatch(r"/image/v2/images/([^/]+)", path):
        return image(found[1])
    if found := re.fullmatch(r"/network/v2\.0/([a-z-]+)", path):
        return {found[1].replace("-", "_"): []}
    return None


class _Handler(http.server.BaseHTTPRequestHandler):

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = answer(self.path.partition("?")[0])
        body = json.dumps(found or {}).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


class Neighbours(fixtures.Fixture):
    """Both, on one port: ``image_url`` and ``network_url``."""

    def _setUp(self) -> None:
        port = ports.find()
        url = f"http://{HOST}:{port}"
        self.image_url, self.network_url = f"{url}/image", f"{url}/network"
        server = http.server.ThreadingHTTPServer((HOST, port), _Handler)
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
