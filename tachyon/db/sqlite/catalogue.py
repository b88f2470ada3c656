"""What traits and resource classes have in common: named, listed, stamped."""

from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import rows


def load(txn: connection.Transaction, table: str,
         order: str) -> tuple[models.CatalogueEntry, ...]:
    """Return the whole catalogue."""
    return tuple(
        _entry(*row) for row in txn.all(
            f"SELECT name, standard, created_at FROM {table} "
            f"ORDER BY {order}"))


def ensure(txn: connection.Transaction, table: str,
           name: str) -> tuple[models.CatalogueEntry, bool]:
    """Return an entry, and whether it had to be made."""
    row = txn.one(f"SELECT name, standard, created_at FROM {table} "
                  "WHERE name = ?", (name,))
    if row is not None:
        return _entry(*row), False
    txn.run(f"INSERT INTO {table} (name, standard, created_at) "
            "VALUES (?, 0, ?)", (name, txn.now))
    stamp(txn, table)
    return _entry(name, 0, txn.now), True


def stamp(txn: connection.Transaction, table: str) -> None:
    """Note that something in a catalogue changed."""
    txn.run(f"UPDATE store SET {table}_changed = ?", (txn.number(),))


def ids(txn: connection.Transaction, table: str,
        names: frozenset[str]) -> dict[str, int]:
    """Return the row id of each name that is in the catalogue."""
    return dict(txn.all(
        f"SELECT name, id FROM {table} "
        "WHERE name IN (SELECT value FROM json_each(?))",
        (rows.array(names),)))


def _entry(name: str, standard: int, created_at: int) -> models.CatalogueEntry:
    made = stored.to_time(created_at)
    return models.CatalogueEntry(name=name, standard=bool(standard),
                                 created_at=made, updated_at=made)
