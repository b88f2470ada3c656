"""What takes long: how far it is, what becomes of it when interrupted, and a
store that is given time."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from oslo_config import cfg

from tachyon.cmd import command
from tachyon.db import base

# As of a command that a shell had to end, by SIGINT.
INTERRUPTED = 130
# Seconds between two lines of progress.
INTERVAL = 2.0
# Seconds that a batch may take. ``[database] deadline`` is for what a client
# waits for; a server that was just started may need longer for the first one.
DEADLINE = 120.0

Verb = Callable[[cfg.ConfigOpts], int]


class Progress:
    """Tells on stderr how far it is, now and then."""

    def __init__(self) -> None:
        self._what = ""
        self._told = 0.0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if what == self._what and done != total and (
                now < self._told + INTERVAL):
            return
        self._what, self._told = what, now
        of = "" if total is None else f" of {total}"
        print(f"{what}: {done}{of}", file=sys.stderr, flush=True)


def interruptible(run: Verb, resume: str) -> Verb:
    """Return a verb that ends with ``INTERRUPTED`` when it is interrupted.

    :param resume: what is told then: how to go on.
    """
    def run_or_tell(conf: cfg.ConfigOpts) -> int:
        try:
            return run(conf)
        except KeyboardInterrupt:
            print(f"tachyon-manage: interrupted; {resume}", file=sys.stderr)
            return INTERRUPTED

    return run_or_tell


@contextlib.contextmanager
def patient_driver(conf: cfg.ConfigOpts) -> Iterator[base.DataDriverBase]:
    """Open the store for batches: with ``DEADLINE``, or what is configured,
    if that is longer."""
    conf.set_override("deadline", max(conf.database.deadline, DEADLINE),
                      group="database")
    with command.driver(conf) as driver:
        yield driver
