"""Sizes of memory pages: which one a guest gets in a cell."""

from collections.abc import Sequence

from tachyon.scheduler.nova.numa import topology

# Wishes that stand in place of a size, as nova's flavors have them.
SMALL, LARGE, ANY = -1, -2, -3


def choose(pages: Sequence[topology.Pages], wanted: int,
           memory_kb: int) -> int | None:
    """Return the size that a guest's memory gets, in KiB: the largest it may
    have that has room. None if none has."""
    sizes = sorted((each.size_kb for each in pages), reverse=True)
    wish = {SMALL: sizes[-1:], LARGE: sizes[:-1], ANY: sizes}
    return next((size for size in wish.get(wanted, [wanted])
                 if fits(pages, size, memory_kb)), None)


def smallest(pages: Sequence[topology.Pages]) -> int:
    """Return the smallest size; there is one."""
    return min(each.size_kb for each in pages)


def fits(pages: Sequence[topology.Pages], size: int, memory_kb: int,
         overcommitted: bool = False) -> bool:
    """Return whether memory has room in whole pages of a size. If it may be
    overcommitted, what others have of them does not count."""
    found = next((each for each in pages if each.size_kb == size), None)
    if found is None or memory_kb % size:
        return False
    return memory_kb <= (found.total_kb if overcommitted else found.free_kb)
