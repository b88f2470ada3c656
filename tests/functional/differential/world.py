"""Requests made up by chance: to a small world, in which they meet.

``Maker.make`` returns the next request. About one in six is broken in some
way, and the microversion is any, mostly a late one. What a request rests on,
such as a generation, is asked of the peer, and is sometimes wrong.
"""

import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import Any

from oslo_utils.fixture import uuidsentinel as uuids

PROVIDERS = tuple(getattr(uuids, f"provider{n}") for n in range(7))
NAMES = tuple(f"name{n}" for n in range(8))
CONSUMERS = tuple(getattr(uuids, f"consumer{n}") for n in range(4))
AGGREGATES = (uuids.agg0, uuids.agg1)
CLASSES = ("VCPU", "MEMORY_MB", "VGPU", "CUSTOM_A", "CUSTOM_B")
TRAITS = ("HW_CPU_X86_VMX", "MISC_SHARES_VIA_AGGREGATE", "CUSTOM_T0",
          "CUSTOM_T1")
PROJECTS = ("demo", "other")
USERS = ("alice", "bob")
NONSENSE = (None, "", "x", -1, 0, 1.5, [], {}, True, "CUSTOM_ä", "!!")

Look = Callable[[str], Any]


@dataclasses.dataclass
class Request:
    """One request. ``body`` is JSON, or bytes as they are."""

    method: str
    path: str
    version: str
    body: Any = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return (f"{self.version} {self.method} {self.path} {self.body!r} "
                f"{self.headers or ''}")


class Maker:
    """Makes requests, by a seed. ``look`` returns the peer's answer to GET
    at the latest version, or None."""

    def __init__(self, rng: random.Random, look: Look):
        self.rng = rng
        self._look = look
        self._minor = 39
        self._kinds = (
            (self._create_provider, 10), (self._change_provider, 4),
            (self._delete_provider, 2), (self._list_providers, 6),
            (self._get_of_provider, 5), (self._put_inventories, 9),
            (self._post_inventory, 5), (self._put_inventory, 3),
            (self._delete_inventory, 2), (self._traits, 5),
            (self._aggregates, 5), (self._trait_catalogue, 4),
            (self._class_catalogue, 5), (self._put_allocations, 9),
            (self._post_allocations, 5), (self._get_allocations, 4),
            (self._delete_allocations, 2), (self._usages, 3),
            (self._reshape, 4), (self._candidates, 12))

    def begin(self) -> Iterator[Request]:
        """Yield requests that make something to begin with."""
        for name in ("CUSTOM_A", "CUSTOM_B"):
            yield Request("PUT", f"/resource_classes/{name}", "1.39")
        for name in ("CUSTOM_T0", "CUSTOM_T1"):
            yield Request("PUT", f"/traits/{name}", "1.39")
        for number, uuid in enumerate(PROVIDERS[:5]):
            yield Request("POST", "/resource_providers", "1.39", {
                "name": NAMES[number], "uuid": uuid, "parent_provider_uuid":
                self._any(None, *PROVIDERS[:number])})
            for request in (self._put_inventories(uuid),
                            self._traits(uuid), self._aggregates(uuid)):
                request.version = "1.39"
                yield request

    def make(self) -> Request:
        """Return the next request."""
        self._minor = (39 if self.rng.random() < 0.4
                       else self.rng.randrange(40))
        kinds, weights = zip(*self._kinds, strict=True)
        request: Request = self.rng.choices(kinds, weights)[0]()
        request.version = f"1.{self._minor}"
        if self.rng.random() < 0.16:
            self._break(request)
        return request

    # ------------------------------------------------------------ ingredients
    def _any(self, *values: Any) -> Any:
        return self.rng.choice(values)

    def _chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def _some(self, values: tuple[str, ...], least: int = 0,
              most: int = 3) -> list[str]:
        count = self.rng.randint(least, min(most, len(values)))
        return self.rng.sample(values, count)

    def _provider(self) -> str:
        return self._any(*PROVIDERS)

    def _known(self) -> tuple[str, ...]:
        """Return the providers there are, mostly."""
        found = self._look("/resource_providers")["resource_providers"]
        if not found or self._chance(0.02):
            return PROVIDERS
        return tuple(one["uuid"] for one in found)

    def _of(self, uuid: str) -> dict[str, int]:
        """Return amounts that a provider may have."""
        found = self._look(f"/resource_providers/{uuid}/inventories")
        classes = tuple(found["inventories"]) if found else ()
        if not classes or self._chance(0.1):
            return self._resources()
        return {name: self._any(1, 1, 2, 4)
                for name in self._some(classes, 1, 2)}

    def _generation(self, uuid: str) -> int:
        found = self._look(f"/resource_providers/{uuid}")
        right = found["generation"] if found else 0
        return right + (self._any(-1, 1) if self._chance(0.1) else 0)

    def _inventory(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"total": self._any(1, 4, 8, 16)}
        for name, values in (("reserved", (0, 1, 4)), ("min_unit", (1, 2)),
                             ("max_unit", (1, 4, 100)), ("step_size", (1, 2)),
                             ("allocation_ratio", (0.5, 1.0, 1.5, 16))):
            if self._chance(0.2):
                fields[name] = self._any(*values)
        return fields

    def _resources(self) -> dict[str, int]:
        return {name: self._any(1, 1, 2, 4)
                for name in self._some(CLASSES[:4], 1, 2)}

    def _break(self, request: Request) -> None:
        """Make something about a request wrong."""
        way = self.rng.randrange(6)
        if way == 0:
            request.headers["Accept"] = self._any(
                "text/plain", "text/html", "application/json, */*;q=0.1")
        elif way == 1 and request.body is not None:
            request.body = self._any(b"", b"{", b"[]", b"null", b"{} {}")
        elif way == 2 and request.body is not None:
            request.headers["Content-Type"] = self._any(
                "text/plain", "application/json; charset=utf-8")
        elif way == 3:
            request.method = self._any("PUT", "POST", "DELETE", "PATCH")
        elif isinstance(request.body, dict) and request.body:
            self._break_body(request.body)

    def _break_body(self, body: dict[str, Any]) -> None:
        while True:
            key = self.rng.choice(list(body))
            if (isinstance(body[key], dict) and body[key]
                    and self._chance(0.6)):
                body = body[key]
                continue
            break
        way = self.rng.randrange(3)
        if way == 0 and key != "uuid":  # or each makes up one of its own
            del body[key]
        elif way == 1:
            body[key] = self._any(*NONSENSE)
        else:
            body[self._any("more", "VCPU", PROVIDERS[0])] = self._any(
                *NONSENSE)

    # -------------------------------------------------------------- providers
    def _create_provider(self) -> Request:
        body = {"name": self._any(*NAMES)}
        if self._chance(0.95):
            body["uuid"] = self._provider()
        else:
            body["uuid"] = self._provider().replace("-", "")
        if self._minor >= 14 and self._chance(0.6):
            body["parent_provider_uuid"] = self._any(None, *PROVIDERS)
        return Request("POST", "/resource_providers", "", body)

    def _change_provider(self) -> Request:
        body = {"name": self._any(*NAMES)}
        if self._minor >= 14 and self._chance(0.7):
            body["parent_provider_uuid"] = self._any(None, *PROVIDERS)
        return Request("PUT", f"/resource_providers/{self._provider()}", "",
                       body)

    def _delete_provider(self) -> Request:
        return Request("DELETE", f"/resource_providers/{self._provider()}",
                       "")

    def _list_providers(self) -> Request:
        keys = []
        for make, probability in (
                (lambda: f"name={self._any(*NAMES)}", 0.1),
                (lambda: f"uuid={self._any(self._provider(), 'x')}", 0.1),
                (lambda: f"in_tree={self._provider()}", 0.2),
                (lambda: "resources=" + self._resources_text(), 0.4),
                (lambda: "member_of=" + self._member_of(), 0.3),
                (lambda: "member_of=" + self._member_of(), 0.1),
                (lambda: "required=" + self._required(), 0.3),
                (lambda: "required=" + self._required(), 0.1)):
            if self._chance(probability):
                keys.append(make())
        return Request("GET", "/resource_providers?" + "&".join(keys), "")

    def _resources_text(self) -> str:
        if self._chance(0.05):
            return self._any("", "VCPU", "VCPU:x", "VCPU:0", "NOTHING:1",
                             "VCPU:1:2", "VCPU:-1", ":1")
        return ",".join(f"{name}:{amount}" for name, amount
                        in self._resources().items())

    def _member_of(self) -> str:
        if self._chance(0.05):
            return self._any("", "x", "in:", f"{uuids.a},{uuids.b}", "!")
        some = ",".join(self._some(AGGREGATES, 1))
        prefix = self._any("", "!") if self._minor >= 30 else ""
        return f"{prefix}{'in:' if ',' in some else ''}{some}"

    def _required(self) -> str:
        if self._chance(0.05):
            return self._any("", ",", "NOTHING", "in:", "in:!CUSTOM_T0", "!")
        some = self._some(TRAITS, 1, 2)
        if self._chance(0.2):
            return "in:" + ",".join(some)
        return ",".join(f"{self._any('', '', '!')}{name}" for name in some)

    def _get_of_provider(self) -> Request:
        tail = self._any("", "/inventories", "/inventories/VCPU",
                         "/inventories/NOTHING", "/traits", "/aggregates",
                         "/usages", "/allocations")
        return Request("GET", f"/resource_providers/{self._provider()}{tail}",
                       "")

    # ---------------------------------------------------- what they consist of
    def _put_inventories(self, uuid: str | None = None) -> Request:
        uuid = uuid or self._provider()
        return Request("PUT", f"/resource_providers/{uuid}/inventories", "", {
            "resource_provider_generation": self._generation(uuid),
            "inventories": {name: self._inventory()
                            for name in self._some(CLASSES)}})

    def _post_inventory(self) -> Request:
        return Request(
            "POST", f"/resource_providers/{self._provider()}/inventories", "",
            {"resource_class": self._any(*CLASSES), **self._inventory()})

    def _put_inventory(self) -> Request:
        uuid = self._provider()
        return Request(
            "PUT", f"/resource_providers/{uuid}/inventories/"
                   f"{self._any(*CLASSES)}", "",
            {"resource_provider_generation": self._generation(uuid),
             **self._inventory()})

    def _delete_inventory(self) -> Request:
        tail = self._any("", *(f"/{name}" for name in CLASSES))
        return Request(
            "DELETE",
            f"/resource_providers/{self._provider()}/inventories{tail}", "")

    def _traits(self, uuid: str | None = None) -> Request:
        uuid = uuid or self._provider()
        path = f"/resource_providers/{uuid}/traits"
        if self._chance(0.1):
            return Request("DELETE", path, "")
        return Request("PUT", path, "", {
            "resource_provider_generation": self._generation(uuid),
            "traits": self._some(TRAITS)})

    def _aggregates(self, uuid: str | None = None) -> Request:
        uuid = uuid or self._provider()
        path = f"/resource_providers/{uuid}/aggregates"
        some: Any = self._some(AGGREGATES)
        if self._minor >= 19:
            some = {"aggregates": some, "resource_provider_generation":
                    self._generation(uuid)}
        return Request("PUT", path, "", some)

    # ------------------------------------------------------------- catalogues
    def _trait_catalogue(self) -> Request:
        if self._chance(0.3):
            return Request("GET", "/traits?" + self._any(
                "name=in:CUSTOM_T0,CUSTOM_T1", "name=startswith:CUSTOM_",
                "associated=true", "associated=maybe", "name=x",
                "name=startswith:CUSTOM&associated=false"), "")
        name = self._any(*TRAITS, "CUSTOM_ä", "custom_x")
        return Request(self._any("PUT", "PUT", "PUT", "GET", "DELETE"),
                       f"/traits/{name}", "")

    def _class_catalogue(self) -> Request:
        name = self._any(*CLASSES, "CUSTOM_B", "CUSTOM_lower")
        if self._chance(0.2):
            return Request("POST", "/resource_classes", "", {"name": name})
        if 2 <= self._minor < 7 and self._chance(0.6):
            return Request("PUT", f"/resource_classes/{name}", "",
                           {"name": self._any(*CLASSES)})
        return Request(self._any("PUT", "PUT", "PUT", "GET", "DELETE"),
                       f"/resource_classes/{name}", "")

    # ------------------------------------------------------------ allocations
    def _consumer(self, uuid: str, listed: bool = False) -> dict[str, Any]:
        found = self._look(f"/allocations/{uuid}")
        leave = found["allocations"] and self._chance(0.2)
        allocations: Any = {
            provider: {"resources": self._of(provider)}
            for provider in ([] if leave else self._some(self._known(), 1, 2))}
        if listed:
            allocations = [{"resource_provider": {"uuid": provider}, **one}
                           for provider, one in allocations.items()]
        body: dict[str, Any] = {"allocations": allocations}
        if self._minor >= 8:
            body["project_id"] = self._any(*PROJECTS)
            body["user_id"] = self._any(*USERS)
        if self._minor >= 28:
            body["consumer_generation"] = found.get("consumer_generation")
            if self._chance(0.1):
                body["consumer_generation"] = self._any(None, 0, 1, 2)
        if self._minor >= 34 and self._chance(0.2):
            body["mappings"] = {"1": [self._provider()]}
        if self._minor >= 38:
            body["consumer_type"] = self._any("INSTANCE", "MIGRATION")
        return body

    def _put_allocations(self) -> Request:
        uuid = self._any(*CONSUMERS)
        return Request("PUT", f"/allocations/{uuid}", "",
                       self._consumer(uuid, self._minor < 12))

    def _post_allocations(self) -> Request:
        return Request("POST", "/allocations", "", {
            uuid: self._consumer(uuid)
            for uuid in self._some(CONSUMERS, 1, 2)})

    def _get_allocations(self) -> Request:
        return Request("GET", f"/allocations/{self._any(*CONSUMERS)}", "")

    def _delete_allocations(self) -> Request:
        return Request("DELETE", f"/allocations/{self._any(*CONSUMERS)}", "")

    def _usages(self) -> Request:
        query = f"project_id={self._any(*PROJECTS)}"
        if self._chance(0.3):
            query += f"&user_id={self._any(*USERS)}"
        if self._chance(0.3):
            query += "&consumer_type=" + self._any(
                "INSTANCE", "all", "unknown", "x")
        return Request("GET", f"/usages?{query}", "")

    def _reshape(self) -> Request:
        return Request("POST", "/reshaper", "", {
            "inventories": {
                uuid: {"resource_provider_generation": self._generation(uuid),
                       "inventories": {name: self._inventory()
                                       for name in self._some(CLASSES[:4])}}
                for uuid in self._some(self._known(), 1, 2)},
            "allocations": {uuid: self._consumer(uuid)
                            for uuid in self._some(CONSUMERS, 0, 2)}})

    # ------------------------------------------------------------- candidates
    def _candidates(self) -> Request:
        keys = []
        suffixes = [""]
        if self._minor >= 25:
            suffixes = self._some(("", "1", "2"), 1, 3)
        for suffix in suffixes:
            if self._chance(0.95):
                keys.append(f"resources{suffix}={self._resources_text()}")
            if self._chance(0.25):
                keys.append(f"required{suffix}={self._required()}")
            if self._chance(0.2):
                keys.append(f"member_of{suffix}={self._member_of()}")
            if self._chance(0.1):
                keys.append(f"in_tree{suffix}={self._provider()}")
        if len(suffixes) > 1:
            keys.append(f"group_policy={self._any('none', 'isolate')}")
        if self._chance(0.1):
            keys.append("limit=" + self._any("1", "2", "0", "x"))
        if self._chance(0.1):
            keys.append(f"root_required={self._required()}")
        if "1" in suffixes and self._chance(0.2):
            keys.append("same_subtree=" + self._any("1", "1,2", "3"))
        return Request("GET", "/allocation_candidates?" + "&".join(keys), "")
