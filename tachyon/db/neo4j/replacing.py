"""Replacing: all inventories, traits or aggregates that a provider has.

Most of the time nothing is in the way of that. One statement locks the
provider, looks whether all is as its caller believes, and writes, in one
round trip; or it does nothing at all. What there is to refuse, or to repeat,
is for a transaction at length.

The statement writes after it has taken the number's lock, which is its last.
Edges to one trait or aggregate are made by nobody else meanwhile, and none of
the names that it looked for can go (see ``catalogue``). So those who give
hundreds of providers the same trait wait for the number, and for nothing else.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tachyon import grouping
from tachyon.db import models
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import transaction

FIND = "MATCH (p:ResourceProvider {uuid: $asked.uuid})"


def at_once(fits: str, known: str, write: str) -> str:
    """Return the statement that is a transaction by itself.

    ``fits`` is the condition on the provider ``p``, and ``known`` the one on
    names; ``write`` is what is done if both hold. Its parameter ``$asked`` is
    a map with the ``uuid``, the ``generation`` there must be, None for any,
    and whatever the parts need.
    """
    return f"""
    {FIND} SET p.locked = true
    WITH p WHERE coalesce(p.generation = $asked.generation, true) AND {fits}
    {transaction.FIT_STORE}
    {transaction.LOCK_NUMBER}
    WITH p, s WHERE {known}
    {write}
    {transaction.SEAL_PROVIDER}
    RETURN {providers.COLUMNS}"""


def at_length(write: str) -> str:
    """Return the statement that writes, within a transaction that knows that
    it may."""
    return f"{FIND} {write} WITH p RETURN {providers.COLUMNS}"


def replace(store: connection.Store, statement: str, asked: Mapping[str, Any],
            decide: Callable[[transaction.Transaction], models.Provider]
            ) -> models.Provider:
    """Replace at once what can be, and have the rest decided; return the
    provider as it is then.

    :raises DriverUnavailable:
    :raises OutcomeUnknown:
    :raises: what ``decide`` does.
    """
    end = store.end()
    try:
        found = store.write_at_once(end, statement, asked)
    except grouping.Aborted:
        found = []
    if found is None:                   # it happened; its answer was lost
        return store.look(providers.get, asked["uuid"])
    if found:
        return providers.provider(found[0])
    return store.write_by(end, decide)
