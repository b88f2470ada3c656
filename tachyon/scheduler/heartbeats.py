"""Heartbeats of computes, collected and written in batches.

A thousand computes that each report every ten seconds are one write a second
this way, not a hundred. What is lost with a scheduler that dies is told
again by the next heartbeat.
"""

import threading

from oslo_config import cfg

from tachyon import objects
from tachyon.db import base as db_base
from tachyon.db import models


class Heartbeats:
    """The last report of each daemon since the last flush."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase):
        self._conf = conf
        self._driver = driver
        self._lock = threading.Lock()
        self._heard: dict[tuple[str, str], models.Heartbeat] = {}

    def add(self, report: objects.HeartbeatReport) -> None:
        heartbeat = models.Heartbeat(
            host=report.host, binary=report.binary,
            serves=tuple(report.serves),
            work=tuple((item.instance_id, item.attempt)
                       for item in report.work))
        with self._lock:
            self._heard[heartbeat.binary, heartbeat.host] = heartbeat

    def flush(self) -> None:
        """Write what was heard, and renew the claims of what is worked on.

        :raises DriverUnavailable: it is kept for the next time.
        """
        with self._lock:
            heard, self._heard = self._heard, {}
        if not heard:
            return
        work = [item for heartbeat in heard.values()
                for item in heartbeat.work]
        try:
            self._driver.services.report(list(heard.values()))
            if work:
                self._driver.messages.renew(work, self._conf.scheduler
                                            .claim_ttl)
        except Exception:
            with self._lock:
                self._heard = {**heard, **self._heard}
            raise
