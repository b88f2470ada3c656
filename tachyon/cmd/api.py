"""``tachyon-api``: the Placement API and Tachyon's own, over HTTP."""

import sys
from collections.abc import Sequence

from oslo_config import cfg

from tachyon import deploy
from tachyon.api import service
from tachyon.cmd import daemon

PROG = service.BINARY


def main(argv: Sequence[str] | None = None) -> int:
    return daemon.main(PROG, serve, argv, listens=True)


def try_out(conf: cfg.ConfigOpts) -> None:
    """Make all that a worker will make, and close it."""
    deploy.Api(conf).close()


def serve(conf: cfg.ConfigOpts) -> None:
    try_out(conf)
    with service.reserve_port(conf):
        daemon.warn_if_alone(conf, PROG)
        daemon.launch(conf, service.ApiService(
            conf, lambda: deploy.Api(conf), reuse_port=True),
            workers=conf.api.workers)


if __name__ == "__main__":
    sys.exit(main())
