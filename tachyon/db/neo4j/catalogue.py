"""What traits and resource classes have in common: named, listed, stamped.

Custom ones can be deleted and renamed. Who does so holds the number's lock
while he looks who uses the name, and so does who begins to use it while he
looks whether it is there. The name itself is never locked: thousands of
providers may have to do with it at once.
"""

import dataclasses
from collections.abc import Collection
from typing import Any

from tachyon import exception
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction


@dataclasses.dataclass(frozen=True, slots=True)
class Catalogue:
    """The statements of one catalogue."""

    name: str                           # as ``Transaction.stamp`` knows it
    list: str
    find: str
    create: str
    known: str                          # which names there are: standard?
    used: str                           # is a name in use?
    delete: str


def make(name: str, label: str, order: str, extra: str,
         in_use: str) -> Catalogue:
    """Return the statements of a catalogue.

    ``order`` is how it is listed, ``extra`` are properties of a new entry,
    ``in_use`` is a pattern that finds what uses the entry ``e``.
    """
    return Catalogue(
        name=name,
        list=f"MATCH (e:{label}) WHERE e.name IS NOT NULL "
             f"RETURN e.name, e.standard, e.created_at ORDER BY {order}",
        find=f"MATCH (e:{label} {{name: $name}}) "
             "RETURN e.name, e.standard, e.created_at",
        create=f"CREATE (e:{label} {{name: $name, standard: false, "
               f"created_at: {rows.NOW}{extra}}}) "
               "RETURN e.name, e.standard, e.created_at",
        known=f"UNWIND $names AS name MATCH (e:{label} {{name: name}}) "
              "RETURN e.name, e.standard",
        used=f"MATCH (e:{label} {{name: $name}}) "
             f"RETURN e.standard, EXISTS {{ {in_use} }}",
        delete=f"MATCH (e:{label} {{name: $name}}) DELETE e")


TRAITS = make("traits", "Trait", "e.name", "",
              "(e)<-[:HAS_TRAIT]-()")
RESOURCE_CLASSES = make(
    "resource_classes", "ResourceClass",
    "e.standard DESC, e.position, e.name", f", position: {rows.NOW}",
    "MATCH (i:Inventory {resource_class: e.name})")


def load(txn: transaction.Transaction,
         catalogue: Catalogue) -> tuple[models.CatalogueEntry, ...]:
    """Return the whole catalogue."""
    return tuple(entry(*row) for row in txn.all(catalogue.list))


def known(txn: transaction.Transaction, catalogue: Catalogue,
          names: Collection[str]) -> set[str]:
    """Return which of these names there are. They stay until the end of the
    transaction."""
    found = dict(txn.all(catalogue.known, names=sorted(names)))
    if not all(found.values()):         # custom ones may be about to go
        txn.lock_number()
        found = dict(txn.all(catalogue.known, names=sorted(names)))
    return set(found)


def ensure(txn: transaction.Transaction, catalogue: Catalogue,
           name: str) -> tuple[models.CatalogueEntry, bool]:
    """Return an entry, and whether it had to be made."""
    found = txn.one(catalogue.find, name=name)
    if found is not None:
        return entry(*found), False
    made = txn.write(catalogue.create, name=name)
    txn.stamp(catalogue.name)
    return entry(*made[0]), True


def drop(txn: transaction.Transaction, catalogue: Catalogue, name: str, *,
         unknown: exception.TachyonException,
         standard: exception.TachyonException,
         in_use: exception.TachyonException) -> None:
    """Delete an entry, or raise what is wrong with that."""
    txn.lock_number()
    found = txn.one(catalogue.used, name=name)
    if found is None:
        raise unknown
    if found[0]:
        raise standard
    if found[1]:
        raise in_use
    txn.write(catalogue.delete, name=name)
    txn.stamp(catalogue.name)


def entry(name: str, standard: bool, created_at: int,
          *_others: Any) -> models.CatalogueEntry:
    made = stored.to_time(created_at)
    return models.CatalogueEntry(name=name, standard=standard,
                                 created_at=made, updated_at=made)
