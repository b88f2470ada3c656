"""The NUMA cells of a host: what its compute node reports of them.

Memory is in MiB, pages in KiB. A node's text is parsed when somebody asks for
the first time; clouds whose guests have no topology never pay for it.
"""

import dataclasses
import functools
from typing import Any, NamedTuple

import orjson
from oslo_log import log as logging

from tachyon import exception
from tachyon.scheduler.nova import wire
from tachyon.scheduler.nova.numa import cpus
from tachyon.scheduler.nova.numa import networks as networks_module

LOG = logging.getLogger(__name__)

KIB_IN_MIB = 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Pages:
    """Pages of one size in a cell. ``used`` may be a part of one."""

    size_kb: int
    total: int
    used: float = 0
    reserved: int = 0

    @property
    def total_kb(self) -> int:
        return self.total * self.size_kb

    @property
    def free_kb(self) -> float:
        return (self.total - self.used - self.reserved) * self.size_kb


@dataclasses.dataclass(frozen=True, slots=True)
class HostCell:
    """One cell. CPUs are masks: ``shared`` for guests that float, ``pinned``
    those of ``dedicated`` that have a guest. Each of ``cores`` holds the
    threads of one."""

    id: int
    shared: int = 0
    dedicated: int = 0
    pinned: int = 0
    cores: tuple[int, ...] = ()
    shared_used: int = 0
    memory: int = 0
    memory_used: int = 0
    pages: tuple[Pages, ...] = ()
    socket: int | None = None
    networks: networks_module.Networks | None = None

    @property
    def free(self) -> int:
        """Return the dedicated CPUs that no guest has, a mask."""
        return self.dedicated & ~self.pinned

    @property
    def free_memory(self) -> int:
        return self.memory - self.memory_used

    @property
    def has_threads(self) -> bool:
        return any(core.bit_count() > 1 for core in self.cores)

    @classmethod
    def read(cls, fields: wire.Fields) -> "HostCell":
        """:raises MalformedMessage:"""
        return cls(
            id=fields.whole("id"), shared=_mask(fields, "cpuset"),
            dedicated=_mask(fields, "pcpuset"),
            pinned=_mask(fields, "pinned_cpus"),
            cores=cpus.same(tuple(
                _mask(wire.Fields(fields.name, {"siblings": core}),
                      "siblings") for core in fields.items("siblings"))),
            shared_used=fields.whole("cpu_usage"),
            memory=fields.whole("memory"),
            memory_used=fields.whole("memory_usage"),
            pages=tuple(
                Pages(page.whole("size_kb"), page.whole("total"),
                      page.whole("used"), page.whole("reserved"))
                for page in fields.objects("mempages", "NUMAPagesTopology")),
            socket=fields.integer("socket"),
            networks=fields.made("network_metadata", "NetworkMetadata",
                                 networks_module.Networks.read))


def _mask(fields: wire.Fields, field: str) -> int:
    numbers = fields.wholes(field)
    if any(number > cpus.CPUS_MAX for number in numbers):
        raise fields.refuse(field, "no set of CPUs")
    return cpus.mask(numbers)


class Summary(NamedTuple):
    """What many hosts are compared by, before each is looked at: the most
    that one cell has, unless it says otherwise.

    Memory is in KiB: what there is, and what is free, for those who ask for no
    size of pages; pages of the smallest size, of any other, and of any.
    """

    cells: int = 0
    threads: bool = False               # of any cell
    shared: int = 0
    free: int = 0
    free_in_all: int = 0
    memory: float = 0
    free_memory: float = 0
    small: float = 0
    large: float = 0
    any: float = 0


class HostTopology:
    """The cells of one node; never changes. Without a text, or with one that
    makes no sense, there are none."""

    def __init__(self, text: str = "",
                 cells: tuple[HostCell, ...] | None = None) -> None:
        # The text is long, and only needed until it is parsed.
        self._text: str | None = text
        self._mark = hash(text)
        if cells is not None:
            self._text, self.cells = None, cells

    def says(self, text: str) -> bool:
        """Return whether it was made of this text."""
        return hash(text) == self._mark

    @functools.cached_property
    def cells(self) -> tuple[HostCell, ...]:
        text = self._text
        if text is not None:
            # Kept before the text goes: two threads may both be here.
            self.__dict__["cells"] = _read(text)
            self._text = None
        found: tuple[HostCell, ...] = self.__dict__["cells"]
        return found

    @functools.cached_property
    def summary(self) -> Summary:
        cells = self.cells
        if not cells:
            return Summary()
        ordered = [sorted(cell.pages, key=lambda page: page.size_kb)
                   for cell in cells]
        small = [pages[0].free_kb for pages in ordered if pages]
        large = [page.free_kb for pages in ordered for page in pages[1:]]
        return Summary(
            cells=len(cells), threads=any(cell.has_threads for cell in cells),
            shared=max(cell.shared.bit_count() for cell in cells),
            free=max(cell.free.bit_count() for cell in cells),
            free_in_all=sum(cell.free.bit_count() for cell in cells),
            memory=max(
                pages[0].total_kb if pages else cell.memory * KIB_IN_MIB
                for cell, pages in zip(cells, ordered, strict=True)),
            free_memory=max(
                pages[0].free_kb if pages else cell.free_memory * KIB_IN_MIB
                for cell, pages in zip(cells, ordered, strict=True)),
            small=max(small, default=0), large=max(large, default=0),
            any=max(small + large, default=0))


def _read(text: str) -> tuple[HostCell, ...]:
    if not text:
        return ()
    try:
        found: Any = orjson.loads(text)
        return tuple(HostCell.read(cell) for cell
                     in wire.read(found, "NUMATopology").objects(
                         "cells", "NUMACell"))
    except (orjson.JSONDecodeError, exception.MalformedMessage) as e:
        LOG.warning("What a node reports of its NUMA cells can't be read: %s",
                    e)
        return ()
