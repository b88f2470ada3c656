"""What a row comes to, and the loop that most of them are."""

import dataclasses
import itertools
import statistics
import time
from collections.abc import Callable

from tests.benchmark import sides
from tests.benchmark import wire


@dataclasses.dataclass
class Figure:
    """What one row came to on one side.

    ``p50`` and ``cpu`` are milliseconds a request, ``rate`` is requests a
    second, and ``pings`` how many pings of the store ``p50`` is, where the
    row has one measured. ``faults`` are answers that should not be, at most a
    few of them.
    """

    count: int
    p50: float
    cpu: float
    rate: float
    size: int = 0                       # bytes of the last answer
    conflicts: int = 0
    pings: float = 0.0
    note: str = ""
    faults: list[str] = dataclasses.field(default_factory=list)

    def count_pings(self, side: sides.Side) -> "Figure":
        """Say how many pings of the side's store an answer took."""
        ping = side.ping()
        if ping:
            self.pings = self.p50 / ms(ping)
        return self


Run = Callable[[sides.Side, float], Figure]


def one_after_another(side: sides.Side, seconds: float,
                      ask: Callable[[wire.Wire], tuple[int, bytes]],
                      good: tuple[int, ...] = (200,)) -> Figure:
    """Ask again and again over one connection, warm."""
    client = wire.Wire(side.url)
    times: list[float] = []
    faults: list[str] = []
    size = 0

    def ask_for(seconds: float, least: int) -> int:
        nonlocal size
        end = time.monotonic() + seconds
        for count in itertools.count():
            if count >= least and time.monotonic() > end:
                return count
            status, data = ask(client)
            size = len(data)
            times.append(client.seconds)
            if status not in good:
                faults.append(f"{status} {data[:200]!r}")
        raise AssertionError("not reached")

    # Half of the time to get warm; what is slow needs one turn.
    ask_for(seconds / 2, 1)
    times.clear()
    before = side.cpu()
    count = ask_for(seconds, 3)
    cpu = side.cpu() - before
    client.close()
    return Figure(count, ms(statistics.median(times)), ms(cpu / count),
                  count / sum(times), size, faults=faults[:3])


def ms(seconds: float) -> float:
    return seconds * 1000
