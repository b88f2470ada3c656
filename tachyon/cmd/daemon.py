"""What the commands of all daemons share: options, logs, errors at start.

An error at start is one line on stderr and exit code 1. What a daemon needs
is tried out before it forks, since a worker that can't start would be
started again for ever.
"""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Sequence

from oslo_config import cfg
from oslo_log import log as logging
from oslo_reports import guru_meditation_report as gmr
from oslo_reports import opts as gmr_opts

from tachyon import conf as tachyon_conf
from tachyon import deploy
from tachyon import exception
from tachyon import service
from tachyon.cmd import command
from tachyon.cmd import launcher
from tachyon.rpc import transport

LOG = logging.getLogger(__name__)

LISTEN_OPTS = [
    cfg.HostAddressOpt("host", metavar="HOST", help="""
Address to listen on, instead of ``[api] host``.
"""),
    cfg.PortOpt("port", metavar="PORT", help="""
Port to listen on, instead of ``[api] port``; 0 is any free one.
"""),
]


class _Version:
    """The version, as oslo.reports asks for it."""

    def vendor_string(self) -> str:
        return "OpenStack"

    def product_string(self) -> str:
        return "Tachyon"

    def version_string_with_package(self) -> str:
        return deploy.VERSION


class _Report(gmr.TextGuruMeditation):
    """A report that does not stop what it reports on.

    Python 3.11 before its release 9 may hang for ever when it collects
    garbage while it lists the stacks of threads (python/cpython#106883).
    """

    def run(self) -> str:
        collects = gc.isenabled()
        gc.disable()
        try:
            return super().run()
        finally:
            if collects:
                gc.enable()


def main(prog: str, serve: Callable[[cfg.ConfigOpts], None],
         argv: Sequence[str] | None = None, *, listens: bool = False,
         set_defaults: Callable[[cfg.ConfigOpts], None] | None = None) -> int:
    """Read the options, and serve until somebody stops it.

    :returns: the exit code.
    """
    conf = tachyon_conf.CONF
    try:
        configure(conf, prog, sys.argv[1:] if argv is None else argv,
                  listens=listens, set_defaults=set_defaults)
        serve(conf)
    except (cfg.Error, exception.TachyonException, OSError) as exc:
        command.complain(prog, exc)
        return 1
    return 0


def configure(conf: cfg.ConfigOpts, prog: str, argv: Sequence[str], *,
              listens: bool = False,
              set_defaults: Callable[[cfg.ConfigOpts], None] | None = None
              ) -> None:
    """Read files and flags; check all of it; begin to log.

    :raises cfg.Error: an option's value is no good.
    :raises OSError: the state path can't be written to.
    """
    deploy.set_defaults(conf)
    gmr_opts.set_defaults(conf)
    command.register_state_path(conf)
    if listens:
        conf.register_cli_opts(LISTEN_OPTS)
    if set_defaults is not None:
        set_defaults(conf)
    conf(list(argv), project=deploy.PROJECT, prog=prog,
         version=deploy.VERSION)
    if listens:
        for name, value in (("host", conf.host), ("port", conf.port)):
            if value is not None:
                conf.set_override(name, value, group="api")
    _read_all(conf)
    transport.check(conf)
    _prepare(conf.state_path)
    deploy.set_up_logging(conf)
    _Report.setup_autorun(_Version(), conf=conf)


def warn_if_alone(conf: cfg.ConfigOpts, prog: str) -> None:
    """Say what a daemon of its own can't do on a bus of its own."""
    if transport.is_local(conf):
        LOG.warning(
            "transport_url is %s, which does not leave this process: %s and "
            "the other daemons do not hear each other. Set transport_url "
            "(rabbit://...) for all of them, or run tachyon-standalone.",
            transport.DEFAULT_URL, prog)


def launch(conf: cfg.ConfigOpts, daemon: service.BaseService,
           workers: int = 1) -> None:
    """Serve in this many children until SIGTERM. Whatever was tried out must
    be closed by now."""
    transport.cleanup()
    launcher.run_workers(conf, daemon, workers)


def _read_all(conf: cfg.ConfigOpts) -> None:
    """Look at every option: a bad value shows when it is read."""
    for module in tachyon_conf.MODULES:
        for group, opts in module.list_opts().items():
            values = conf if group == "DEFAULT" else conf[group.name]
            for opt in opts:
                getattr(values, opt.dest)


def _prepare(state_path: str) -> None:
    try:
        os.makedirs(state_path, mode=0o750, exist_ok=True)
        with tempfile.TemporaryFile(dir=state_path):
            pass
    except OSError as exc:
        raise OSError(f"state_path {state_path} can't be used: "
                      f"{exc.strerror}")
