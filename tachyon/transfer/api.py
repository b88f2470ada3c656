"""A Placement's HTTP API as a source: Placement's own, or Tachyon's.

Any Placement from microversion 1.38 on. Times are not told by it: what is
read was made now.
"""

import datetime
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import models
from tachyon.transfer import base
from tachyon.transfer import client as client_module

MICROVERSION = "1.38"
# A provider is read by three requests: it may change in between.
_ATTEMPTS = 5
_NUMBERS = ("total", "reserved", "min_unit", "max_unit", "step_size")


class APISource(base.Source):
    """Reads a Placement, one request after the other."""

    def __init__(self, client: client_module.Client):
        super().__init__()
        self._client = client
        self._now = datetime.datetime.now(datetime.UTC)

    # ---------------------------------------------------------------- reading
    def size(self) -> base.Size:
        return base.Size(providers=len(self._list()))

    def resource_classes(self) -> frozenset[str]:
        body = self._get("/resource_classes")
        return frozenset(each["name"] for each in body["resource_classes"])

    def traits(self) -> frozenset[str]:
        return frozenset(self._get("/traits")["traits"])

    def providers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Provider]]:
        heads = self._list()
        ordered = base.parents_first({
            uuid: head["parent_provider_uuid"]
            for uuid, head in heads.items()})
        for uuids in base.batches(
                (uuid for uuid in ordered if uuid not in known),
                base.PROVIDERS):
            found = [self.provider(uuid) for uuid in uuids]
            yield [record for record in found if record is not None]

    def consumers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Consumer]]:
        found = (self.consumer(uuid) for uuid in self._consumers_there()
                 if uuid not in known)
        yield from base.batches(
            (record for record in found if record is not None),
            base.CONSUMERS)

    def providers_there(self) -> frozenset[str]:
        """Return the uuids of all providers."""
        return frozenset(self._list())

    def consumers_there(self) -> frozenset[str]:
        """Return the uuids of all consumers."""
        return frozenset(self._consumers_there())

    def _consumers_there(self) -> Iterator[str]:
        seen: set[str] = set()
        for provider in sorted(self._list()):
            body = self._client.get(f"{_path(provider)}/allocations")
            new = set(body["allocations"] if body else ()) - seen
            seen |= new
            yield from sorted(new)

    # --------------------------------------------------------------- one of it
    def provider(self, uuid: str) -> models.Provider | None:
        """Return a provider, whole; None if it is gone by now.

        :raises TransferFailed:
        """
        path = _path(uuid)
        for _attempt in range(_ATTEMPTS):
            head = self._client.get(path)
            parts = [self._client.get(f"{path}/{part}")
                     for part in ("inventories", "traits", "aggregates")]
            if head is None or None in parts:
                return None
            inventories, traits, aggregates = parts
            if all(part["resource_provider_generation"] == head["generation"]
                   for part in parts):
                return models.Provider(
                    uuid=uuid, name=head["name"],
                    generation=head["generation"],
                    parent_uuid=head["parent_provider_uuid"],
                    root_uuid=head["root_provider_uuid"],
                    inventories={
                        name: _inventory(body) for name, body
                        in inventories["inventories"].items()},
                    traits=frozenset(traits["traits"]),
                    aggregates=frozenset(aggregates["aggregates"]),
                    created_at=self._now, updated_at=self._now)
        raise exception.TransferFailed(
            where=f"{self._client.url}{path}",
            reason="it changes all the time: stop what writes to it")

    def consumer(self, uuid: str) -> models.Consumer | None:
        """Return a consumer, whole; None if it has nothing by now.

        :raises TransferFailed:
        """
        body = self._get(f"/allocations/{client_module.quote(uuid)}")
        if not body["allocations"]:
            return None
        return models.Consumer(
            uuid=uuid, generation=body["consumer_generation"],
            type=body["consumer_type"], project_id=body["project_id"],
            user_id=body["user_id"], created_at=self._now,
            updated_at=self._now,
            allocations={
                provider: models.Allocation(provider, part["generation"],
                                            part["resources"])
                for provider, part in body["allocations"].items()})

    # --------------------------------------------------------------- internals
    def _list(self) -> dict[str, Mapping[str, Any]]:
        body = self._get("/resource_providers")
        return {head["uuid"]: head for head in body["resource_providers"]}

    def _get(self, path: str) -> Any:
        body = self._client.get(path)
        if body is None:
            raise exception.TransferFailed(
                where=f"{self._client.url}{path}",
                reason="there is no Placement (404)")
        return body


def _inventory(body: Mapping[str, Any]) -> models.Inventory:
    return models.Inventory(
        **{name: body[name] for name in _NUMBERS},
        allocation_ratio=float(body["allocation_ratio"]))


def _path(uuid: str) -> str:
    return f"/resource_providers/{client_module.quote(uuid)}"
