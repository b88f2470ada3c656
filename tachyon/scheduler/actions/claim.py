"""Claim: makes the chosen host the instance's own, in one transaction."""

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


class ClaimAction(base.Action):
    """Lands the instance, or claims for a server of nova's, with the decision
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
        chosen = data.selection
        if chosen is None:
            raise self.refuse("no host was chosen.")
        decision = explain.decision(data, self.conf,
                                    scheduler_data.Verdict.SCHEDULED)
        try:
            if data.instance is None:
                self._claim(data, chosen, decision)
            else:
                self._land(data, data.instance, chosen, decision)
        except CONFLICTS as e:
            raise exception.ClaimConflict(host=chosen.host,
                                          reason=str(e)) from e

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

    def _claim(self, data: scheduler_data.SchedulingData,
               chosen: scheduler_data.Selection,
               decision: models.Decision) -> None:
        """Claim for a server of nova's, if the members of its group are
        still where they were when the host was chosen."""
        if self._members_moved(data):
            raise exception.ClaimConflict(
                host=chosen.host, reason="another member of its server group "
                                         "was placed meanwhile")
        try:
            data.claimed = claims.claim(self.driver, make_claim(data, chosen),
                                        decision)
        except CONFLICTS:
            # Whoever was faster may be one of them.
            self._members_moved(data)
            raise

    def _members_moved(self, data: scheduler_data.SchedulingData) -> bool:
        """Look where the members of the group are; return whether that is
        elsewhere than before."""
        if not data.nova.has_hard_policy:
            return False
        before, data.members = data.members, claims.find_members(
            self.driver, data.nova.other_members)
        return data.members != before

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


def make_claim(data: scheduler_data.SchedulingData,
               chosen: scheduler_data.Selection) -> models.Claim:
    """Return what the store is asked for: all of it, or nothing."""
    assert data.consumer_uuid is not None
    # Where its group may not meet, the generation is what tells that it did.
    compared = (data.tries <= COMPARED_TRIES
                or (data.nova is not None and data.nova.has_hard_policy))
    return models.Claim(
        consumer_uuid=data.consumer_uuid, consumer_generation=None,
        project_id=data.project_id, user_id=data.user_id,
        allocations=chosen.allocations, consumer_type=CONSUMER_TYPE,
        provider_generations=chosen.generations if compared else {})
