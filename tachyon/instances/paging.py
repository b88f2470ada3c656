"""Pages of lists: how many items, and where the next page begins."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list. ``marker`` is None on the last page."""

    items: tuple[T, ...]
    marker: str | None = None


def fetch(read: Callable[[int], Sequence[T]], marker_of: Callable[[T], str],
          limit: int | None, ceiling: int) -> Page[T]:
    """Return a page of at most ``limit`` items, never more than ``ceiling``.

    ``read`` is asked for one more than that: so the last page is known to be
    the last.
    """
    size = ceiling if limit is None else min(limit, ceiling)
    rows = read(size + 1)
    items = tuple(rows[:size])
    return Page(items, marker_of(items[-1]) if len(rows) > size else None)
