"""A small HTTP client of both APIs, as a script of an operator would be."""

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from tests.integration.parts import wait

# A line a request hides the logs that matter when a test fails.
logging.getLogger("urllib3").setLevel(logging.WARNING)

MICROVERSION = "placement 1.39"
TIMEOUT = 30.0
PAGE = 500


class Refused(AssertionError):
    """The server answered with another status than the test counts on."""


@dataclasses.dataclass
class Client:
    """Talks to one server, with one connection: not for several threads."""

    url: str
    token: str = "admin"

    def __post_init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({
            "X-Auth-Token": self.token,
            "Accept": "application/json",
            "OpenStack-API-Version": MICROVERSION})

    # ---------------------------------------------------------------- plain
    def ask(self, method: str, path: str, json: Any = None,
            headers: Mapping[str, str] | None = None) -> requests.Response:
        """Return the answer, whatever its status."""
        return self._session.request(method, self.url + path, json=json,
                                     headers=headers, timeout=TIMEOUT)

    def tell(self, method: str, path: str, json: Any = None, *,
             status: int = 200) -> Any:
        """Return the body of an answer of this status (None if empty).

        :raises Refused: with the whole answer.
        """
        answer = self.ask(method, path, json)
        if answer.status_code != status:
            raise Refused(f"{method} {path}: {answer.status_code}, not "
                          f"{status}: {answer.text}")
        return answer.json() if answer.content else None

    def get(self, path: str, *, status: int = 200) -> Any:
        return self.tell("GET", path, status=status)

    def hang_up(self) -> None:
        """Give up the connection: who was at its other end may be gone."""
        self._session.close()

    def answers(self) -> bool:
        """Return whether the server is there."""
        try:
            return self.ask("GET", "/").status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    # ------------------------------------------------------------- placement
    def make_host(self, name: str, uuid: str, traits: tuple[str, ...] = (),
                  **inventory: int) -> None:
        """Make a root provider with these totals and traits."""
        self.tell("POST", "/resource_providers", {"name": name, "uuid": uuid})
        path = f"/resource_providers/{uuid}"
        body = self.tell("PUT", f"{path}/inventories", {
            "resource_provider_generation": 0,
            "inventories": {name: {"total": total}
                            for name, total in inventory.items()}})
        if traits:
            self.tell("PUT", f"{path}/traits", {
                "resource_provider_generation":
                    body["resource_provider_generation"],
                "traits": list(traits)})

    def providers(self) -> dict[str, str]:
        """Return the uuid of each provider by its name."""
        found = self.get("/resource_providers")["resource_providers"]
        return {provider["name"]: provider["uuid"] for provider in found}

    def hosts_with_vcpus(self) -> int:
        """Return how many providers have an inventory of VCPU."""
        return sum("VCPU" in self.get(
            f"/resource_providers/{uuid}/inventories")["inventories"]
            for uuid in self.providers().values())

    def allocations_of(self, consumer: str) -> dict[str, Any]:
        return self.get(f"/allocations/{consumer}")["allocations"]

    def ledger(self) -> "Ledger":
        """Return what every provider says that it has, and that it gave."""
        ledger = Ledger()
        for name, uuid in self.providers().items():
            path = f"/resource_providers/{uuid}"
            ledger.capacity[name] = {
                resource_class: int((item["total"] - item["reserved"])
                                    * item["allocation_ratio"])
                for resource_class, item in
                self.get(f"{path}/inventories")["inventories"].items()}
            ledger.used[name] = self.get(f"{path}/usages")["usages"]
            ledger.consumers[name] = {
                consumer: body["resources"] for consumer, body in
                self.get(f"{path}/allocations")["allocations"].items()}
        return ledger

    # ------------------------------------------------------------- instances
    def create(self, name: str = "vm", flavor: str = "m1.tiny",
               image: str = "debian-12", **more: Any) -> dict[str, Any]:
        return self.tell("POST", "/api/v1/instances", {
            "name": name, "flavor": flavor, "image": image, **more},
            status=202)

    def instance(self, id: str) -> dict[str, Any]:
        return self.get(f"/api/v1/instances/{id}")

    def instances(self, query: str = "") -> Iterator[dict[str, Any]]:
        """Yield all instances, page after page."""
        marker = ""
        while True:
            page = self.get(f"/api/v1/instances?limit={PAGE}{query}{marker}")
            yield from page["instances"]
            if len(page["instances"]) < PAGE:
                return
            marker = f"&marker={page['instances'][-1]['id']}"

    def act(self, id: str, action: str) -> dict[str, Any]:
        return self.tell("POST", f"/api/v1/instances/{id}/actions",
                         {"action": action}, status=202)

    def delete(self, id: str) -> None:
        self.tell("DELETE", f"/api/v1/instances/{id}", status=202)

    def wait_for(self, id: str, *statuses: str, deadline: float = 30.0
                 ) -> dict[str, Any]:
        """Return the instance when it is in one of these states, idle."""
        def arrived() -> Any:
            body = self.instance(id)
            return body if (body["status"] in statuses
                            and body["task"] is None) else None
        try:
            return wait.until(arrived, f"instance {id} is "
                              f"{' or '.join(statuses)}", deadline=deadline)
        except wait.Overdue as overdue:
            raise wait.Overdue(
                f"{overdue} It is: {self.instance(id)}") from None

    def wait_for_all(self, *statuses: str, deadline: float = 60.0
                     ) -> dict[str, dict[str, Any]]:
        """Return all instances by id when each is in one of these states,
        idle."""
        bodies: dict[str, dict[str, Any]] = {}

        def all_arrived() -> bool:
            bodies.clear()
            bodies.update((body["id"], body) for body in self.instances())
            return all(body["status"] in statuses and body["task"] is None
                       for body in bodies.values())

        try:
            wait.until(all_arrived, f"all are {' or '.join(statuses)}",
                       deadline=deadline, interval=0.25)
        except wait.Overdue as overdue:
            late = [body for body in bodies.values()
                    if body["status"] not in statuses or body["task"]]
            raise wait.Overdue(f"{overdue} {len(late)} of {len(bodies)} are "
                               f"not, such as: {late[:3]}") from None
        return bodies

    def services(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the services by (binary, host)."""
        return {(body["binary"], body["host"]): body
                for body in self.get("/api/v1/services")["services"]}


@dataclasses.dataclass
class Ledger:
    """Capacity, use and consumers of all providers, by provider name."""

    capacity: dict[str, dict[str, int]] = dataclasses.field(
        default_factory=dict)
    used: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    consumers: dict[str, dict[str, dict[str, int]]] = dataclasses.field(
        default_factory=dict)

    def errors(self) -> list[str]:
        """Return each place where sum of allocations = used <= capacity does
        not hold."""
        found = []
        for name, capacity in self.capacity.items():
            for resource_class, most in capacity.items():
                total = sum(resources.get(resource_class, 0) for resources
                            in self.consumers[name].values())
                used = self.used[name][resource_class]
                if not total == used <= most:
                    found.append(f"{name} {resource_class}: allocated "
                                 f"{total}, used {used}, capacity {most}")
        return found
