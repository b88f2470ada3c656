"""A store that holds a cloud in memory: what the view alone costs."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

from tachyon.db import models
from tachyon.transfer import generated


class MemoryStore:
    """Enough of a driver for a view and for claims."""

    def __init__(self, hosts: int, shape: str = "flat") -> None:
        cloud = generated.GeneratedCloud(hosts, shape)
        self._providers = {p.uuid: p for p in itertools.chain.from_iterable(
            cloud.providers())}
        self._log: list[str] = []

    @property
    def allocations(self) -> "MemoryStore":
        return self

    def snapshot(self) -> tuple[str, Iterator[Sequence[models.Provider]]]:
        return str(len(self._log)), iter([list(self._providers.values())])

    def changes(self, cursor: str) -> models.Changes:
        changed = dict.fromkeys(self._log[int(cursor):])
        return models.Changes(
            cursor=str(len(self._log)),
            providers=tuple(self._providers[uuid] for uuid in changed))

    def replace(self, claims: Sequence[models.Claim]) -> None:
        """Take what claims say. Nothing is checked."""
        for claim in claims:
            for uuid, amounts in claim.allocations.items():
                provider = self._providers[uuid]
                inventories = dict(provider.inventories)
                for name, amount in amounts.items():
                    inventories[name] = dataclasses.replace(
                        inventories[name],
                        used=inventories[name].used + amount)
                self._providers[uuid] = dataclasses.replace(
                    provider, generation=provider.generation + 1,
                    inventories=inventories)
                self._log.append(uuid)
