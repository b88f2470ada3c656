"""What the metadata of aggregates says of hosts."""


import functools
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt
from oslo_log import log as logging

from tachyon.scheduler.host_sources import node
from tachyon.scheduler.host_sources import table

LOG = logging.getLogger(__name__)


def values(aggregates: Iterable[node.Aggregate], key: str) -> set[str]:
    """Return what aggregates have under a key, as it stands."""
    return {each.metadata[key] for each in aggregates
            if key in each.metadata}


def merged(aggregates: Iterable[node.Aggregate]
           ) -> Mapping[str, frozenset[str]]:
    """Return the metadata of aggregates as one; a value is a list, its items
    separated by commas."""
    found: dict[str, set[str]] = {}
    for each in aggregates:
        for key, value in each.metadata.items():
            found.setdefault(key, set()).update(
                item.strip() for item in value.split(","))
    return {key: frozenset(items) for key, items in found.items()}


@functools.lru_cache(maxsize=1024)
def _number(key: str, value: str, cast: Callable[[str], float]
            ) -> float | None:
    """Return a number, None if it is none; that is said once."""
    try:
        return cast(value)
    except ValueError as e:
        LOG.warning("Aggregate metadata %s does not count: %s", key, e)
        return None


def numbers(aggregates: table.Coded, key: str, default: float,
            cast: Callable[[str], float]
            ) -> float | npt.NDArray[np.float64]:
    """Return the least number that each host's aggregates have under a key;
    ``default`` where there is none, or one that is no number. One number if
    it is the default for all."""
    def least(those: tuple[node.Aggregate, ...]) -> float:
        found = [_number(key, value, cast) for value in values(those, key)]
        if None in found:
            return default
        return min((each for each in found if each is not None),
                   default=default)

    present = aggregates.present()
    if not any(values(aggregates.values[code], key) for code in present):
        return default
    return aggregates.each(least, np.float64)
