"""Resource claims: how allocations change, inside a transaction.

Both allocations and instances end here, so there is one place that decides
whether something fits, and that keeps ``used`` of an inventory the sum of
what is allocated from it. Only one writer runs at a time, so what is read in
the transaction still holds when it is written.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tachyon import exception
from tachyon.db import models
from tachyon.db.sqlite import catalogue
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import providers
from tachyon.db.sqlite import resource_classes
from tachyon.db.sqlite import rows

_Key = tuple[int, int]                  # provider row, resource class row


@dataclasses.dataclass(slots=True)
class _Consumer:
    """One claim and who makes it: ``id`` is None as long as it is new."""

    claim: models.Claim
    id: int | None
    had: dict[_Key, int]
    wants: dict[_Key, int] = dataclasses.field(default_factory=dict)


def apply(txn: connection.Transaction, claims: Sequence[models.Claim], *,
          compare: bool = True) -> None:
    """Do what ``AllocationsController.replace`` promises.

    Without ``compare`` the consumers' generations are not compared.
    """
    consumers: dict[str, _Consumer] = {}
    for claim in claims:
        uuid = claim.consumer_uuid
        if uuid in consumers:           # the first claim makes it stale
            raise exception.ConcurrentUpdate(what=f"Consumer {uuid}")
        consumers[uuid] = _find_consumer(txn, claim, compare)
    _apply(txn, list(consumers.values()), _find_providers(txn, claims))


def _apply(txn: connection.Transaction, consumers: Sequence[_Consumer],
           known: Mapping[str, int]) -> None:
    _check(txn, consumers, known)
    for consumer in consumers:
        _write_consumer(txn, consumer)
    _write_used(txn, consumers)
    _touch(txn, consumers)


def release(txn: connection.Transaction, consumer_uuid: str) -> bool:
    """Take everything from a consumer; return whether it had anything.

    The generations of providers stay, as in Placement: who decided on one has
    only more room now.
    """
    row = txn.one("SELECT id FROM consumers WHERE uuid = ?", (consumer_uuid,))
    if row is None:
        return False
    had = _had(txn, row[0])
    txn.run("DELETE FROM allocations WHERE consumer_id = ?", row)
    txn.run("DELETE FROM consumers WHERE id = ?", row)
    add_used(txn, {key: -amount for key, amount in had.items()})
    providers.touch(txn, {id for id, _class_id in had}, generation=False)
    return True


# ------------------------------------------------------------------- reading
def _find_consumer(txn: connection.Transaction, claim: models.Claim,
                   compare: bool) -> _Consumer:
    row = txn.one("SELECT id, generation FROM consumers WHERE uuid = ?",
                  (claim.consumer_uuid,))
    id, generation = row or (None, None)
    if (compare and claim.compared
            and generation != claim.consumer_generation):
        raise exception.ConcurrentUpdate(
            what=f"Consumer {claim.consumer_uuid}")
    return _Consumer(claim, id, {} if id is None else _had(txn, id))


def _had(txn: connection.Transaction, consumer_id: int) -> dict[_Key, int]:
    return {(provider_id, class_id): used
            for provider_id, class_id, used in txn.all(
                "SELECT provider_id, class_id, used FROM allocations "
                "WHERE consumer_id = ?", (consumer_id,))}


def _find_providers(txn: connection.Transaction,
                    claims: Iterable[models.Claim]) -> dict[str, int]:
    """Return the row of each provider named, with its generation compared."""
    named = {uuid for claim in claims for uuid in claim.allocations}
    compared = {uuid for claim in claims
                for uuid in claim.provider_generations}
    found = {uuid: (id, generation) for uuid, id, generation in txn.all(
        "SELECT uuid, id, generation FROM providers "
        "WHERE uuid IN (SELECT value FROM json_each(?))",
        (rows.array(named | compared),))}
    for uuid in sorted(named - found.keys()):
        raise exception.ResourceProviderNotFound(uuid=uuid)
    for claim in claims:
        for uuid, generation in claim.provider_generations.items():
            if uuid not in found or found[uuid][1] != generation:
                raise exception.ConcurrentUpdate(
                    what=f"Resource provider {uuid}")
    return {uuid: id for uuid, (id, _generation) in found.items()}


# ------------------------------------------------------------------- deciding
def _check(txn: connection.Transaction, consumers: Sequence[_Consumer],
           known: Mapping[str, int]) -> None:
    """Fill in what each consumer wants, and see that all of it fits.

    As in Placement: what all of them had is free first, so that two can
    swap; more than the capacity passes if it is no more than there was.
    """
    inventories, classes = _inventories(txn, consumers, known)
    freed: dict[_Key, int] = defaultdict(int)
    wanted: dict[_Key, int] = defaultdict(int)
    for consumer in consumers:
        for key, amount in consumer.had.items():
            freed[key] += amount
        for uuid, resources in consumer.claim.allocations.items():
            for name, amount in resources.items():
                key = known[uuid], classes.get(name, 0)
                if key not in inventories:
                    raise exception.InvalidInventory(resource_class=name,
                                                     uuid=uuid)
                if amount:
                    consumer.wants[key] = amount
                    wanted[key] += amount
    for consumer in consumers:
        for uuid, resources in consumer.claim.allocations.items():
            for name, amount in resources.items():
                if amount:
                    key = known[uuid], classes[name]
                    _check_one(inventories[key], amount,
                               wanted[key], freed[key], name, uuid)


def _inventories(txn: connection.Transaction, consumers: Sequence[_Consumer],
                 known: Mapping[str, int]
                 ) -> tuple[dict[_Key, models.Inventory], dict[str, int]]:
    """Return the inventories of the providers, and the row of each class."""
    inventories: dict[_Key, models.Inventory] = {}
    classes: dict[str, int] = {}
    for provider_id, class_id, name, *numbers in txn.all(
            "SELECT i.provider_id, i.class_id, c.name, i.total, i.reserved, "
            "i.min_unit, i.max_unit, i.step_size, i.allocation_ratio, i.used "
            "FROM json_each(?) id CROSS JOIN inventories i "
            "ON i.provider_id = id.value "
            "CROSS JOIN resource_classes c ON c.id = i.class_id",
            (rows.array(known.values()),)):
        inventories[provider_id, class_id] = models.Inventory(*numbers)
        classes[name] = class_id
    asked = frozenset(name for consumer in consumers
                      for resources in consumer.claim.allocations.values()
                      for name in resources)
    others = asked - classes.keys()
    if others:
        unknown = others - catalogue.ids(txn, resource_classes.TABLE,
                                         others).keys()
        if unknown:
            raise exception.ResourceClassNotFound(
                resource_class=min(unknown))
    return inventories, classes


def _check_one(inventory: models.Inventory, amount: int, wanted: int,
               freed: int, name: str, uuid: str) -> None:
    if (amount < inventory.min_unit or amount > inventory.max_unit
            or amount % inventory.step_size):
        raise exception.AllocationConstraintsViolated(
            resource_class=name, uuid=uuid)
    after = inventory.used - freed + wanted
    if after > inventory.capacity and after > inventory.used:
        raise exception.CapacityExceeded(resource_class=name, uuid=uuid)


# -------------------------------------------------------------------- writing
def _write_consumer(txn: connection.Transaction, consumer: _Consumer) -> None:
    claim = consumer.claim
    if consumer.had:
        txn.run("DELETE FROM allocations WHERE consumer_id = ?",
                (consumer.id,))
    if not consumer.wants:
        if consumer.id is not None:
            txn.run("DELETE FROM consumers WHERE id = ?", (consumer.id,))
        return
    name = claim.consumer_type
    if name is None and consumer.id is None:
        name = models.UNKNOWN_TYPE
    columns = (None if name is None else type_id(txn, name),
               claim.project_id, claim.user_id, txn.now)
    if consumer.id is None:
        consumer.id, = txn.one(
            "INSERT INTO consumers (uuid, generation, type_id, project_id, "
            "user_id, updated_at, created_at) VALUES (?, 1, ?, ?, ?, ?, ?) "
            "RETURNING id", (claim.consumer_uuid, *columns, txn.now))
    else:
        txn.run("UPDATE consumers SET generation = generation + 1, "
                "type_id = coalesce(?, type_id), project_id = ?, "
                "user_id = ?, updated_at = ? WHERE id = ?",
                (*columns, consumer.id))
    txn.many("INSERT INTO allocations (consumer_id, provider_id, class_id, "
             "used) VALUES (?, ?, ?, ?)",
             [(consumer.id, *key, amount)
              for key, amount in consumer.wants.items()])


def type_id(txn: connection.Transaction, name: str) -> int:
    """Return the row of a consumer type, which is made where it has to."""
    row: tuple[int] | None = txn.one(
        "SELECT id FROM consumer_types WHERE name = ?", (name,))
    if row is None:
        row = txn.one("INSERT INTO consumer_types (name) VALUES (?) "
                      "RETURNING id", (name,))
        catalogue.stamp(txn, "consumer_types")
    assert row is not None
    return row[0]


def _write_used(txn: connection.Transaction, consumers: Iterable[_Consumer]
                ) -> None:
    delta: dict[_Key, int] = defaultdict(int)
    for consumer in consumers:
        for key, amount in consumer.had.items():
            delta[key] -= amount
        for key, amount in consumer.wants.items():
            delta[key] += amount
    add_used(txn, delta)


def add_used(txn: connection.Transaction, delta: Mapping[_Key, int]) -> None:
    """Add to what inventories have used."""
    txn.many("UPDATE inventories SET used = used + ? "
             "WHERE provider_id = ? AND class_id = ?",
             [(amount, *key) for key, amount in delta.items() if amount])


def _touch(txn: connection.Transaction, consumers: Iterable[_Consumer]
           ) -> None:
    """Raise the generation of the providers that the claims name, or that an
    empty one leaves; only stamp those that are let go besides."""
    named = {id for consumer in consumers
             for id, _class_id in consumer.wants or consumer.had}
    let_go = {id for consumer in consumers
              for id, _class_id in consumer.had} - named
    providers.touch(txn, sorted(named), generation=True)
    providers.touch(txn, sorted(let_go), generation=False)
