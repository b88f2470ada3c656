"""The lists beside this module: what is run, and what can't pass.

``#`` begins a comment. Where a swap is named, it is ``placement`` (nova's own
scheduler on Tachyon's API) or ``both`` (Tachyon's scheduler, too).
"""

import dataclasses
import pathlib
from collections.abc import Iterator

PLACEMENT, BOTH = SWAPS = ("placement", "both")
HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Module:
    """A module of nova's tests, and how many there are in it."""

    name: str
    tests: int
    swaps: tuple[str, ...] = SWAPS


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
        found.append(Module(f"nova.tests.functional.{name}", int(tests),
                            tuple(swaps) or SWAPS))
    return [each for each in found if swap in each.swaps]


def exceptions(swap: str) -> dict[str, str]:
    """Return by id the tests that do not pass in a swap, and why."""
    found = {}
    for line in _lines("exceptions.txt"):
        name, swaps, reason = line.split(None, 2)
        if swap in swaps.split(","):
            found[f"nova.tests.functional.{name}"] = reason
    return found


def share(swap: str) -> list[str]:
    """Return the names of the tests that are part of every check."""
    return [f"nova.tests.functional.{name}"
            for name, *swaps in map(str.split, _lines("share.txt"))
            if swap in (swaps or SWAPS)]
