"""Companions: what is decided on where others of a group are.

Who claims for a member holds the group until its transaction ends, and reads
then where the others are: whoever was faster is seen. What is held is the name
of a node that is made and deleted at once, so that nothing is left of it: the
server keeps the lock of the name, the first that a transaction takes. It is a
``Write`` because these have unique names in every schema that there is.
"""

from collections.abc import Iterable

from tachyon.db import models
from tachyon.db.common import companions
from tachyon.db.neo4j import transaction

_HOLD = """
    CALL () {
        UNWIND $groups AS uuid
        MERGE (w:Write {id: 'group ' + uuid}) DELETE w
        RETURN count(*) AS held }
    UNWIND $members AS uuid
    MATCH (c:Consumer {uuid: uuid})-[:CONSUMES]->(i:Inventory)
    RETURN c.uuid, collect(DISTINCT i.provider_uuid)"""


def hold(txn: transaction.Transaction,
         wanted: Iterable[models.Companions]) -> companions.Places:
    """Hold groups; return where their members are."""
    wanted = list(wanted)
    if not wanted:
        return {}
    return {uuid: frozenset(providers) for uuid, providers in txn.all(
        _HOLD, groups=sorted({each.group_uuid for each in wanted}),
        members=sorted(set().union(*(each.uuids for each in wanted))))}
