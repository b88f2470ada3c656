"""Heartbeats of computes, collected and written in batches.

A thousand computes that each report every ten seconds are one write a second
this way, not a hundred. What is lost with a scheduler that dies is told
again by the next heartbeat. One that was not heard before, or serves others
than before, is written at once: somebody may be waiting for its hosts.
"""

import threading
import time
from collections.abc import Callable

from oslo_config import cfg

from tachyon import objects
from tachyon.db import base as db_base
from tachyon.db import models

# Seconds between two writes that do not wait for the next flush.
HURRY_INTERVAL = 0.1


class Heartbeats:
    """The last report of each daemon since the last flush."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 clock: Callable[[], float] = time.monotonic):
        self._conf = conf
        self._driver = driver
        self._clock = clock
        self._lock = threading.Lock()
        self._heard: dict[tuple[str, str], models.Heartbeat] = {}
        self._serves: dict[tuple[str, str], tuple[str, ...]] = {}
        self._flushed_at = float("-inf")

    def add(self, report: objects.HeartbeatReport) -> bool:
        """Take a report in; return whether it was written at once.

        :raises DriverUnavailable: it is kept for the next flush.
        """
        heartbeat = models.Heartbeat(
            host=report.host, binary=report.binary,
            serves=tuple(report.serves),
            work=tuple((item.instance_id, item.attempt)
                       for item in report.work))
        key = heartbeat.binary, heartbeat.host
        with self._lock:
            self._heard[key] = heartbeat
            hurry = (self._serves.get(key) != heartbeat.serves
                     and self._clock() - self._flushed_at >= HURRY_INTERVAL)
        if hurry:
            self.flush()
        return hurry

    def flush(self) -> None:
        """Write what was heard, and renew the claims of what is worked on.

        :raises DriverUnavailable: it is kept for the next time.
        """
        with self._lock:
            heard, self._heard = self._heard, {}
            self._flushed_at = self._clock()
        if not heard:
            return
        work = [item for heartbeat in heard.values()
                for item in heartbeat.work]
        try:
            self._driver.services.report(list(heard.values()))
            if work:
                self._driver.messages.renew(
                    work, self._conf.scheduler.claim_ttl)
        except Exception:
            with self._lock:
                self._heard = {**heard, **self._heard}
            raise
        with self._lock:
            self._serves.update((key, heartbeat.serves)
                                for key, heartbeat in heard.items())
