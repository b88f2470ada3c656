"""Networks that are near to some NUMA cells of a host."""

import dataclasses
from collections.abc import Iterable

from tachyon.scheduler.nova import wire


@dataclasses.dataclass(frozen=True, slots=True)
class Networks:
    """Names of physical networks, and whether there are tunnels: what a guest
    is attached to, or what a cell of a host is near to."""

    physical: frozenset[str] = frozenset()
    tunneled: bool = False

    @classmethod
    def read(cls, fields: wire.Fields) -> "Networks":
        """:raises MalformedMessage:"""
        return cls(frozenset(fields.texts("physnets")),
                   fields.flag("tunneled"))


def are_near(wanted: Networks, chosen: Iterable[Networks | None],
             everywhere: Iterable[Networks | None]) -> bool:
    """Return whether a guest on the chosen cells is near to its networks.

    A network that is near to no cell of the host is as near to all of them.
    """
    near = [each for each in chosen if each is not None]
    somewhere = [each for each in everywhere if each is not None]
    missing = wanted.physical.difference(*(each.physical for each in near))
    if any(missing & each.physical for each in somewhere):
        return False
    if not wanted.tunneled or any(each.tunneled for each in near):
        return True
    return not any(each.tunneled for each in somewhere)
