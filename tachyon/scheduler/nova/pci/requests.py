"""What is asked of PCI devices: by a flavor's alias, or by a port."""

import dataclasses
import enum
from collections.abc import Iterable, Mapping

from tachyon.scheduler.nova import wire

# Placement matches these, or they are told elsewhere.
_IGNORED = frozenset(("resource_class", "traits", "rp_uuids"))

Mappings = Mapping[str, tuple[str, ...]]


class Affinity(enum.StrEnum):
    """How near a device has to be to the guest's NUMA cells."""

    LEGACY = "legacy"                   # if it is known where it is
    PREFERRED = "preferred"
    REQUIRED = "required"
    SOCKET = "socket"


@dataclasses.dataclass(frozen=True, slots=True)
class Spec:
    """Properties that a device must have, as pairs."""

    properties: tuple[tuple[str, str | None], ...]

    def says(self, name: str) -> str | None:
        return next((value for key, value in self.properties if key == name),
                    None)

    def fits(self, pool: Mapping[str, object]) -> bool:
        """Return whether devices have all of it, in whichever case."""
        return all(_lower(pool.get(name)) == _lower(value)
                   for name, value in self.properties
                   if name not in _IGNORED)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


@dataclasses.dataclass(frozen=True, slots=True)
class DeviceRequest:
    """So many devices, each of which has to fit one of the specs."""

    count: int
    specs: tuple[Spec, ...]
    id: str | None = None
    of_port: bool = False
    affinity: Affinity = Affinity.LEGACY

    @classmethod
    def read(cls, fields: wire.Fields) -> "DeviceRequest":
        """:raises MalformedMessage:"""
        found = fields.items("spec")
        if not all(isinstance(spec, dict)
                   and all(value is None or isinstance(value, str)
                           for value in spec.values()) for spec in found):
            raise fields.refuse("spec", "no list of properties")
        return cls(
            count=fields.whole("count"),
            specs=tuple(Spec(tuple(sorted(spec.items()))) for spec in found),
            id=fields.text("request_id"),
            of_port=fields.text("alias_name") is None,
            affinity=fields.one_of("numa_policy", Affinity, Affinity.LEGACY))

    @property
    def anonymous(self) -> "DeviceRequest":
        """Return the same of anybody: two flavors' are then equal."""
        return dataclasses.replace(self, id=None)

    def is_group(self, suffix: str) -> bool:
        """Return whether a group of the query is for one of these devices:
        there are some where Placement knows devices."""
        return (not self.of_port and bool(self.id)
                and suffix.startswith(self.id or ""))

    def providers(self, mappings: Mappings) -> list[str]:
        """Return the providers of its devices, one for each, so far as
        Placement has been asked for them."""
        return [uuids[0] for suffix, uuids in mappings.items()
                if self.is_group(suffix)]


def in_placement(requests: Iterable[DeviceRequest],
                 suffixes: Iterable[str]) -> bool:
    """Return whether Placement is asked for some of the devices."""
    suffixes = list(suffixes)
    return any(request.is_group(suffix) for request in requests
               for suffix in suffixes)
