"""Sets of CPUs, as masks: bit n is CPU n.

A cloud of 10,000 hosts has a million of them. Masks are small, and what is
free is one operation.
"""

import functools
import itertools
from collections.abc import Iterable, Iterator

# CPUs are not numbered beyond that.
CPUS_MAX = 65_536


def mask(numbers: Iterable[int]) -> int:
    """Return the mask of CPUs by number."""
    made = 0
    for number in numbers:
        made |= 1 << number
    return made


def numbers(cpus: int) -> set[int]:
    """Return the numbers of the CPUs of a mask."""
    return {one.bit_length() - 1 for one in each(cpus)}


def union(masks: Iterable[int]) -> int:
    """Return the CPUs that any of some masks has."""
    made = 0
    for one in masks:
        made |= one
    return made


def each(cpus: int) -> Iterator[int]:
    """Return the CPUs of a mask as masks of one, ascending."""
    while cpus:
        lowest = cpus & -cpus
        yield lowest
        cpus ^= lowest


def first(cpus: int, count: int) -> int:
    """Return the first so many CPUs of a mask."""
    return union(itertools.islice(each(cpus), count))


@functools.lru_cache(maxsize=1024)
def same(cores: tuple[int, ...]) -> tuple[int, ...]:
    """Return an equal tuple, the same for all: hosts of a model have the
    same cores."""
    return cores
