"""The row of instances: from POST to STOPPED, through all daemons."""

from tests.benchmark import figures
from tests.benchmark import placements
from tests.benchmark import sides
from tests.benchmark import usage

_A_SECOND = 100                         # so many are asked for
_LEAST = 8
_WARM_ROUNDS = 2


def row(side: sides.Side, seconds: float) -> figures.Figure:
    """Place instances on a cloud of its own, with a store as the side's and
    as many hosts."""
    count = max(int(seconds * _A_SECOND), _LEAST)
    with placements.STORES[side.name](side.hosts) as (url, parts):
        for _round in range(_WARM_ROUNDS):
            placements.run(url, count)
        before = usage.cpu(part.pid for part in parts)
        rate = placements.run(url, count)
        cpu = usage.cpu(part.pid for part in parts) - before
    return figures.Figure(count, 0.0, figures.ms(cpu / count), rate)
