"""Rows of the funnel for what the scheduler adds to the engine's own."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data

TRIED = reasons.Reason(reasons.Code.FILTERED_BY, {
    "filter": "tried", "detail": "it failed to create this instance before"})

Removed = Sequence[tuple[reasons.Reason, npt.NDArray[np.int64]]]


def stage(name: str, hosts: scheduler_data.HostSet, removed: Removed,
          examples: int) -> reasons.Stage:
    """Return the row of a stage that these hosts went into.

    ``removed`` holds indices into ``hosts``; up to ``examples`` names are
    kept for each reason.
    """
    gone = sum(len(indices) for _, indices in removed)
    return reasons.Stage(
        name=name, before=len(hosts), after=len(hosts) - gone,
        removed=tuple((reason, len(indices)) for reason, indices in removed),
        examples=tuple(
            tuple(hosts.name(int(index)) for index in indices[:examples])
            for _, indices in removed))
