"""Claims of nova's servers: allocations, and the decisions that led there.

A server that moves has given what it had to its migration before it is
scheduled, and is a new consumer. One that is evacuated has not: it keeps what
it has until nova takes it away, and gets the new host's besides, as nova's own
scheduler does it.

Members of a server group that must not meet, or must not part, are looked for
once more in the claim's transaction, one member after the other: see
``models.Companions``. No two are given hosts that their policy forbids, by
whichever schedulers.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from oslo_log import log as logging

from tachyon import exception
from tachyon.db import base as db_base
from tachyon.db import models

LOG = logging.getLogger(__name__)

# Of each member that has allocations, the providers they are of.
Members = Mapping[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True, slots=True)
class Claimed:
    """What was claimed, and what the consumer had before."""

    consumer_uuid: str
    former: models.Consumer | None


def find_members(driver: db_base.DataDriverBase,
                 uuids: Collection[str]) -> Members:
    """Return where these servers are.

    :raises DriverUnavailable:
    """
    if not uuids:
        return {}
    return {each.uuid: tuple(each.allocations)
            for each in driver.allocations.get_many(uuids)}


def claim(driver: db_base.DataDriverBase, wanted: Sequence[models.Claim],
          decisions: Sequence[models.Decision],
          companions: models.Companions | None) -> list[Claimed]:
    """Make claims that were written for new consumers: all, or none.

    :raises ConcurrentUpdate: and whatever else ``AllocationsController.
        replace`` raises.
    :raises OutcomeUnknown: they may have been made.
    """
    try:
        _replace(driver, wanted, decisions, companions)
        return [Claimed(each.consumer_uuid, None) for each in wanted]
    except exception.CompanionsMoved:
        raise
    except exception.ConcurrentUpdate:
        formers = {each.uuid: each for each in driver.allocations.get_many(
            [each.consumer_uuid for each in wanted])}
        if not formers:
            raise                       # a provider was changed
        _replace(driver, [
            _besides(each, formers[each.consumer_uuid])
            if each.consumer_uuid in formers else each
            for each in wanted], decisions, companions)
        return [Claimed(each.consumer_uuid, formers.get(each.consumer_uuid))
                for each in wanted]


def _besides(wanted: models.Claim, former: models.Consumer) -> models.Claim:
    """Return the claim of a server that keeps what it has. Of a provider that
    it has something of already, it gets no more: storage that hosts share."""
    kept = {uuid: each.resources for uuid, each
            in former.allocations.items()}
    LOG.info("Server %s keeps what it has on %d providers while it moves",
             former.uuid, len(kept))
    return dataclasses.replace(
        wanted, consumer_generation=former.generation,
        allocations={**wanted.allocations, **kept})


def _replace(driver: db_base.DataDriverBase, wanted: Sequence[models.Claim],
             decisions: Sequence[models.Decision],
             companions: models.Companions | None) -> None:
    try:
        driver.allocations.replace(wanted, decisions, companions)
    except exception.DriverUnavailable as e:
        LOG.warning("Asking whether the claim of %s was made: %s", ", ".join(
            f"server {each.consumer_uuid}" for each in wanted), e)
        # All of them were made, or none.
        if not _is_made(driver, wanted[0]):
            raise


def _is_made(driver: db_base.DataDriverBase, wanted: models.Claim) -> bool:
    """:raises OutcomeUnknown:"""
    try:
        found = driver.allocations.get(wanted.consumer_uuid)
    except exception.ConsumerNotFound:
        return False
    except exception.DriverUnavailable as e:
        raise exception.OutcomeUnknown(what="the claim",
                                       reason=str(e)) from e
    return wanted.allocations == {
        uuid: each.resources for uuid, each in found.allocations.items()}


def give_back(driver: db_base.DataDriverBase, claimed: Claimed) -> None:
    """Make a consumer have what it had before the claim.

    :raises DriverUnavailable:
    :raises ConcurrentUpdate: somebody else has changed it since.
    """
    former = claimed.former
    try:
        if former is None:
            remove(driver, claimed.consumer_uuid)
            return
        now = driver.allocations.get(claimed.consumer_uuid)
    except exception.ConsumerNotFound:
        return
    driver.allocations.replace([models.Claim(
        consumer_uuid=former.uuid, consumer_generation=now.generation,
        project_id=former.project_id, user_id=former.user_id,
        consumer_type=former.type,
        allocations={uuid: each.resources for uuid, each
                     in former.allocations.items()})])


def remove(driver: db_base.DataDriverBase, uuid: str) -> None:
    """Take everything from a consumer, if it has anything.

    :raises DriverUnavailable:
    """
    try:
        driver.allocations.delete(uuid)
    except exception.ConsumerNotFound:
        pass
