"""What a source is: something that a whole Placement can be read from."""

import abc
import dataclasses
import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from types import TracebackType
from typing import TypeVar

from tachyon.db import models

_T = TypeVar("_T")

# Is told what is being done, how much of it is done, and of how much (None:
# nobody knows).
Progress = Callable[[str, int, int | None], None]

# Providers and consumers of one transaction.
PROVIDERS, CONSUMERS = 200, 500


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How much there is to read; None where that is not known before."""

    providers: int | None = None
    consumers: int | None = None


class Source(abc.ABC):
    """A Placement to read: all of it, in batches, never all at once.

    What can't be taken along, since it contradicts itself, is left out of
    what is read, and told in ``problems``, a line each.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, kind: type[BaseException] | None,
                 error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    @abc.abstractmethod
    def size(self) -> Size: ...

    @abc.abstractmethod
    def resource_classes(self) -> frozenset[str]:
        """Return the names of all resource classes."""

    @abc.abstractmethod
    def traits(self) -> frozenset[str]:
        """Return the names of all traits."""

    @abc.abstractmethod
    def providers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Provider]]:
        """Return all providers but the ``known`` ones (uuids), each parent
        ahead of its children."""

    @abc.abstractmethod
    def consumers(self, known: Container[str] = frozenset()
                  ) -> Iterator[Sequence[models.Consumer]]:
        """Return all consumers that have something, but the ``known`` ones
        (uuids)."""

    def close(self) -> None:  # noqa: B027
        """Give back what is open; most have nothing."""


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Return the items in lists of up to ``size``."""
    walk = iter(items)
    while batch := list(itertools.islice(walk, size)):
        yield batch


def parents_first(parents: dict[_T, _T | None]) -> list[_T]:
    """Return the members of a forest, each one's parent ahead of it.

    :param parents: the parent of each member. One that is not a member makes
        a root, and what goes round in a circle is left out.
    """
    children: dict[_T | None, list[_T]] = {}
    for member, parent in parents.items():
        place = parent if parent in parents else None
        children.setdefault(place, []).append(member)
    ordered = list(children.get(None, ()))
    for member in ordered:              # grows meanwhile
        ordered.extend(children.get(member, ()))
    return ordered
