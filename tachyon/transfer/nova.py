"""What Nova knows: its servers, and the migrations under way."""

import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any

from tachyon import exception
from tachyon.transfer import client as client_module

# From then on a server is shown, at least its id, while its cell is down.
MICROVERSION = "2.69"
PAGE = 1000
# These are over: they hold nothing.
_ENDED = frozenset(("cancelled", "completed", "confirmed", "done", "error",
                    "failed", "reverted"))


class Nova:
    """Asks one Nova, as somebody who may see all projects."""

    def __init__(self, client: client_module.Client):
        self._client = client

    def unknown(self, uuids: Iterable[str]) -> frozenset[str]:
        """Return those that are neither servers nor active migrations.

        :raises TransferFailed:
        """
        left = set(uuids)
        if left:
            left.difference_update(
                body["id"] for body in self._pages(
                    "servers", {"all_tenants": "1"}, "id"))
        # A list leaves out the servers of a cell that is down.
        left = {uuid for uuid in left if not self._has_server(uuid)}
        if left:
            left.difference_update(
                body["uuid"] for body in self._pages(
                    "os-migrations", {}, "uuid", "migrations")
                if body["status"] not in _ENDED)
        return frozenset(left)

    def _has_server(self, uuid: str) -> bool:
        return self._client.get(
            f"/servers/{client_module.quote(uuid)}") is not None

    def _pages(self, path: str, query: dict[str, str], key: str,
               name: str | None = None) -> Iterator[Any]:
        query = query | {"limit": str(PAGE)}
        while True:
            body = self._client.get(
                f"/{path}?{urllib.parse.urlencode(query)}")
            if not isinstance(body, dict) or (name or path) not in body:
                raise exception.TransferFailed(
                    where=f"{self._client.url}/{path}",
                    reason="this is no endpoint of Nova")
            found = body[name or path]
            if not found:
                return
            yield from found
            query["marker"] = found[-1][key]
