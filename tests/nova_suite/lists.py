"""The lists beside this module: what is run, and what can't pass.

``#`` begins a comment. Where a swap is named, it is ``placement`` (nova's own
scheduler on Tachyon's API) or ``both`` (Tachyon's scheduler, too).
"""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence

PLACEMENT, BOTH = SWAPS = ("placement", "both")
PREFIX = "nova.tests.functional."
# Tests that one process runs: most of its start is worth it, and it grows.
BATCH = 40
HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Module:
    """A module of nova's tests, and how many there are in it."""

    name: str
    tests: int
    swaps: tuple[str, ...] = SWAPS


@dataclasses.dataclass(frozen=True)
class Excepted:
    """A test that does not pass in some swaps, and which of Tachyon's own
    see to the same."""

    name: str
    swaps: tuple[str, ...]
    reason: str
    covers: tuple[str, ...]


def _lines(name: str) -> Iterator[str]:
    for line in (HERE / name).read_text().splitlines():
        line = line.partition("#")[0].strip()
        if line:
            yield line


def modules(swap: str) -> list[Module]:
    """Return the modules of a swap, in their order."""
    found = []
    for line in _lines("modules.txt"):
        name, tests, *swaps = line.split()
        found.append(Module(f"{PREFIX}{name}", int(tests),
                            tuple(swaps) or SWAPS))
    return [each for each in found if swap in each.swaps]


def batches(modules: Sequence[Module]) -> Iterator[list[Module]]:
    """Yield modules together whose tests one process runs."""
    batch: list[Module] = []
    for module in modules:
        if batch and sum(each.tests for each in batch) + module.tests > BATCH:
            yield batch
            batch = []
        batch.append(module)
    if batch:
        yield batch


def short(name: str) -> str:
    """Return a name without what all have in common."""
    return name.removeprefix(PREFIX)


def exceptions(swap: str) -> dict[str, str]:
    """Return by id the tests that do not pass in a swap, and why."""
    return {each.name: each.reason for each in all_exceptions()
            if swap in each.swaps}


def all_exceptions() -> Iterator[Excepted]:
    covers: tuple[str, ...] = ()
    for line in _lines("exceptions.txt"):
        word, rest = line.split(None, 1)
        if word == "covered":
            covers = tuple(rest.split())
            continue
        swaps, reason = rest.split(None, 1)
        yield Excepted(f"{PREFIX}{word}", tuple(swaps.split(",")), reason,
                       covers)


def share(swap: str) -> list[str]:
    """Return the names of the tests that are part of every check."""
    return [f"{PREFIX}{name}"
            for name, *swaps in map(str.split, _lines("share.txt"))
            if swap in (swaps or SWAPS)]
