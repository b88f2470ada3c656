"""From a source to another Placement, as a stream of API calls.

The calls are those for an empty Placement, so that they can as well be
written down. One that is there is asked what it has already: who was
interrupted begins again.

Generations count changes, so they can't be brought along. Everything else
can, even what is allocated beyond what an inventory allows by now. Placement
would refuse it; so such an inventory is roomy until all is allocated.
"""

import dataclasses
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import os_resource_classes
import os_traits

from tachyon.db import models
from tachyon.transfer import api
from tachyon.transfer import base
from tachyon.transfer import client

# Consumers of one request: Placement tries again where it meets others, all
# of the request.
CONSUMERS = 100
# The last one that does not ask for the type of a consumer: from then on a
# type can be anything but unknown.
_UNTYPED = "1.37"
_FIELDS = ("total", "reserved", "min_unit", "max_unit", "step_size",
           "allocation_ratio")

Inventories = Mapping[str, models.Inventory]


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One request to Placement; ``statuses`` are the good ones."""

    method: str
    path: str
    body: Any
    statuses: tuple[int, ...] = (200,)
    microversion: str = api.MICROVERSION

    def to_json(self) -> str:
        """Return it as a line of a file."""
        return json.dumps({
            "method": self.method, "path": self.path,
            "microversion": self.microversion, "body": self.body})


@dataclasses.dataclass(slots=True)
class _Taken:
    """What is allocated of one inventory, as far as it matters."""

    total: int = 0
    least: int = models.MAX_INT
    most: int = 0
    divisor: int = 0                    # of all amounts

    def add(self, amount: int) -> None:
        self.total += amount
        self.least = min(self.least, amount)
        self.most = max(self.most, amount)
        self.divisor = math.gcd(self.divisor, amount)

    def fits(self, inventory: models.Inventory) -> bool:
        return (self.total <= inventory.capacity
                and inventory.min_unit <= self.least
                and self.most <= inventory.max_unit
                and self.divisor % inventory.step_size == 0)


class Exporter:
    """Makes the calls to bring a source to a Placement, in their order."""

    def __init__(self, source: base.Source, target: api.APISource | None,
                 progress: base.Progress):
        """
        :param target: the Placement that gets the calls, to be asked what it
            has; None if that is nothing.
        """
        self._source = source
        self._target = target
        self._progress = progress
        self._generations: dict[str, int] = {}
        self._tight: dict[str, Inventories] = {}

    def calls(self) -> Iterator[Call]:
        """Yield the calls. Each must have been answered when the next is
        asked for.

        :raises TransferFailed: the source, or the target, can't be read.
        """
        yield from self._names()
        taken = self._taken()
        size = self._source.size()
        there = self._uuids(lambda target: target.providers_there())
        done = 0
        for providers in self._source.providers():
            for record in providers:
                yield from self._provider(record, taken[record.uuid],
                                          record.uuid in there)
            done += len(providers)
            self._progress("providers", done, size.providers)
        there = self._uuids(lambda target: target.consumers_there())
        done = 0
        for batch in self._source.consumers():
            for consumers in base.batches(batch, CONSUMERS):
                yield from self._consumers(consumers, there)
            done += len(batch)
            self._progress("consumers", done, size.consumers)
        yield from self._tighten()

    def _uuids(self, ask: Callable[[api.APISource], frozenset[str]]
               ) -> frozenset[str]:
        return frozenset() if self._target is None else ask(self._target)

    def _names(self) -> Iterator[Call]:
        classes = frozenset(os_resource_classes.STANDARDS)
        traits = frozenset(os_traits.get_traits())
        if self._target is not None:
            classes |= self._target.resource_classes()
            traits |= self._target.traits()
        for noun, names in (
                ("resource_classes",
                 self._source.resource_classes() - classes),
                ("traits", self._source.traits() - traits)):
            for name in sorted(names):
                yield Call("PUT", f"/{noun}/{client.quote(name)}", None,
                           (201, 204))

    def _taken(self) -> dict[str, dict[str, _Taken]]:
        """Return what is allocated, by provider and resource class."""
        taken: dict[str, dict[str, _Taken]] = defaultdict(
            lambda: defaultdict(_Taken))
        for consumers in self._source.consumers():
            for record in consumers:
                for uuid, allocation in record.allocations.items():
                    for name, amount in allocation.resources.items():
                        taken[uuid][name].add(amount)
        return taken

    # -------------------------------------------------------------- providers
    def _provider(self, record: models.Provider, taken: Mapping[str, _Taken],
                  there: bool) -> Iterator[Call]:
        found = None
        if there and self._target is not None:
            found = self._target.provider(record.uuid)
        path = f"/resource_providers/{client.quote(record.uuid)}"
        if found is None:
            yield Call("POST", "/resource_providers", _head(record) | {
                "uuid": record.uuid})
        elif (found.name, found.parent_uuid) != (record.name,
                                                 record.parent_uuid):
            yield Call("PUT", path, _head(record))
        generation = 0 if found is None else found.generation
        inventories = self._roomy(record, taken)
        if inventories != (found.inventories if found else {}):
            yield _inventories(path, generation, inventories)
            generation += 1
        if record.traits != (found.traits if found else frozenset()):
            yield Call("PUT", f"{path}/traits", {
                "resource_provider_generation": generation,
                "traits": sorted(record.traits)})
            generation += 1
        if record.aggregates != (found.aggregates if found else frozenset()):
            yield Call("PUT", f"{path}/aggregates", {
                "resource_provider_generation": generation,
                "aggregates": sorted(record.aggregates)})
            generation += 1
        if record.uuid in self._tight:
            self._generations[record.uuid] = generation

    def _roomy(self, record: models.Provider, taken: Mapping[str, _Taken]
               ) -> dict[str, models.Inventory]:
        """Return a provider's inventories, roomy where they have to be."""
        wanted = {name: dataclasses.replace(inventory, used=0)
                  for name, inventory in record.inventories.items()}
        roomy = {name: models.Inventory(
            total=max(inventory.total, taken[name].total))
            for name, inventory in wanted.items()
            if name in taken and not taken[name].fits(inventory)}
        if roomy:
            self._tight[record.uuid] = wanted
        return wanted | roomy

    def _tighten(self) -> Iterator[Call]:
        """Give the inventories that were roomy what they are to have."""
        for uuid, inventories in self._tight.items():
            generation: int | None = self._generations[uuid]
            if self._target is not None:
                found = self._target.provider(uuid)
                generation = found.generation if found else None
            yield _inventories(f"/resource_providers/{client.quote(uuid)}",
                               generation, inventories)

    # -------------------------------------------------------------- consumers
    def _consumers(self, consumers: Sequence[models.Consumer],
                   there: frozenset[str]) -> Iterator[Call]:
        bodies: dict[str, dict[str, Any]] = {
            _UNTYPED: {}, api.MICROVERSION: {}}
        for record in consumers:
            found = None
            if record.uuid in there and self._target is not None:
                found = self._target.consumer(record.uuid)
                if found is not None and _owned(found) == _owned(record):
                    continue
            one = _owned(record) | {
                "consumer_generation": found.generation if found else None}
            version = api.MICROVERSION
            if record.type == models.UNKNOWN_TYPE:
                del one["consumer_type"]
                version = _UNTYPED
            bodies[version][record.uuid] = one
        for version, body in bodies.items():
            if body:
                yield Call("POST", "/allocations", body, (204,), version)
            for uuid in {uuid for one in body.values()
                         for uuid in one["allocations"]}:
                if uuid in self._generations:
                    self._generations[uuid] += 1


def _head(record: models.Provider) -> dict[str, Any]:
    return {"name": record.name, "parent_provider_uuid": record.parent_uuid}


def _inventories(path: str, generation: int | None,
                 inventories: Inventories) -> Call:
    return Call("PUT", f"{path}/inventories", {
        "resource_provider_generation": generation,
        "inventories": {
            name: {field: getattr(inventory, field) for field in _FIELDS}
            for name, inventory in inventories.items()}})


def _owned(record: models.Consumer) -> dict[str, Any]:
    """Return what a consumer is and has, but for its generation."""
    return {
        "project_id": record.project_id, "user_id": record.user_id,
        "consumer_type": record.type,
        "allocations": {
            uuid: {"resources": dict(allocation.resources)}
            for uuid, allocation in record.allocations.items()}}
