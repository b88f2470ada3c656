"""Of which images the instances of each host are."""

import collections
import dataclasses
from collections.abc import Mapping

# Names and values of the properties of an image, as texts.
Properties = frozenset[tuple[str, str]]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Images:
    """How many instances each service host has of each kind of image."""

    counts: Mapping[Properties, Mapping[str, int]] = dataclasses.field(
        default_factory=dict)


def count(properties: Mapping[str, Properties],
          hosts: Mapping[str, str]) -> Images:
    """Return the counts of instances whose properties and hosts are known by
    their uuid."""
    counts: dict[Properties, collections.Counter[str]] = (
        collections.defaultdict(collections.Counter))
    for uuid, each in properties.items():
        if uuid in hosts:
            counts[each][hosts[uuid]] += 1
    return Images(dict(counts))
