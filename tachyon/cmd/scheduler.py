"""``tachyon-scheduler``: decides where what is asked for will run."""

import sys
from collections.abc import Sequence

from oslo_config import cfg

from tachyon import deploy
from tachyon.cmd import daemon
from tachyon.scheduler import service

PROG = service.SchedulerService.binary


def main(argv: Sequence[str] | None = None) -> int:
    return daemon.main(PROG, serve, argv)


def try_out(conf: cfg.ConfigOpts) -> None:
    """Make all that a worker will make, and close it."""
    tried = deploy.make_scheduler_manager(conf)
    tried.stop()
    tried.close()


def serve(conf: cfg.ConfigOpts) -> None:
    try_out(conf)
    daemon.warn_if_alone(conf, PROG)
    daemon.launch(conf, service.SchedulerService(
        conf, lambda: deploy.make_scheduler_manager(conf)),
        workers=conf.scheduler.workers)


if __name__ == "__main__":
    sys.exit(main())
