"""Resource claims: how allocations change, inside a transaction.

Both allocations and instances end here, so there is one place that decides
whether something fits, and that keeps ``used`` of an inventory the sum of
what is allocated from it. One statement locks the consumers, and the
providers that they have or want something of, and reads them; the deciding is
done here, claim after claim; another statement writes, together with the
transaction's seal. Who decides for several callers takes for each what was
decided, before the next (see ``claiming``).
"""

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import models
from tachyon.db.neo4j import holdings
from tachyon.db.neo4j import transaction

_Key = tuple[str, str]                  # provider, resource class

# What a consumer has is known once it is locked, and so is what to lock next.
_LOCK = """
    CALL () {
        UNWIND $consumers AS uuid
        MATCH (c:Consumer {uuid: uuid}) SET c.locked = true
        RETURN collect(c) AS consumers }
    CALL (consumers) {
        UNWIND consumers AS c
        MATCH (c)-[:CONSUMES]->(i:Inventory)
        RETURN collect(DISTINCT i.provider_uuid) AS had }
    CALL (had) {
        UNWIND had + $named AS uuid
        WITH DISTINCT uuid ORDER BY uuid
        MATCH (p:ResourceProvider {uuid: uuid}) SET p.locked = true
        RETURN collect(p) AS providers }
    RETURN
        [c IN consumers | [c.uuid, c.generation, [
            (c)-[r:CONSUMES]->(i:Inventory) |
            [i.provider_uuid, i.resource_class, r.used]]]],
        [p IN providers | [p.uuid, p.generation, [
            (p)-[:HAS_INVENTORY]->(i:Inventory) |
            [i.resource_class, i.total, i.reserved, i.min_unit, i.max_unit,
             i.step_size, i.allocation_ratio, i.used]]]],
        COLLECT { UNWIND $types AS name
                  MATCH (t:ConsumerType {name: name}) RETURN t.name }"""
UNKNOWN_CLASSES = """
    UNWIND $names AS name
    OPTIONAL MATCH (c:ResourceClass {name: name})
    WITH name, c WHERE c IS NULL
    RETURN name ORDER BY name"""
# The parts of a write: each has its rows, and stands there if it has any.
_TYPES = """
    CALL () { UNWIND $types AS name CREATE (:ConsumerType {name: name}) }"""
# What a reshape takes away once nothing is allocated of it any more.
_EMPTY = """
    CALL () {
        UNWIND $going AS part
        MATCH (i:Inventory {provider_uuid: part[0], resource_class: part[1]})
        DETACH DELETE i }"""
_PARTS = (("types", _TYPES), ("released", holdings.release("$released")),
          ("dropped", holdings.drop("$dropped")),
          ("kept", holdings.keep("$kept")), ("new", holdings.create("$new")),
          ("going", _EMPTY))


@dataclasses.dataclass(slots=True)
class Consumer:
    """One claim and what its consumer has, if there is one."""

    claim: models.Claim
    exists: bool
    had: dict[_Key, int]
    wants: dict[_Key, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class Locked:
    """What the lock gave us to read, and nobody else to write."""

    consumers: dict[str, tuple[int, dict[_Key, int]]]
    generations: dict[str, int]         # of the providers
    inventories: dict[_Key, models.Inventory]
    types: set[str]                     # those that there are

    def take(self, consumers: Iterable[Consumer]) -> None:
        """Take over what was decided: it is what the next one is decided on.
        What the consumers have is left as it was: nobody claims for one of
        them a second time."""
        for consumer in consumers:
            for key, amount in consumer.had.items():
                self._add(key, -amount)
            for key, amount in consumer.wants.items():
                self._add(key, amount)
        for uuid in raised(consumers):
            self.generations[uuid] += 1

    def _add(self, key: _Key, amount: int) -> None:
        found = self.inventories[key]
        self.inventories[key] = dataclasses.replace(
            found, used=found.used + amount)


def release(txn: transaction.Transaction, consumer_uuid: str) -> bool:
    """Take everything from a consumer; return whether it had anything.

    The generations of providers stay, as in Placement: who decided on one has
    only more room now.
    """
    locked = lock(txn, [consumer_uuid], (), ())
    if consumer_uuid not in locked.consumers:
        return False
    _write_last(txn, released=[consumer_uuid], dropped=[consumer_uuid])
    txn.touch(uuid for uuid, _name in locked.consumers[consumer_uuid][1])
    return True


# ------------------------------------------------------------------- reading
def lock(txn: transaction.Transaction, consumers: Iterable[str],
         named: Iterable[str], types: Iterable[str]) -> Locked:
    """Lock consumers, and the providers that are named or that they have
    something of; return all that a decision on them needs."""
    found = txn.one(_LOCK, consumers=sorted(consumers), named=sorted(named),
                    types=sorted(types))
    assert found is not None
    return Locked(
        consumers={
            uuid: (generation, {(provider, name): used
                                for provider, name, used in had})
            for uuid, generation, had in found[0]},
        generations={row[0]: row[1] for row in found[1]},
        inventories={(row[0], one[0]): models.Inventory(*one[1:])
                     for row in found[1] for one in row[2]},
        types=set(found[2]))


def lock_claims(txn: transaction.Transaction,
                claims: Sequence[models.Claim],
                others: Iterable[str] = ()) -> Locked:
    """Lock all that claims are about, and other providers."""
    return lock(txn, {claim.consumer_uuid for claim in claims},
                _named(claims) | set(others),
                {claim.consumer_type or models.UNKNOWN_TYPE
                 for claim in claims})


def _named(claims: Iterable[models.Claim]) -> set[str]:
    """Return the providers that are claimed from, or compared."""
    return {uuid for claim in claims
            for uuid in (*claim.allocations, *claim.provider_generations)}


def _check_named_once(claims: Iterable[models.Claim]) -> None:
    seen: set[str] = set()
    for claim in claims:
        uuid = claim.consumer_uuid
        if uuid in seen:                # the first claim makes it stale
            raise exception.ConcurrentUpdate(what=f"Consumer {uuid}")
        seen.add(uuid)


def _find_consumer(locked: Locked, claim: models.Claim,
                   compare: bool) -> Consumer:
    generation, had = locked.consumers.get(claim.consumer_uuid, (None, {}))
    if (compare and claim.compared
            and generation != claim.consumer_generation):
        raise exception.ConcurrentUpdate(
            what=f"Consumer {claim.consumer_uuid}")
    return Consumer(claim, generation is not None, had)


def _check_providers(locked: Locked, claims: Iterable[models.Claim]) -> None:
    found = locked.generations
    named = {uuid for claim in claims for uuid in claim.allocations}
    for uuid in sorted(named - found.keys()):
        raise exception.ResourceProviderNotFound(uuid=uuid)
    for claim in claims:
        for uuid, generation in claim.provider_generations.items():
            if found.get(uuid) != generation:
                raise exception.ConcurrentUpdate(
                    what=f"Resource provider {uuid}")


# ------------------------------------------------------------------- deciding
def decide(txn: transaction.Transaction, locked: Locked,
           claims: Sequence[models.Claim], *, compare: bool = True
           ) -> list[Consumer]:
    """Return what to write for these claims, or raise why it can't be.

    Without ``compare`` the consumers' generations are not compared.
    """
    _check_named_once(claims)
    consumers = [_find_consumer(locked, claim, compare) for claim in claims]
    _check_providers(locked, claims)
    _check(txn, locked, consumers)
    return consumers


def _check(txn: transaction.Transaction, locked: Locked,
           consumers: Sequence[Consumer]) -> None:
    """Fill in what each consumer wants, and see that all of it fits.

    As in Placement: what all of them had is free first, so that two can
    swap; more than the capacity passes if it is no more than there was.
    """
    _check_classes(txn, locked, consumers)
    freed: dict[_Key, int] = defaultdict(int)
    wanted: dict[_Key, int] = defaultdict(int)
    for consumer in consumers:
        for key, amount in consumer.had.items():
            freed[key] += amount
        for key, amount in _parts(consumer):
            if key not in locked.inventories:
                raise exception.InvalidInventory(resource_class=key[1],
                                                 uuid=key[0])
            if amount:
                consumer.wants[key] = amount
                wanted[key] += amount
    for consumer in consumers:
        for key, amount in consumer.wants.items():
            _check_one(locked.inventories[key], amount, wanted[key],
                       freed[key], key)


def _parts(consumer: Consumer) -> Iterable[tuple[_Key, int]]:
    for uuid, resources in consumer.claim.allocations.items():
        for name, amount in resources.items():
            yield (uuid, name), amount


def _check_classes(txn: transaction.Transaction, locked: Locked,
                   consumers: Iterable[Consumer]) -> None:
    """A class that a provider has an inventory of exists; so it is only
    looked up where there is none."""
    present = {name for _uuid, name in locked.inventories}
    others = {name for consumer in consumers
              for (_uuid, name), _amount in _parts(consumer)} - present
    if others:
        unknown = txn.one(UNKNOWN_CLASSES, names=sorted(others))
        if unknown is not None:
            raise exception.ResourceClassNotFound(resource_class=unknown[0])


def _check_one(inventory: models.Inventory, amount: int, wanted: int,
               freed: int, key: _Key) -> None:
    if (amount < inventory.min_unit or amount > inventory.max_unit
            or amount % inventory.step_size):
        raise exception.AllocationConstraintsViolated(
            resource_class=key[1], uuid=key[0])
    after = inventory.used - freed + wanted
    if after > inventory.capacity and after > inventory.used:
        raise exception.CapacityExceeded(resource_class=key[1], uuid=key[0])


# -------------------------------------------------------------------- writing
def raised(consumers: Iterable[Consumer]) -> set[str]:
    """Return the providers whose generation is raised by what one caller
    claims for these: those that he names, or that an empty claim leaves."""
    return {uuid for consumer in consumers
            for uuid, _name in consumer.wants or consumer.had}


def write(txn: transaction.Transaction, locked: Locked,
          decided: Sequence[Sequence[Consumer]],
          going: Sequence[_Key] = ()) -> None:
    """Write what was decided, caller by caller, with the seal; and in the end
    delete these inventories."""
    for consumers in decided:
        txn.touch(uuid for consumer in consumers
                  for uuid, _name in consumer.had)
        txn.touch_and_raise(raised(consumers))
    dropped: list[str] = []
    kept: list[list[Any]] = []
    new: list[list[Any]] = []
    types: set[str] = set()
    for consumer in itertools.chain.from_iterable(decided):
        if consumer.wants:
            (kept if consumer.exists else new).append(_row(consumer))
            types.update(_type(consumer))
        elif consumer.exists:
            dropped.append(consumer.claim.consumer_uuid)
    if not (dropped or kept or new or going):
        return
    types -= locked.types
    if types:
        txn.stamp("consumer_types")
    _write_last(txn, types=sorted(types),
                released=[*dropped, *(row[0] for row in kept)],
                dropped=dropped, kept=kept, new=new,
                going=[list(key) for key in going])


def _write_last(txn: transaction.Transaction, **lists: Sequence[Any]) -> None:
    txn.write_last(
        "".join(part for name, part in _PARTS if lists.get(name)),
        **{name: values for name, values in lists.items() if values})


def _type(consumer: Consumer) -> tuple[str, ...]:
    """Return the type to be set, if any."""
    name = consumer.claim.consumer_type
    if name is None and not consumer.exists:
        name = models.UNKNOWN_TYPE
    return () if name is None else (name,)


def _row(consumer: Consumer) -> list[Any]:
    claim = consumer.claim
    return [claim.consumer_uuid, *(_type(consumer) or (None,)),
            claim.project_id, claim.user_id,
            [[uuid, name, amount]
             for (uuid, name), amount in consumer.wants.items()]]
