"""How many more of a request fit: what Explain tells of it when it is asked.

The hosts are those that filters have let pass; the engine counts them. What
the engine does not know, filters may: see ``filters.base.Filter.most`` and
``admits``.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tachyon.placement import capacity
from tachyon.scheduler import data as scheduler_data

# Why it is not exact, beside what NovaManager's dry runs add: the search was
# given up, and more may fit.
SEARCH = "search"


def survey(data: scheduler_data.SchedulingData) -> capacity.Survey | None:
    """Look at the hosts that are left, while the snapshot is lent; None if
    there are none."""
    hosts = data.hosts
    if hosts is None or data.found is None or not len(hosts):
        return None
    return capacity.survey(hosts.snapshot, data.found, hosts.rows,
                           _most(data, hosts), _admits(data, hosts))


def _most(data: scheduler_data.SchedulingData, hosts: scheduler_data.HostSet
          ) -> npt.NDArray[np.int64] | None:
    told = [most for each in data.filters
            if (most := each.most(hosts, data)) is not None]
    return functools.reduce(np.minimum, told) if told else None


def _admits(data: scheduler_data.SchedulingData,
            hosts: scheduler_data.HostSet) -> capacity.Admits | None:
    asked = [each for each in data.filters if each.looks_at_mappings(data)]
    if not asked:
        return None
    places = {row: index for index, row in enumerate(hosts.rows.tolist())}
    uuids = hosts.snapshot.uuids

    def admits(root: int, mappings: Mapping[str, tuple[int, ...]]) -> bool:
        host = hosts.host(places[root])
        named = {suffix: tuple(uuids[row] for row in rows)
                 for suffix, rows in mappings.items()}
        return all(each.admits(host, data, named) for each in asked)

    return admits


def document(seen: capacity.Survey | None, bounds: tuple[str, ...],
             limit: int) -> dict[str, Any]:
    """Return what Explain tells, with so many hosts at most."""
    found = (capacity.Capacity(0, True, ()) if seen is None
             else seen.count())
    hosts = sorted(found.hosts, key=lambda each: (-each.fits, each.host))
    why = (*bounds, *(() if found.exact else (SEARCH,)))
    return {"total": found.total, "exact": not why, "bounds": list(why),
            "hosts": [each._asdict() for each in hosts[:limit]],
            "truncated": len(hosts) > limit}
