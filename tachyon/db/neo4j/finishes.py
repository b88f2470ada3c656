"""Finishes: actions that came to a good end.

Whoever holds an instance's current attempt may end it; and who ended it, and
did not hear of that, may do so again.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from tachyon import exception
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction

Properties: TypeAlias = Mapping[str, Any]

# With the attempts of the messages that each waits for.
_LOCK = """
    UNWIND $asked.ids AS id
    MATCH (i:Instance {id: id}) SET i.locked = true
    WITH i
    RETURN properties(i), [(i)-[:AWAITS]->(m:Message) | m.attempt]"""
_FINISH = f"""
    UNWIND $asked.rows AS row
    MATCH (i:Instance {{id: row.id}})
    SET i += row.values, i.generation = i.generation + 1,
        i.updated_at = {rows.NOW}
    WITH i
    CALL (i) {{ MATCH (i)-[:AWAITS]->(m:Message) DETACH DELETE m }}
    RETURN properties(i)"""


@dataclasses.dataclass(frozen=True, slots=True)
class Finish:
    """How one ended. Not by a delete: that gives back what was claimed."""

    id: str
    attempt: int
    host: str
    status: str
    ip_address: str | None = None
    fault: str | None = None

    def check(self, found: Properties, attempts: Sequence[int]) -> bool:
        """Return whether it is still to be done, given the instance and the
        attempts of its messages.

        :raises Fenced:
        """
        if self.attempt <= 0:
            raise self.fenced()
        if self.attempt in attempts and found.get("host") == self.host:
            return True
        if not attempts and found.get("task") is None and (
                (found["attempt"], found.get("host"), found["status"])
                == (self.attempt, self.host, self.status)):
            # This very attempt was the last to end: ``attempt`` rises with
            # whatever is wanted next.
            return False
        raise self.fenced()

    def fenced(self) -> exception.Fenced:
        """Return what says that somebody else has this instance by now."""
        return exception.Fenced(id=self.id, attempt=self.attempt)

    def values(self, found: Properties) -> dict[str, Any]:
        """Return what changes of the instance."""
        return {"status": self.status, "task": None, "fault": self.fault,
                "ip_address": self.ip_address or found.get("ip_address")}


def finish(txn: transaction.Transaction, wanted: Sequence[Finish]
           ) -> list[Properties | Exception]:
    """End what can be ended; return the properties of each instance, or why
    it can't be. No two are of one instance."""
    ids = sorted(one.id for one in wanted)
    found = {properties["id"]: (properties, attempts) for properties, attempts
             in txn.all(_LOCK, asked={"ids": ids})}
    outcomes: dict[str, Properties | Exception] = {}
    changes = []
    for one in sorted(wanted, key=lambda each: each.id):
        try:
            if one.id not in found:
                raise one.fenced()
            properties, attempts = found[one.id]
            if one.check(properties, attempts):
                changes.append({"id": one.id,
                                "values": one.values(properties)})
            outcomes[one.id] = properties
        except exception.Fenced as exc:
            outcomes[one.id] = exc
    if changes:
        outcomes |= {properties["id"]: properties for properties, in
                     txn.write(_FINISH, asked={"rows": changes})}
    return [outcomes[one.id] for one in wanted]
