"""Types of options that oslo.config does not have."""

import re
from typing import Any

from oslo_config import types

_RESOURCES = re.compile(r"[A-Z0-9_]+:[1-9][0-9]*(,[A-Z0-9_]+:[1-9][0-9]*)*")


class Workload(types.ConfigType):
    """So many requests of a kind: ``3*VCPU:4,MEMORY_MB:8192``.

    The value is (share, resources): a positive float, 1 unless it is given,
    and (resource class, amount) pairs in the order in which they came.
    """

    def __init__(self) -> None:
        super().__init__(type_name="workload")

    def __call__(self, value: Any) -> tuple[float, tuple[tuple[str, int],
                                                         ...]]:
        """:raises ValueError: it is nothing of the kind."""
        if isinstance(value, tuple):
            return value
        share, star, resources = value.strip().rpartition("*")
        count = float(share) if star else 1.0
        if not 0 < count < float("inf"):
            raise ValueError(f"{value}: the share is not positive")
        if not _RESOURCES.fullmatch(resources):
            raise ValueError(f"{value}: not as in 3*VCPU:4,MEMORY_MB:8192")
        pairs = [each.split(":") for each in resources.split(",")]
        amounts = {name: int(amount) for name, amount in pairs}
        if len(amounts) < len(pairs):
            raise ValueError(f"{value}: a class is there twice")
        return count, tuple(amounts.items())

    def __repr__(self) -> str:
        return "Workload"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    __hash__ = None  # type: ignore[assignment]

    def _formatter(self, value: Any) -> str:
        count, resources = self(value)
        text = ",".join(f"{name}:{amount}" for name, amount in resources)
        return f"{count:g}*{text}"
