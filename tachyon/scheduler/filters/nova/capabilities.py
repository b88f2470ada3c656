"""ComputeCapabilitiesFilter: extra specs about what a compute node reports."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base
from tachyon.scheduler.filters.nova import operators
from tachyon.scheduler.host_sources import node

_SCOPE = "capabilities"
_ADDRESS_BITS = "hw:maxphysaddr_bits"
_ADDRESS_PATH = ("cpu_info", "maxphysaddr", "bits")


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """An extra spec: what is to be found along a path. It is ``strict`` if
    who has nothing there is out."""

    key: str
    path: Sequence[str]
    spec: str
    strict: bool


class ComputeCapabilitiesFilter(base.RulesFilter):
    """Looks at ``capabilities:...``, and at extra specs without a scope that
    are named like something that a node reports."""

    def rules(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
        for wish in wishes(data.nova.flavor.extra_specs):
            yield f"its capabilities are not {wish.key}", _keeps(hosts, wish)


def wishes(extra_specs: Mapping[str, str]) -> Iterator[Wish]:
    """Return those of a flavor's extra specs that are about capabilities."""
    for key, spec in extra_specs.items():
        scope, *path = key.split(":")
        if key == _ADDRESS_BITS:
            yield Wish(key, _ADDRESS_PATH, f">= {spec}", True)
        elif scope == _SCOPE and path:
            yield Wish(key, path, spec, True)
        elif not path:
            yield Wish(key, (key,), spec, False)


def _keeps(hosts: scheduler_data.HostSet, wish: Wish
           ) -> npt.NDArray[np.bool_]:
    name, *path = wish.path

    def kept(value: Any) -> bool:
        found = dig(value, path)
        return found is not None and operators.match(str(found), wish.spec)

    def kept_in_stats(text: str) -> bool:
        stats = node.as_dict(text)
        if name not in stats:
            return not wish.strict
        return kept(stats[name])

    if name not in node.ATTRIBUTES:
        return hosts.nodes.coded("stats_text").each(kept_in_stats)
    values = hosts.nodes.coded(node.ATTRIBUTES[name])
    keeps = values.each(
        lambda value: kept(node.attribute_of(name, value)))
    # What a node does not report itself may be among its statistics.
    missing = values.each(lambda value: value is None)
    if missing.any():
        in_stats = hosts.nodes.coded("stats_text").each(
            lambda text: kept(node.as_dict(text).get(name)))
        keeps = np.where(missing, in_stats, keeps)
    return keeps


def dig(value: Any, path: Sequence[str]) -> Any:
    """Return what is found along a path of keys, None if nothing. Text on
    the way is JSON."""
    for key in path:
        if isinstance(value, str):
            value = node.parse(value)
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
