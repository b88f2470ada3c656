"""Claim: makes the chosen host the instance's own, in one transaction."""

from collections.abc import Sequence

from oslo_log import log as logging

from tachyon import exception
from tachyon.db import models
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import explain
from tachyon.scheduler.actions import base
from tachyon.scheduler.nova import claims

LOG = logging.getLogger(__name__)

CONSUMER_TYPE = "INSTANCE"

# From the next try on, a claim is not compared with the generations it was
# decided on. What it takes is checked against capacity all the same; what is
# given up is to notice that a trait or an aggregate changed in the last
# milliseconds. In return no number of writers that want the one host left
# can keep a claim from it for ever.
COMPARED_TRIES = 4

# What the store says when a candidate is no longer what was seen.
CONFLICTS = (exception.ConcurrentUpdate, exception.CapacityExceeded,
             exception.AllocationConstraintsViolated,
             exception.InvalidInventory, exception.ResourceClassNotFound,
             exception.ResourceProviderNotFound)


class ClaimAction(base.JointAction):
    """Lands the instance, or claims for servers of nova's, with the decision
    that led to it."""

    takes = True

    def validate(self, data: scheduler_data.SchedulingData) -> None:
        if data.consumer_uuid is None:
            raise self.refuse("there is nobody to claim for.")

    def execute(self, data: scheduler_data.SchedulingData) -> None:
        """:raises ClaimConflict: somebody else was faster.
        :raises Fenced: the instance was deleted, or another scheduler has
            taken over.
        :raises OutcomeUnknown:
        """
        if data.instance is None:
            self.execute_all([data])
            return
        chosen = self._chosen(data)
        try:
            self._land(data, data.instance, chosen, self._decision(data))
        except CONFLICTS as e:
            raise _conflict([chosen], e) from e

    def execute_all(self, batch: Sequence[scheduler_data.SchedulingData]
                    ) -> None:
        """Claim for servers of nova's, if the members of their group are
        still where they were when the hosts were chosen.

        :raises: what ``execute`` does.
        """
        chosen = [self._chosen(data) for data in batch]
        try:
            claimed = claims.claim(
                self.driver,
                [make_claim(data, each) for data, each
                 in zip(batch, chosen, strict=True)],
                [self._decision(data) for data in batch],
                batch[0].companions)
        except CONFLICTS as e:
            raise _conflict(chosen, e) from e
        for data, each in zip(batch, claimed, strict=True):
            data.claimed = each

    def revert(self, data: scheduler_data.SchedulingData) -> None:
        if data.landed is not None:
            self.driver.instances.unland(data.landed.id, data.attempt)
            data.landed = None
        if data.claimed is not None:
            claims.give_back(self.driver, data.claimed)
            data.claimed = None

    def _land(self, data: scheduler_data.SchedulingData,
              instance: models.Instance, chosen: scheduler_data.Selection,
              decision: models.Decision) -> None:
        try:
            data.landed = self.driver.instances.land(
                instance.id, data.attempt, chosen.host, chosen.provider_uuid,
                make_claim(data, chosen), decision)
        except exception.DriverUnavailable as e:
            data.landed = self._ask(instance.id, data.attempt, chosen.host, e)

    def _chosen(self, data: scheduler_data.SchedulingData
                ) -> scheduler_data.Selection:
        if data.selection is None:
            raise self.refuse("no host was chosen.")
        return data.selection

    def _decision(self, data: scheduler_data.SchedulingData
                  ) -> models.Decision:
        return explain.decision(data, self.conf,
                                scheduler_data.Verdict.SCHEDULED)

    def _ask(self, id: str, attempt: int, host: str,
             error: exception.DriverUnavailable) -> models.Instance:
        """Return the instance if it has landed all the same."""
        LOG.warning("Asking whether the claim of %s was made: %s", host,
                    error)
        try:
            instance = self.driver.instances.get(id)
        except exception.DriverUnavailable:
            pass
        else:
            if instance.host == host and instance.attempt == attempt:
                return instance
        raise exception.OutcomeUnknown(what="the claim",
                                       reason=str(error)) from error


def _conflict(chosen: Sequence[scheduler_data.Selection],
              error: exception.TachyonException) -> exception.ClaimConflict:
    """Return the error that says who was lost: the host that is named in
    another error, or else the first."""
    named = set(map(str, error.kwargs.values()))
    loser = next((each for each in chosen if any(
        uuid in words for uuid in each.generations for words in named)),
        chosen[0])
    return exception.ClaimConflict(host=loser.host, reason=str(error))


def make_claim(data: scheduler_data.SchedulingData,
               chosen: scheduler_data.Selection) -> models.Claim:
    """Return what the store is asked for: all of it, or nothing."""
    assert data.consumer_uuid is not None
    return models.Claim(
        consumer_uuid=data.consumer_uuid, consumer_generation=None,
        project_id=data.project_id, user_id=data.user_id,
        allocations=chosen.allocations, consumer_type=CONSUMER_TYPE,
        provider_generations=(chosen.generations
                              if data.tries <= COMPARED_TRIES else {}))
