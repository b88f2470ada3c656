"""Tachyon's own store as a source."""

from collections.abc import Container, Iterator, Sequence

from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.transfer import base


class StoreSource(base.Source):
    """Reads the store of a driver, which stays the caller's to close."""

    def __init__(self, driver: db_base.DataDriverBase):
        super().__init__()
        self._driver = driver

    def size(self) -> base.Size:
        return base.Size(providers=sum(map(len, self._pages())))

    def resource_classes(self) -> frozenset[str]:
        return frozenset(entry.name
                         for entry in self._driver.resource_classes.list())

    def traits(self) -> frozenset[str]:
        return frozenset(entry.name for entry in self._driver.traits.list())

    def providers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Provider]]:
        found = {record.uuid: record for page in self._pages()
                 for record in page}
        ordered = base.parents_first({
            uuid: record.parent_uuid for uuid, record in found.items()})
        return base.batches((found[uuid] for uuid in ordered
                             if uuid not in known), base.PROVIDERS)

    def consumers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Consumer]]:
        for page in self._driver.bulk.consumers(base.CONSUMERS):
            yield [record for record in page if record.uuid not in known]

    def _pages(self) -> Iterator[Sequence[models.Provider]]:
        _cursor, pages = self._driver.snapshot()
        return pages
