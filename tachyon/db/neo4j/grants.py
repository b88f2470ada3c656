"""Grants: claims that nothing is in the way of, in one round trip.

Most claims are for what is there. One statement locks the providers, looks
whether all that is asked fits together, and takes it, or does nothing at all.
What fits together fits in any order, so nobody gets anything that he would not
have got alone; whatever else there is to decide, or to refuse, is for
``claiming`` to do at length.

The locks come first, and in the usual order: a statement that reads before
sells more than there is. New consumers are made, not locked: one that somebody
else makes meanwhile breaks it off. Those that have something are locked, and
what they ask for must fit beside what they have, as if they kept it.
"""

import collections
from collections.abc import Sequence
from typing import Any

from tachyon.db import models
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import decisions
from tachyon.db.neo4j import holdings
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
    {holdings.create('$asked.new')}"""
_TAKEN_BY_ALL = f"""
    {holdings.LOCKED} {_FITS} {transaction.FIT_STORE}
    {holdings.release('[row IN $asked.held | row[0]]')}
    {holdings.keep('$asked.kept')} {holdings.create('$asked.new')}"""
_DECIDED = f"""
    CALL () {{ UNWIND $asked.decisions AS decision {decisions.PUT} }}"""


def _statement(taken: str, seal: str, rows: str | None) -> str:
    if rows != "landings":
        return f"{taken} {_DECIDED if rows else ''} {seal} RETURN []"
    return f"""
    {landings.CHECKED} {taken} {landings.land('$asked.landings')} {seal}
    RETURN {landings.landed('$asked.landings')}"""


# By whether somebody has something already, and what else there is to do.
_GRANTS = {
    (has, rows): _statement(taken, seal, rows)
    for has, taken, seal in (
        (False, _TAKEN, transaction.LAST_SEAL),
        (True, _TAKEN_BY_ALL, transaction.LAST_SEAL_OF_TOUCHED))
    for rows in (None, "decisions", "landings")}
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
    kept = [decisions.params(each) for job in wanted
            for each in job.decisions]
    rows, more = asked.rows(), None
    if landing:
        if kept:                        # nobody claims both ways
            return None
        rows["landings"], more = landings.params(landing), "landings"
    elif kept:
        rows["decisions"], more = kept, "decisions"
    found = store.write_at_once(
        end, _GRANTS[bool(rows["held"]), more], rows)
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
        self._named: set[str] = set()
        self._held: list[list[Any]] = []
        self._kept: list[list[Any]] = []
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
        if job.companions is not None:  # it is to be seen where they are
            return False
        raised: set[str] = set()
        for claim in job.claims:
            if not (_takes(claim) and self._compare(claim)
                    and claim.consumer_uuid not in self._named):
                return False
            self._named.add(claim.consumer_uuid)
            self._add_claim(claim, job.compare and claim.compared
                            and claim.consumer_generation is not None)
            raised.update(claim.allocations)
        self._raised.update(raised)
        return True

    def rows(self) -> dict[str, Any]:
        """Return all of it as the statement takes it: in one parameter, since
        a plan is for lists of about one length, but for any map."""
        return {
            "providers": sorted(self._raised.keys() | self._compared.keys()),
            "parts": [[*key, sum(amounts), sorted(set(amounts))]
                      for key, amounts in sorted(self._amounts.items())],
            "compared": [list(row) for row in self._compared.items()],
            "types": sorted(self._types),
            "held": sorted(self._held),
            "kept": sorted(self._kept),
            "new": sorted(self._new),
            "raised": [list(row) for row in sorted(self._raised.items())]}

    def _add_claim(self, claim: models.Claim, exists: bool) -> None:
        kind = claim.consumer_type
        if not exists:
            kind = kind or models.UNKNOWN_TYPE
        parts = [(uuid, name, amount)
                 for uuid, resources in claim.allocations.items()
                 for name, amount in resources.items()]
        row = [claim.consumer_uuid, kind, claim.project_id, claim.user_id,
               [list(part) for part in parts]]
        (self._kept if exists else self._new).append(row)
        if exists:
            self._held.append([claim.consumer_uuid,
                               claim.consumer_generation])
        if kind is not None:
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


def _takes(claim: models.Claim) -> bool:
    """Return whether a claim takes something of each provider it names."""
    return bool(claim.allocations) and all(
        resources and all(resources.values())
        for resources in claim.allocations.values())
