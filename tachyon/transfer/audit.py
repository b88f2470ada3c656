"""What is allocated to nobody, and what is counted wrong."""

import dataclasses
from collections.abc import Iterator, Sequence

from tachyon import exception
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.transfer import nova as nova_module

# Consumers of other types belong to other services.
TYPES = frozenset(("INSTANCE", "MIGRATION", models.UNKNOWN_TYPE))


@dataclasses.dataclass(frozen=True, slots=True)
class Findings:
    """What should not be there."""

    orphans: Sequence[models.Consumer]
    miscounts: Sequence[models.Miscount]

    def __bool__(self) -> bool:
        return bool(self.orphans or self.miscounts)

    def lines(self) -> Iterator[str]:
        """Yield a line each."""
        for consumer in self.orphans:
            for uuid, allocation in sorted(consumer.allocations.items()):
                amounts = ", ".join(
                    f"{amount} {name}" for name, amount
                    in sorted(allocation.resources.items()))
                yield (f"consumer {consumer.uuid} ({consumer.type}) is "
                       f"unknown to Nova: {amounts} of provider {uuid}")
        for wrong in self.miscounts:
            yield (f"provider {wrong.provider_uuid}: {wrong.resource_class} "
                   f"used {wrong.used}, allocated {wrong.allocated}")


def find(driver: db_base.DataDriverBase, nova: nova_module.Nova | None,
         provider_uuid: str | None = None) -> Findings:
    """Look through the store.

    Consumers are looked for in Nova after they were read here, so one that
    comes meanwhile is no orphan.

    :param nova: None to look for what is counted wrong alone.
    :param provider_uuid: only consumers that have something of it, and its
        inventories.
    :raises ResourceProviderNotFound:
    :raises TransferFailed: Nova can't be asked.
    """
    if provider_uuid is not None:
        driver.resource_providers.get(provider_uuid)
    return Findings(
        orphans=[] if nova is None else _orphans(driver, nova, provider_uuid),
        miscounts=[each for each in driver.bulk.miscounts()
                   if provider_uuid in (None, each.provider_uuid)])


def mend(driver: db_base.DataDriverBase, findings: Findings
         ) -> Sequence[models.Consumer]:
    """Delete the allocations of orphans, and count anew what was counted
    wrong. Return the orphans that somebody changed meanwhile: they are left
    alone."""
    changed = []
    for orphan in findings.orphans:
        claim = models.Claim(
            consumer_uuid=orphan.uuid, consumer_generation=orphan.generation,
            project_id=orphan.project_id, user_id=orphan.user_id,
            consumer_type=orphan.type, allocations={})
        try:
            driver.allocations.replace([claim])
        except exception.ConcurrentUpdate:
            changed.append(orphan)
    for uuid in sorted({each.provider_uuid for each in findings.miscounts}):
        driver.bulk.recount(uuid)
    return changed


def _orphans(driver: db_base.DataDriverBase, nova: nova_module.Nova,
             provider_uuid: str | None) -> list[models.Consumer]:
    suspects = {
        record.uuid: record for page in driver.bulk.consumers()
        for record in page
        if record.type in TYPES
        and (provider_uuid is None or provider_uuid in record.allocations)
        and not _is_ours(driver, record.uuid)}
    return [suspects[uuid] for uuid in sorted(nova.unknown(suspects))]


def _is_ours(driver: db_base.DataDriverBase, uuid: str) -> bool:
    """Return whether a consumer is an instance that Tachyon itself runs."""
    try:
        driver.instances.get(uuid)
    except exception.InstanceNotFound:
        return False
    return True
