"""The row of instances: from POST to STOPPED, through all daemons."""

import time

from tests.benchmark import figures
from tests.benchmark import placements
from tests.benchmark import sides
from tests.benchmark import usage

_A_SECOND = 100                         # so many are asked for
_LEAST = 8
# Times the row's seconds for which it is played before it counts: its store
# has just been started, and a store on Java takes a quarter of what it took
# at first when it has compiled what is asked of it, after some ten thousand.
_WARM = 24


def row(side: sides.Side, seconds: float) -> figures.Figure:
    """Place instances on a cloud of its own, with a store as the side's and
    as many hosts."""
    count = max(int(seconds * _A_SECOND), _LEAST)
    with placements.STORES[side.name](side.hosts) as (url, parts):
        end = time.monotonic() + seconds * _WARM
        placements.run(url, count)
        while time.monotonic() < end:
            placements.run(url, count)
        before = usage.cpu(part.pid for part in parts)
        rate = placements.run(url, count)
        cpu = usage.cpu(part.pid for part in parts) - before
    return figures.Figure(count, 0.0, figures.ms(cpu / count), rate)
