"""Claims of nova's servers: allocations, and the decisions that led there.

A server that moves has given what it had to its migration before it is
scheduled, and is a new consumer. One that is evacuated has not: it keeps what
it has until nova takes it away, and gets the new host's besides, as nova's own
scheduler does it.

Members of a server group are looked up once more right before the claim. Who
was placed since the decision began is seen then, or has raised the generation
that the claim is compared with: no two members that must not meet are given
one host, by whichever schedulers.
"""

import dataclasses
from collections.abc import Collection, Mapping

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


def claim(driver: db_base.DataDriverBase, wanted: models.Claim,
          decision: models.Decision) -> Claimed:
    """Make a claim that was written for a new consumer.

    :raises ConcurrentUpdate: and whatever else ``AllocationsController.
        replace`` raises.
    :raises OutcomeUnknown: it may have been made.
    """
    try:
        _replace(driver, wanted, decision)
        return Claimed(wanted.consumer_uuid, None)
    except exception.ConcurrentUpdate:
        try:
            former = driver.allocations.get(wanted.consumer_uuid)
        except exception.ConsumerNotFound:
            pass                        # a provider was changed
        else:
            return _claim_besides(driver, wanted, former, decision)
        raise


def _claim_besides(driver: db_base.DataDriverBase, wanted: models.Claim,
                   former: models.Consumer,
                   decision: models.Decision) -> Claimed:
    """Claim for a server that keeps what it has. Of a provider that it has
    something of already, it gets no more: storage that hosts share."""
    kept = {uuid: each.resources for uuid, each
            in former.allocations.items()}
    LOG.info("Server %s keeps what it has on %d providers while it moves",
             former.uuid, len(kept))
    _replace(driver, dataclasses.replace(
        wanted, consumer_generation=former.generation,
        allocations={**wanted.allocations, **kept}), decision)
    return Claimed(wanted.consumer_uuid, former)


def _replace(driver: db_base.DataDriverBase, wanted: models.Claim,
             decision: models.Decision) -> None:
    try:
        driver.allocations.replace([wanted], [decision])
    except exception.DriverUnavailable as e:
        LOG.warning("Asking whether the claim of server %s was made: %s",
                    wanted.consumer_uuid, e)
        if not _is_made(driver, wanted):
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
