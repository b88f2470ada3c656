"""Landings: instances that are on a host from now on, with what they claim.

An instance is locked before what it claims; whoever holds its current attempt
may land it, as long as it is being built.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import models
from tachyon.db.neo4j import decisions
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction

_LOCK = """
    UNWIND $ids AS id
    MATCH (i:Instance {id: id}) SET i.locked = true
    WITH i
    RETURN i.id, i.status, [(i)-[:AWAITS]->(m:Message) | m.attempt]"""
# For a statement that is a transaction by itself: goes on if all may land.
CHECKED = """
    CALL () {
        UNWIND $asked.landings AS row
        MATCH (i:Instance {id: row.id}) SET i.locked = true
        WITH i, row
        WHERE i.status = 'BUILDING'
          AND EXISTS { (i)-[:AWAITS]->(:Message {attempt: row.attempt}) }
        RETURN count(*) AS building }
    WITH building WHERE building = size($asked.landings)"""


def land(wanted: str) -> str:
    """Return the part that lands the instances of these rows."""
    return f"""
    CALL () {{
        UNWIND {wanted} AS row
        MATCH (i:Instance {{id: row.id}})
        SET i.host = row.host, i.provider_uuid = row.provider_uuid,
            i.generation = i.generation + 1, i.updated_at = {rows.NOW}
        WITH row.decision AS decision
        {decisions.PUT} }}"""


def landed(wanted: str) -> str:
    """Return the properties of these instances, as an expression."""
    return f"""
    COLLECT {{ UNWIND {wanted} AS row
              MATCH (i:Instance {{id: row.id}}) RETURN properties(i) }}"""


_LAND = f"{land('$landings')} RETURN {landed('$landings')}"


@dataclasses.dataclass(frozen=True, slots=True)
class Landing:
    """One instance, and where it is from now on."""

    id: str
    attempt: int
    host: str
    provider_uuid: str
    decision: models.Decision

    def fenced(self) -> exception.Fenced:
        """Return what says that it may not land any more."""
        return exception.Fenced(id=self.id, attempt=self.attempt)


def lock(txn: transaction.Transaction, landings: Sequence[Landing]
         ) -> set[tuple[str, int]]:
    """Lock the instances; return which attempts of which may land."""
    if not landings:
        return set()
    ids = sorted(landing.id for landing in landings)
    return {(id, attempt) for id, status, attempts in txn.all(_LOCK, ids=ids)
            for attempt in attempts if status == "BUILDING" and attempt > 0}


def write(txn: transaction.Transaction, landings: Sequence[Landing]
          ) -> dict[str, Mapping[str, Any]]:
    """Land instances; return the properties of each, by id."""
    if not landings:
        return {}
    return by_id(txn.write(_LAND, landings=params(landings))[0][0])


def params(landings: Iterable[Landing]) -> list[dict[str, Any]]:
    """Return landings as statements take them, in the order of locks."""
    return [{"id": landing.id, "attempt": landing.attempt,
             "host": landing.host, "provider_uuid": landing.provider_uuid,
             "decision": decisions.params(landing.decision)}
            for landing in sorted(landings, key=lambda one: one.id)]


def by_id(found: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the properties of instances by their ids."""
    return {properties["id"]: properties for properties in found}
