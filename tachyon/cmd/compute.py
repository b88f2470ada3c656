"""``tachyon-compute``: runs instances, by a domain driver."""

import sys
from collections.abc import Sequence

from oslo_config import cfg

from tachyon.cmd import daemon
from tachyon.compute import service

PROG = service.ComputeService.binary


def main(argv: Sequence[str] | None = None) -> int:
    return daemon.main(PROG, serve, argv)


def try_out(conf: cfg.ConfigOpts) -> None:
    """Make all that the child will make, and close it."""
    tried = service.make_manager(conf)
    tried.stop()
    tried.driver.close()


def serve(conf: cfg.ConfigOpts) -> None:
    try_out(conf)
    daemon.warn_if_alone(conf, PROG)
    daemon.launch(conf, service.ComputeService(conf))


if __name__ == "__main__":
    sys.exit(main())
