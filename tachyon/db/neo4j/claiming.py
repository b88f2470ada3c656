"""Claiming: what several callers want at once, as one transaction.

There are three ways, each of which gives every caller what he would have got
alone, in some order:

- What wants nothing that could be refused is granted by one statement, in one
  round trip (see ``grants``).
- If there is something to decide, one transaction locks and reads what all
  are about, decides in this process, one job after the other, each on what
  those before it leave, and writes what was decided.
- If that breaks off, each is done by itself, and again, as any write.

Two jobs of one consumer are never in one group.
"""

import dataclasses
import time
from collections.abc import Iterable, Sequence

from tachyon import exception
from tachyon import grouping
from tachyon.db.common import companions as common_companions
from tachyon.db.neo4j import claims as resource_claims
from tachyon.db.neo4j import companions
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import decisions
from tachyon.db.neo4j import grants
from tachyon.db.neo4j import jobs
from tachyon.db.neo4j import landings
from tachyon.db.neo4j import transaction


class Claiming:
    """Where the claims of a process meet."""

    def __init__(self, store: connection.Store):
        self._store = store
        self._group: grouping.GroupCommit[_Call, jobs.Result] = (
            grouping.GroupCommit(self._together, self._alone,
                                 lambda call: call.job.names))

    def do(self, job: jobs.Job) -> jobs.Result:
        """Do a job: all of it, or raise why not.

        :raises Fenced: the instance may not land any more.
        :raises: whatever ``AllocationsController.replace`` does.
        """
        return self._group.do(_Call(job, self._store.end()))

    def _together(self, calls: Sequence["_Call"]
                  ) -> Sequence[jobs.Result | Exception]:
        wanted = [call.job for call in calls]
        # What is left then is for each by himself.
        now = time.monotonic()
        end = now + (min(call.end for call in calls) - now) / 2
        try:
            granted = grants.grant(self._store, wanted, end)
            if granted is not None:
                return granted
            return self._store.write_once(
                end, lambda txn: decide(txn, wanted))
        except exception.OutcomeUnknown as exc:
            return [exception.OutcomeUnknown(what="a claim",
                                             reason=str(exc.reason))
                    for _ in calls]

    def _alone(self, call: "_Call") -> jobs.Result:
        return self._store.write_by(
            call.end, lambda txn: do_one(txn, call.job))


@dataclasses.dataclass(frozen=True, slots=True)
class _Call:
    job: jobs.Job
    end: float                          # when it has to be over


def do_one(txn: transaction.Transaction, job: jobs.Job) -> jobs.Result:
    """Do one job in a transaction."""
    result, = decide(txn, [job])
    if isinstance(result, Exception):
        raise result
    return result


def decide(txn: transaction.Transaction, wanted: Sequence[jobs.Job]
           ) -> list[jobs.Result | Exception]:
    """Do jobs in a transaction, as far as each can be done; return the result
    of each, or why it can't be."""
    places = companions.hold(txn, [job.companions for job in wanted
                                   if job.companions is not None])
    may_land = landings.lock(txn, _landings(wanted))
    locked = resource_claims.lock_claims(
        txn, [claim for job in wanted for claim in job.claims])
    refused: dict[int, Exception] = {}
    decided: list[list[resource_claims.Consumer]] = []
    for number, job in enumerate(wanted):
        try:
            _check_landing(job, may_land)
            if job.companions is not None:
                common_companions.check(job.companions, places)
            consumers = resource_claims.decide(txn, locked, job.claims,
                                               compare=job.compare)
        except exception.TachyonException as exc:
            refused[number] = exc
        else:
            locked.take(consumers)
            decided.append(consumers)
    granted = [job for number, job in enumerate(wanted)
               if number not in refused]
    landed = landings.write(txn, _landings(granted))
    for job in granted:
        for decision in job.decisions:
            decisions.put(txn, decision)
    resource_claims.write(txn, locked, decided)
    return [refused.get(number) or job.result(landed)
            for number, job in enumerate(wanted)]


def _landings(wanted: Iterable[jobs.Job]) -> list[landings.Landing]:
    return [job.landing for job in wanted if job.landing is not None]


def _check_landing(job: jobs.Job, may_land: set[tuple[str, int]]) -> None:
    landing = job.landing
    if landing and (landing.id, landing.attempt) not in may_land:
        raise landing.fenced()
