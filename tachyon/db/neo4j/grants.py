"""Grants: claims that nothing is in the way of, in one round trip.

Most claims are of new consumers, for what is there. One statement locks the
providers, looks whether all that is asked fits together, and takes it, or
does nothing at all. What fits together fits in any order, so nobody gets
anything that he would not have got alone; whatever else there is to decide, or
to refuse, is for ``claiming`` to do at length.

The locks come first, and in the usual order: a statement that reads before
sells more than there is. Consumers are made, not locked: one that somebody
else makes meanwhile breaks it off.
"""

import collections
from collections.abc import Sequence
from typing import Any

from tachyon.db import models
from tachyon.db.neo4j import claims as resource_claims
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import jobs
from tachyon.db.neo4j import landings
from tachyon.db.neo4j import transaction

_LOCKED = """
    CALL () {
        UNWIND $asked.providers AS uuid
        MATCH (p:ResourceProvider {uuid: uuid}) SET p.locked = true
        RETURN count(*) AS found }
    WITH found WHERE found = size($asked.providers)"""
# All of it is there, and nothing of what is new.
_FITS = """
      AND COUNT {
        UNWIND $asked.parts AS part
        MATCH (i:Inventory {provider_uuid: part[0], resource_class: part[1]})
        WHERE i.used + part[2] <=
              toInteger((i.total - i.reserved) * i.allocation_ratio)
          AND all(amount IN part[3] WHERE amount >= i.min_unit
                  AND amount <= i.max_unit AND amount % i.step_size = 0)
      } = size($asked.parts)
      AND COUNT {
        UNWIND $asked.compared AS row
        MATCH (p:ResourceProvider {uuid: row[0]})
        WHERE p.generation = row[1]
      } = size($asked.compared)
      AND COUNT {
        UNWIND $asked.types AS name MATCH (t:ConsumerType {name: name})
      } = size($asked.types)
      AND NOT EXISTS {
        UNWIND $asked.new AS row MATCH (c:Consumer {uuid: row[0]}) }"""
_TAKEN = f"""
    {_LOCKED} {_FITS} {transaction.FIT_STORE}
    {resource_claims.create('$asked.new')}"""
_GRANT = f"{_TAKEN} {transaction.LAST_SEAL} RETURN []"
_GRANT_LANDINGS = f"""
    {landings.CHECKED} {_TAKEN} {landings.land('$asked.landings')}
    {transaction.LAST_SEAL}
    RETURN {landings.landed('$asked.landings')}"""
_LANDED = "UNWIND $ids AS id MATCH (i:Instance {id: id}) RETURN properties(i)"


def grant(store: connection.Store, wanted: Sequence[jobs.Job], end: float
          ) -> list[jobs.Result] | None:
    """Do jobs, all of them or none; return the result of each, or None if
    there is something to decide.

    :raises Aborted: nothing was done.
    :raises OutcomeUnknown:
    """
    asked = _Asked()
    if not all(asked.add(job) for job in wanted):
        return None
    landing = [job.landing for job in wanted if job.landing is not None]
    rows = asked.rows()
    if landing:
        rows["landings"] = landings.params(landing)
    found = store.write_at_once(end, _GRANT_LANDINGS if landing else _GRANT,
                                rows)
    if found == []:
        return None
    if found is None:                   # it happened; its answer was lost
        ids = [one.id for one in landing]
        found = [[[row[0] for row in store.ask(_LANDED, ids=ids)]
                  if ids else []]]
    landed = landings.by_id(found[0][0])
    return [job.result(landed) for job in wanted]


class _Asked:
    """What some jobs ask for together."""

    def __init__(self) -> None:
        self._new: list[list[Any]] = []
        self._types: set[str] = set()
        self._amounts: dict[tuple[str, str], list[int]] = (
            collections.defaultdict(list))
        self._raised: collections.Counter[str] = collections.Counter()
        self._compared: dict[str, int] = {}

    def add(self, job: jobs.Job) -> bool:
        """Return whether a job can be granted after those before it, for all
        that is known of it here."""
        if job.landing is not None and job.landing.attempt <= 0:
            return False
        raised: set[str] = set()
        for claim in job.claims:
            if not (_is_new(job, claim) and self._compare(claim)):
                return False
            self._add_claim(claim)
            raised.update(claim.allocations)
        self._raised.update(raised)
        return len(self._new) == len({row[0] for row in self._new})

    def rows(self) -> dict[str, Any]:
        """Return all of it as the statement takes it: in one parameter, since
        a plan is for lists of about one length, but for any map."""
        return {
            "providers": sorted(self._raised.keys() | self._compared.keys()),
            "parts": [[*key, sum(amounts), sorted(set(amounts))]
                      for key, amounts in sorted(self._amounts.items())],
            "compared": [list(row) for row in self._compared.items()],
            "types": sorted(self._types),
            "new": sorted(self._new),
            "raised": [list(row) for row in sorted(self._raised.items())]}

    def _add_claim(self, claim: models.Claim) -> None:
        kind = claim.consumer_type or models.UNKNOWN_TYPE
        parts = [(uuid, name, amount)
                 for uuid, resources in claim.allocations.items()
                 for name, amount in resources.items()]
        self._new.append([claim.consumer_uuid, kind, claim.project_id,
                          claim.user_id, [list(part) for part in parts]])
        self._types.add(kind)
        for uuid, name, amount in parts:
            self._amounts[uuid, name].append(amount)

    def _compare(self, claim: models.Claim) -> bool:
        """Note which generations there must be for those that a claim was
        decided on, after what the jobs before it raise."""
        for uuid, generation in claim.provider_generations.items():
            before = generation - self._raised[uuid]
            if self._compared.setdefault(uuid, before) != before:
                return False
        return True


def _is_new(job: jobs.Job, claim: models.Claim) -> bool:
    """Return whether a claim makes a consumer, and has it take something of
    each provider that it names."""
    if claim.consumer_generation is not None and (
            job.compare and claim.compared):
        return False
    return bool(claim.allocations) and all(
        resources and all(resources.values())
        for resources in claim.allocations.values())
