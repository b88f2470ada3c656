"""Traits: the catalogue, and which provider has which."""

from collections.abc import Sequence

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.sqlite import catalogue
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import providers

TABLE = "traits"
ORDER = "name"


class TraitsController(base.TraitsController):
    """Traits in SQLite."""

    def __init__(self, store: connection.Store):
        self._store = store

    def list(self) -> Sequence[models.CatalogueEntry]:
        with self._store.read() as txn:
            return catalogue.load(txn, TABLE, ORDER)

    def create(self, name: str) -> tuple[models.CatalogueEntry, bool]:
        with self._store.write() as txn:
            return catalogue.ensure(txn, TABLE, name)

    def delete(self, name: str) -> None:
        with self._store.write() as txn:
            row = txn.one("SELECT id, standard FROM traits WHERE name = ?",
                          (name,))
            if row is None:
                raise exception.TraitNotFound(names=name)
            id, standard = row
            if standard:
                raise exception.TraitStandard(name=name)
            if txn.one("SELECT 1 FROM provider_traits WHERE trait_id = ? "
                       "LIMIT 1", (id,)):
                raise exception.TraitInUse(name=name)
            txn.run("DELETE FROM traits WHERE id = ?", (id,))
            catalogue.stamp(txn, TABLE)

    def replace(self, provider_uuid: str, generation: int | None,
                names: frozenset[str]) -> models.Provider:
        with self._store.write() as txn:
            id = providers.get_id(txn, provider_uuid, generation)
            found = catalogue.ids(txn, TABLE, names)
            unknown = sorted(set(names) - set(found))
            if unknown:
                raise exception.TraitNotFound(names=", ".join(unknown))
            has = {trait_id for trait_id, in txn.all(
                "SELECT trait_id FROM provider_traits WHERE provider_id = ?",
                (id,))}
            wanted = set(found.values())
            if has != wanted:
                txn.many("DELETE FROM provider_traits "
                         "WHERE provider_id = ? AND trait_id = ?",
                         [(id, trait_id) for trait_id in has - wanted])
                txn.many("INSERT INTO provider_traits "
                         "(provider_id, trait_id) VALUES (?, ?)",
                         [(id, trait_id) for trait_id in wanted - has])
                providers.touch(txn, [id], generation=True)
            return providers.get(txn, provider_uuid)
