"""A client of the Placement API that costs little: one kept connection.

Nothing else of this project is imported here, since many processes do so.
"""

import http.client
import time
import urllib.parse
from typing import Any

import orjson

HEADERS = {"X-Auth-Token": "admin", "Accept": "application/json",
           "OpenStack-API-Version": "placement 1.39"}
PATIENCE = 600.0                        # seconds


class Refused(Exception):
    """An answer with another status than what was wanted."""


class Wire:
    """A connection to a server. ``seconds`` is what the last answer took,
    from the first byte of the question to the last one of the answer."""

    def __init__(self, url: str):
        where = urllib.parse.urlsplit(url)
        assert where.hostname is not None
        self._connection = http.client.HTTPConnection(
            where.hostname, where.port, timeout=PATIENCE)
        self.seconds = 0.0

    def ask(self, method: str, path: str, body: Any = None
            ) -> tuple[int, bytes]:
        """Return the status and the body of an answer."""
        headers, data = HEADERS, None
        if body is not None:
            headers = {**HEADERS, "Content-Type": "application/json"}
            data = orjson.dumps(body)
        kept = self._connection.sock is not None
        start = time.perf_counter()
        try:
            found = self._exchange(method, path, data, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            self._connection.close()
            if not kept:
                raise
            # It had been closed before: nobody has seen the question.
            start = time.perf_counter()
            found = self._exchange(method, path, data, headers)
        self.seconds = time.perf_counter() - start
        return found

    def _exchange(self, method: str, path: str, data: bytes | None,
                  headers: dict[str, str]) -> tuple[int, bytes]:
        self._connection.request(method, path, data, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def tell(self, method: str, path: str, body: Any = None) -> Any:
        """Return what a good answer holds.

        :raises Refused:
        """
        data = self._tell(method, path, body)
        return orjson.loads(data) if data else None

    def get(self, path: str) -> bytes:
        """Return a good answer as it came.

        :raises Refused:
        """
        return self._tell("GET", path)

    def _tell(self, method: str, path: str, body: Any = None) -> bytes:
        status, data = self.ask(method, path, body)
        if status >= 400:
            raise Refused(f"{method} {path}: {status} {data[:500]!r}")
        return data

    def close(self) -> None:
        self._connection.close()
