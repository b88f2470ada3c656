"""The PCI devices that a host has left, in pools of devices that are alike."""

import collections
import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
from oslo_log import log as logging
from oslo_utils import strutils

from tachyon.scheduler.nova.pci import requests as requests_module

LOG = logging.getLogger(__name__)

Affinity = requests_module.Affinity
# Kinds of devices that are given to nobody who does not ask for them.
_RESERVED_TYPES = ("type-PF", "vdpa")
_REMOTE = "remote_managed"
_MIGRATABLE = "live_migratable"


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Devices that are alike. ``properties`` are nova's: ``vendor_id``,
    ``product_id``, ``dev_type``, ``rp_uuid``, tags..."""

    properties: Mapping[str, Any]
    count: int

    @property
    def cell(self) -> int | None:
        """Return the id of the NUMA cell that it is near to."""
        found: int | None = self.properties.get("numa_node")
        return found

    @property
    def provider(self) -> str | None:
        found: str | None = self.properties.get("rp_uuid")
        return found


@dataclasses.dataclass(frozen=True, slots=True)
class Near:
    """The cells of a host that a guest has, and the socket of each cell that
    there is; None where that is not known."""

    cells: tuple[int, ...]
    sockets: Mapping[int, int | None]

    def beside(self) -> frozenset[int]:
        """Return the cells in the same sockets, none if it is not known."""
        if None in self.sockets.values():
            return frozenset()
        mine = {self.sockets[cell] for cell in self.cells
                if cell in self.sockets}
        return frozenset(cell for cell, socket in self.sockets.items()
                         if socket in mine)


class DevicePools:
    """The pools of one node; never changes. What makes no sense is none."""

    def __init__(self, text: str = "",
                 pools: Sequence[Pool] | None = None) -> None:
        self._text = text
        if pools is not None:
            self.pools = tuple(pools)

    def says(self, text: str) -> bool:
        """Return whether it was made of this text."""
        return self._text == text

    @functools.cached_property
    def pools(self) -> tuple[Pool, ...]:
        return _read(self._text)

    @functools.cached_property
    def free(self) -> int:
        """Return how many devices are left."""
        return sum(pool.count for pool in self.pools)

    @functools.cached_property
    def by_cell(self) -> Mapping[int | None, int]:
        """Return how many devices are near to each NUMA cell."""
        found: collections.Counter[int | None] = collections.Counter()
        for pool in self.pools:
            found[pool.cell] += pool.count
        return found


def _read(text: str) -> tuple[Pool, ...]:
    """Return the pools of a text: a list, in an envelope of nova's objects or
    without one. Those with fewer properties come first, as in nova."""
    if not text:
        return ()
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as e:
        LOG.warning("What a node reports of its PCI devices can't be read: "
                    "%s", e)
        return ()
    found = _open(found)
    if isinstance(found, dict):
        found = found.get("objects", [found])
    pools = []
    for each in map(_open, found if isinstance(found, list) else ()):
        if not isinstance(each, dict):
            continue
        count, tags = each.get("count"), each.get("tags") or {}
        if type(count) is int and isinstance(tags, dict):
            pools.append(Pool({
                **{name: value for name, value in each.items()
                   if name not in ("count", "tags")}, **tags}, count))
    return tuple(sorted(pools, key=lambda pool: len(pool.properties)))


def _open(value: Any) -> Any:
    """Return what is in an envelope, if it is one."""
    return (value.get("nova_object.data", value) if isinstance(value, dict)
            else value)


def take(pools: Sequence[Pool],
         wanted: Iterable[requests_module.DeviceRequest],
         mappings: requests_module.Mappings, near: Near | None = None
         ) -> list[Pool] | None:
    """Return what is left once each request has its devices, None if one
    does not get them.

    With ``mappings``, devices come from the providers that were claimed;
    ``near``, if the guest has NUMA cells.
    """
    left = list(pools)
    for request in wanted:
        providers = request.providers(mappings)
        allowed = _allowed(left, request, providers, near)
        if not allowed or sum(pool.count for pool in allowed) < request.count:
            return None
        if providers and not _are_apart(left):
            return None
        taken = (_of_providers(allowed, providers) if providers
                 else _of_first(allowed, request.count))
        left = [rest for pool in left
                if (rest := _less(pool, taken.get(id(pool), 0))) is not None]
    return left


def _less(pool: Pool, count: int) -> Pool | None:
    """Return a pool without some of its devices, None if all are gone."""
    if not count:
        return pool
    return (dataclasses.replace(pool, count=pool.count - count)
            if count < pool.count else None)


def _of_first(pools: Iterable[Pool], count: int) -> dict[int, int]:
    taken = {}
    for pool in pools:
        taken[id(pool)] = min(pool.count, count)
        count -= taken[id(pool)]
    return taken


def _of_providers(pools: Iterable[Pool], providers: Iterable[str]
                  ) -> dict[int, int]:
    counts = collections.Counter(providers)
    return {id(pool): counts[pool.provider] for pool in pools
            if pool.provider is not None}


def _are_apart(pools: Iterable[Pool]) -> bool:
    """Return whether no provider has its devices in two pools: it could not
    be told from which they are taken."""
    providers = [pool.provider for pool in pools
                 if "rp_uuid" in pool.properties]
    return len(set(providers)) == len(providers)


def _allowed(pools: Sequence[Pool], request: requests_module.DeviceRequest,
             providers: Sequence[str], near: Near | None) -> list[Pool]:
    """Return the pools that a request may have devices of, best first."""
    found = [pool for pool in pools
             if any(spec.fits(pool.properties) for spec in request.specs)]
    if near is not None and near.cells:
        found = _near(found, request, near)
    for rule in _RULES:
        found = [pool for pool in found if rule(pool.properties, request)]
    if providers:
        counts = collections.Counter(providers)
        found = [pool for pool in found if pool.provider is not None
                 and 0 < counts[pool.provider] <= pool.count]
    return found


def _near(pools: list[Pool], request: requests_module.DeviceRequest,
          near: Near) -> list[Pool]:
    """Return the pools that are near enough: if the nearest are enough, no
    others, whatever else would do."""
    nearest = [pool for pool in pools if pool.cell in near.cells]
    if (request.affinity is Affinity.REQUIRED
            or _count(nearest) >= request.count):
        return nearest
    if request.affinity is Affinity.SOCKET:
        beside = near.beside()
        return [pool for pool in pools if pool.cell in beside]
    good = (*near.cells, None)
    legacy = [pool for pool in pools if pool.cell in good]
    if request.affinity is Affinity.LEGACY or _count(legacy) >= request.count:
        return legacy
    return sorted(pools, key=lambda pool: pool.cell not in good)


def _count(pools: Iterable[Pool]) -> int:
    return sum(pool.count for pool in pools)


# ------------------------------------------------------------------- rules
def _type_is_wanted(properties: Mapping[str, Any],
                    request: requests_module.DeviceRequest) -> bool:
    kind = properties.get("dev_type")
    return kind not in _RESERVED_TYPES or any(
        spec.says("dev_type") == kind for spec in request.specs)


def _management_is_wanted(properties: Mapping[str, Any],
                          request: requests_module.DeviceRequest) -> bool:
    return not strutils.bool_from_string(properties.get(_REMOTE)) or any(
        strutils.bool_from_string(spec.says(_REMOTE))
        for spec in request.specs)


def _migration_is_wanted(properties: Mapping[str, Any],
                         request: requests_module.DeviceRequest) -> bool:
    """If it may not matter, any will do."""
    for wish in ("true", "false"):
        if all(spec.says(_MIGRATABLE) == wish for spec in request.specs):
            return bool(properties.get(_MIGRATABLE) == wish)
    return True


_Rule = Callable[[Mapping[str, Any], requests_module.DeviceRequest], bool]
_RULES: tuple[_Rule, ...] = (_type_is_wanted, _management_is_wanted,
                             _migration_is_wanted)
