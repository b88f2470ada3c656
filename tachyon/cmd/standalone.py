"""``tachyon-standalone``: scheduler, compute and API in one process.

The embedded default: messages in memory, the store in one SQLite file, a
simulator for hosts. The classes are those of the daemons; nothing works only
here.
"""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

import fasteners
from oslo_config import cfg
from oslo_service import service as oslo_service

from tachyon import deploy
from tachyon import exception
from tachyon import service
from tachyon.api import service as api_service
from tachyon.cmd import api
from tachyon.cmd import compute
from tachyon.cmd import daemon
from tachyon.cmd import scheduler
from tachyon.compute import service as compute_service
from tachyon.scheduler import service as scheduler_service

PROG = "tachyon-standalone"


class StandaloneService(service.BaseService):
    """The three services, started in order, stopped in reverse."""

    def __init__(self, conf: cfg.ConfigOpts, reuse_port: bool = False):
        super().__init__(conf)
        self.api = api_service.ApiService(
            conf, lambda: deploy.Api(conf), reuse_port=reuse_port)
        self.parts: Sequence[service.BaseService] = (
            scheduler_service.SchedulerService(
                conf, lambda: deploy.make_scheduler_manager(conf)),
            compute_service.ComputeService(conf),
            self.api)

    def do_start(self) -> None:
        for part in self.parts:
            part.start()

    def do_stop(self) -> None:
        for part in reversed(self.parts):
            part.stop()


class _LaunchedService(StandaloneService):
    """Says where it listens, and stops for Ctrl-C as for SIGTERM."""

    def do_start(self) -> None:
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGHUP, self._mutate)
        super().do_start()
        print(f"{PROG} listens on {self.api.url}, keeps its state in "
              f"{self.conf.state_path}; docs: {self.api.url}/api/v1/docs",
              flush=True)

    def _mutate(self, *_: Any) -> None:
        threading.Thread(target=self.conf.mutate_config_files,
                         daemon=True).start()


def _interrupt(*_: Any) -> None:
    # The launcher's own answer to SIGINT leaves at once, with exit code 1.
    os.kill(os.getpid(), signal.SIGTERM)


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
            oslo_service.launch(conf, _LaunchedService(conf, reuse_port=True),
                                no_fork=True, restart_method="mutate")
    finally:
        lock.release()


if __name__ == "__main__":
    sys.exit(main())
