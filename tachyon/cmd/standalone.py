"""``tachyon-standalone``: scheduler, compute and API in one process.

The embedded default: messages in memory, the store in one SQLite file, a
simulator for hosts. The classes are those of the daemons; nothing works only
here.
"""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence

import fasteners
from oslo_config import cfg

from tachyon import deploy
from tachyon import exception
from tachyon import service
from tachyon.api import service as api_service
from tachyon.cmd import api
from tachyon.cmd import compute
from tachyon.cmd import daemon
from tachyon.cmd import launcher
from tachyon.cmd import scheduler
from tachyon.compute import service as compute_service
from tachyon.db import load
from tachyon.scheduler import service as scheduler_service

LOG = logging.getLogger(__name__)

PROG = "tachyon-standalone"
# Seconds that the API waits for the compute, and between two looks.
COMPUTE_WAIT = 30.0
LOOK = 0.02


class StandaloneService(service.BaseService):
    """The three services, started in order, stopped in reverse.

    HTTP comes last, when the store knows the compute and what it has: whoever
    gets an answer can create an instance.
    """

    def __init__(self, conf: cfg.ConfigOpts, reuse_port: bool = False):
        super().__init__(conf)
        self.scheduler = scheduler_service.SchedulerService(
            conf, lambda: deploy.make_scheduler_manager(conf))
        self.compute = compute_service.ComputeService(conf)
        self.api = api_service.ApiService(
            conf, lambda: deploy.Api(conf), reuse_port=reuse_port)
        self.parts: Sequence[service.BaseService] = (
            self.scheduler, self.compute, self.api)
        self._stopping = threading.Event()

    def do_start(self) -> None:
        started = time.monotonic()
        self.scheduler.start()
        self.compute.start()
        self._wait_for_compute(started)
        if not self._stopping.is_set():
            self.api.start()

    def do_stop(self) -> None:
        self._stopping.set()
        for part in reversed(self.parts):
            part.stop()

    def is_alive(self) -> bool:
        return all(part.is_alive() for part in self.parts)

    def _wait_for_compute(self, started: float) -> None:
        """Return when the inventory and a heartbeat of the compute, younger
        than ``started``, are in the store; not later than COMPUTE_WAIT."""
        with contextlib.closing(load.get_driver(self.conf)) as driver:
            while time.monotonic() - started < COMPUTE_WAIT:
                if self.compute.has_reported() and any(
                        each.binary == self.compute.binary
                        and each.host == self.compute.host
                        and each.age <= time.monotonic() - started
                        for each in driver.services.list()):
                    return
                if self._stopping.wait(LOOK):
                    return
        LOG.warning("The compute has not reported for %d s: what is asked "
                    "for may find no host", COMPUTE_WAIT)


class _LaunchedService(StandaloneService):
    """Says where it listens."""

    def do_start(self) -> None:
        super().do_start()
        if not self._stopping.is_set():
            print(f"{PROG} listens on {self.api.url}, keeps its state in "
                  f"{self.conf.state_path}; docs: {self.api.url}/api/v1/docs",
                  flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    return daemon.main(PROG, serve, argv, listens=True,
                       set_defaults=set_defaults)


def set_defaults(conf: cfg.ConfigOpts) -> None:
    """Make one process enough: it serves all hosts, and asks for no token.
    """
    conf.set_default("serves", ["*"], group="compute")
    conf.set_default("noauth2_default_token", "admin", group="api")


def serve(conf: cfg.ConfigOpts) -> None:
    lock = fasteners.InterProcessLock(
        os.path.join(conf.state_path, "standalone.lock"))
    if not lock.acquire(blocking=False):
        raise exception.TachyonException(
            f"another {PROG} runs on state path {conf.state_path}")
    try:
        with api_service.reserve_port(conf):
            for command in (scheduler, compute, api):
                command.try_out(conf)
            launcher.run_here(conf, _LaunchedService(conf, reuse_port=True))
    finally:
        lock.release()


if __name__ == "__main__":
    sys.exit(main())
