"""Releases: consumers that give back all they have.

There is nothing to refuse, so one statement does it, in one round trip. If it
did nothing, the consumer is not there, or somebody is in the way: a
transaction at length finds out.
"""

from tachyon import grouping
from tachyon.db.neo4j import claims
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import holdings
from tachyon.db.neo4j import transaction

_RELEASE = f"""
    {holdings.LOCKED} {transaction.FIT_STORE}
    {holdings.release('$asked.dropped')} {holdings.drop('$asked.dropped')}
    {transaction.LAST_SEAL_OF_TOUCHED} RETURN []"""


def release(store: connection.Store, consumer_uuid: str) -> bool:
    """Take everything from a consumer; return whether there was one.

    :raises DriverUnavailable:
    :raises OutcomeUnknown:
    """
    end = store.end()
    try:
        found = store.write_at_once(end, _RELEASE, {
            "held": [[consumer_uuid, None]], "dropped": [consumer_uuid],
            "providers": [], "raised": []})
    except grouping.Aborted:
        found = []
    # None: it happened, and its answer was lost.
    return (found is None or bool(found)
            or store.write_by(end, lambda txn: claims.release(
                txn, consumer_uuid)))
