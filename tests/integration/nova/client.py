"""A small client of nova's API, as an administrator has it."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from tests.integration.parts import client
from tests.integration.parts import wait

IMAGE = "a2459075-d96c-40d5-893e-577ff92e721c"
OTHER_IMAGE = "11111111-d96c-40d5-893e-577ff92e721c"
MICROVERSION = "compute 2.96"
HOST, TASK = "OS-EXT-SRV-ATTR:host", "OS-EXT-STS:task_state"
# Seconds for what nova does with a server, on a busy machine.
DEADLINE = 120.0
_numbers = itertools.count()


def until(check: Callable[[], Any], what: str) -> Any:
    """Return the first true value: what is asked costs nova something."""
    return wait.until(check, what, deadline=DEADLINE, interval=0.5)


class Client(client.Client):
    """Asks nova; paths are those below ``/v2.1``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.url += "/v2.1"
        self._session.headers["OpenStack-API-Version"] = MICROVERSION

    # --------------------------------------------------------------- flavors
    def make_flavor(self, name: str, vcpus: int = 1, ram: int = 512,
                    **extra_specs: str) -> str:
        """Make a flavor of that id. ``ram`` is in MiB."""
        self.tell("POST", "/flavors", {"flavor": {
            "name": name, "id": name, "vcpus": vcpus, "ram": ram, "disk": 1}})
        if extra_specs:
            self.tell("POST", f"/flavors/{name}/os-extra_specs",
                      {"extra_specs": extra_specs})
        return name

    # --------------------------------------------------------------- servers
    def boot(self, flavor: str = "small", *, count: int = 1,
             hints: dict[str, str] | None = None, **more: Any) -> list[str]:
        """Ask for servers; return their ids at once."""
        name = f"vm{next(_numbers)}"
        body: dict[str, Any] = {"server": {
            "name": name, "flavorRef": flavor, "imageRef": IMAGE,
            "networks": "none", "min_count": count, "max_count": count,
            **more}}
        if hints:
            body["os:scheduler_hints"] = hints
        made = self.tell("POST", "/servers", body, status=202)["server"]
        if count == 1:
            return [made["id"]]
        # Several have numbers behind the name.
        return sorted(id for id, server in self.servers().items()
                      if server["name"].startswith(f"{name}-"))

    def servers(self) -> dict[str, dict[str, Any]]:
        """Return all servers by id."""
        return {server["id"]: server for server
                in self.get("/servers/detail")["servers"]}

    def server(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/servers/{id}")["server"]
        return found

    def act(self, id: str, action: str,
            arguments: dict[str, Any] | None = None,
            status: int = 202) -> None:
        self.tell("POST", f"/servers/{id}/action", {action: arguments},
                  status=status)

    def wait_for(self, id: str, *statuses: str) -> dict[str, Any]:
        """Return the server when it is in one of these states, idle."""
        def arrived() -> Any:
            server = self.server(id)
            return server if (server["status"] in statuses
                              and server[TASK] is None) else None
        try:
            return until(arrived, f"server {id} is "
                         f"{' or '.join(statuses)}")
        except wait.Overdue as overdue:
            raise wait.Overdue(
                f"{overdue} It is: {self.server(id)}") from None

    def delete(self, ids: Iterable[str]) -> None:
        """Delete servers, and return when they are gone."""
        ids = set(ids)
        for id in ids:
            self.tell("DELETE", f"/servers/{id}", status=204)
        until(lambda: not ids & self.servers().keys(),
              f"servers {sorted(ids)} are gone")

    # -------------------------------------------------------------- services
    def services(self) -> dict[str, dict[str, Any]]:
        """Return the compute services by host."""
        return {each["host"]: each for each in self.get(
            "/os-services?binary=nova-compute")["services"]}

    def change_service(self, host: str, **changes: Any) -> None:
        """Disable a compute (``status``), or force it down."""
        id = self.services()[host]["id"]
        self.tell("PUT", f"/os-services/{id}", changes)
