"""The small world in which requests made up by chance meet.

A ``World`` draws ingredients: names, amounts, generations. It draws what is
there mostly, and sometimes not.
"""

import dataclasses
import random
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from oslo_serialization import jsonutils


def _uuids(kind: str, count: int) -> tuple[str, ...]:
    # The same in every run: a seed tells all.
    return tuple(str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}{number}"))
                 for number in range(count))


PROVIDERS = _uuids("provider", 8)
NAMES = tuple(f"name{number}" for number in range(9))
CONSUMERS = _uuids("consumer", 4)
AGGREGATES = _uuids("aggregate", 3)
CLASSES = ("VCPU", "MEMORY_MB", "VGPU", "CUSTOM_A", "CUSTOM_B")
TRAITS = ("HW_CPU_X86_VMX", "MISC_SHARES_VIA_AGGREGATE", "CUSTOM_T0",
          "CUSTOM_T1")
PROJECTS = ("demo", "other")
USERS = ("alice", "bob")
TYPES = ("INSTANCE", "MIGRATION", "CUSTOM_1")
LATEST = 39


@dataclasses.dataclass
class Request:
    """One request: ``query`` is a list of pairs, or text as it is; ``body``
    is JSON, or bytes as they are. A header that is None is not sent."""

    method: str
    path: str
    query: Any = ()
    body: Any = None
    minor: int = LATEST
    headers: dict[str, str | None] = dataclasses.field(default_factory=dict)

    def get_body(self) -> bytes:
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        encoded: bytes = jsonutils.dump_as_bytes(self.body)
        return encoded

    def get_query(self) -> str:
        if isinstance(self.query, str):
            return self.query
        return "&".join(f"{key}={value}" for key, value in self.query)

    def __str__(self) -> str:
        return (f"1.{self.minor} {self.method} {self.path}?{self.get_query()} "
                f"{self.get_body()!r} {self.headers or ''}")


# Returns the JSON that a path has at the latest version, or None.
Look = Callable[[str], Any]


class World:
    """Draws ingredients by ``rng``, for a request at version 1.``minor``,
    which may have been chosen for what came with 1.``focus``."""

    def __init__(self, rng: random.Random, look: Look):
        self.rng = rng
        self.look = look
        self.minor = LATEST
        self.focus: int | None = None

    # ------------------------------------------------------------------ dice
    def any(self, *values: Any) -> Any:
        return self.rng.choice(values)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def some(self, values: Sequence[str], least: int = 0,
             most: int = 3) -> list[str]:
        count = self.rng.randint(least, min(most, len(values)))
        return self.rng.sample(values, count)

    def since(self, minor: int, probability: float = 1.0) -> bool:
        """Return whether to use what came with a version: as a rule where it
        is there, with some probability; mostly, even just before, where the
        version was chosen for it."""
        if minor == self.focus:
            return self.chance(0.9 if self.minor >= minor else 0.5)
        there = (self.minor >= minor) != self.chance(0.03)
        return there and self.chance(probability)

    # ---------------------------------------------------------- what there is
    def provider(self) -> str:
        return self.any(*(self.known() if self.chance(0.8) else PROVIDERS))

    def known(self) -> tuple[str, ...]:
        """Return the providers there are, mostly."""
        found = self.look("/resource_providers")["resource_providers"]
        if not found or self.chance(0.02):
            return PROVIDERS
        return tuple(one["uuid"] for one in found)

    def classes_of(self, provider: str) -> tuple[str, ...]:
        """Return the classes that a provider has, or any if it has none."""
        found = self.look(f"/resource_providers/{provider}/inventories")
        classes = tuple(found["inventories"]) if found else ()
        return CLASSES if not classes or self.chance(0.1) else classes

    def generation(self, provider: str) -> int:
        found = self.look(f"/resource_providers/{provider}")
        right: int = found["generation"] if found else 0
        return right + (self.any(-1, 1) if self.chance(0.1) else 0)

    # --------------------------------------------------------------- amounts
    def inventory(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"total": self.any(4, 8, 16, 16)}
        for name, values in (("reserved", (0, 1, 4, 16)), ("min_unit", (1, 2)),
                             ("max_unit", (1, 4, 100)), ("step_size", (1, 2)),
                             ("allocation_ratio", (0.5, 1.0, 1.5, 16))):
            if self.chance(0.2):
                fields[name] = self.any(*values)
        return fields

    def resources(self, classes: Sequence[str] = CLASSES[:4]
                  ) -> dict[str, int]:
        return {name: self.any(1, 1, 2, 4)
                for name in self.some(classes, 1, 2)}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of request: how often one is made, and at which versions the
    answer changed."""

    make: Callable[[World], Request]
    weight: int
    changes: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return self.make.__name__

    @property
    def turning_points(self) -> tuple[tuple[int, int], ...]:
        """Return the minor versions before and at each change, with it."""
        return tuple((minor, change) for change in self.changes
                     for minor in (change - 1, change))
