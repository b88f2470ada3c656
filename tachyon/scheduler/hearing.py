"""Whether schedulers hear what daemons report, and since when.

Who was not heard for ``service_down_time`` is down. But silence says nothing
while nobody could listen: the bus or the store was away, or no scheduler ran.
So schedulers report themselves the way that computes do, over the bus, to
whichever of them takes it, and into the store. A young report of anybody
proves that this way is open; where there is none, not even the own one, it is
not.

While nothing is heard, nothing should be begun. And who is silent is known to
be down only when hearing has gone on for ``service_down_time``: before that,
nobody can tell.
"""

import threading
import time
from collections.abc import Callable

from oslo_config import cfg


class Hearing:
    """What one process knows of it. Its methods may be called in any thread.
    """

    def __init__(self, conf: cfg.ConfigOpts,
                 clock: Callable[[], float] = time.monotonic):
        self._conf = conf
        self._clock = clock
        self._lock = threading.Lock()
        self._since = clock()
        self._heard_at = self._lost_at = float("-inf")

    @property
    def lapse(self) -> float:
        """Seconds without any report after which nobody hears: longer than
        between two reports, and short enough for the time that is missed to
        make nobody seem down."""
        return max(self._conf.service_down_time / 2,
                   self._conf.report_interval * 2)

    def note(self, heard_at: float) -> None:
        """Take in when the youngest report came, by the clock of this
        process."""
        with self._lock:
            if heard_at - self._heard_at > self.lapse:
                self._since = max(self._since, heard_at)
            self._heard_at = max(self._heard_at, heard_at)

    def lose(self) -> None:
        """Trust nothing that was heard before this moment: the bus is away.
        """
        with self._lock:
            self._lost_at = self._clock()
            self._heard_at = float("-inf")

    @property
    def hears(self) -> bool:
        """Return whether reports come in."""
        with self._lock:
            return (self._heard_at >= self._lost_at
                    and self._clock() - self._heard_at <= self.lapse)

    @property
    def since(self) -> float:
        """Return since when they have come in, by this process's clock."""
        with self._lock:
            return self._since

    @property
    def settled(self) -> bool:
        """Return whether they have come in for so long that who is silent
        is down."""
        return self.hears and (self._clock() - self.since
                               >= self._conf.service_down_time)
