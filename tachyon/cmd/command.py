"""What the commands share that do their work, and end: options, the store,
and the line on stderr that says what is wrong."""

import contextlib
import sys
from collections.abc import Iterator

from oslo_config import cfg

from tachyon import conf as tachyon_conf
from tachyon.db import base
from tachyon.db import load


def make_conf() -> cfg.ConfigOpts:
    """Return Tachyon's options, not yet read; ``--state-path`` among them."""
    conf = cfg.ConfigOpts()
    for module in tachyon_conf.MODULES:
        module.register_opts(conf)
    register_state_path(conf)
    return conf


def register_state_path(conf: cfg.ConfigOpts) -> None:
    """Have ``--state-path`` on the command line, too."""
    conf.register_cli_opts([opt for opt in tachyon_conf.base.OPTS
                            if opt.dest == "state_path"])


@contextlib.contextmanager
def driver(conf: cfg.ConfigOpts) -> Iterator[base.DataDriverBase]:
    """Lend the driver of the store.

    :raises PluginError: there is no such driver.
    """
    with contextlib.closing(load.get_driver(conf)) as found:
        yield found


def complain(prog: str, exc: Exception) -> None:
    """Say what is wrong, in one line."""
    print(f"{prog}: {' '.join(str(exc).split())}", file=sys.stderr)
