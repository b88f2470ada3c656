"""The processes of a daemon, and the signals it is told things by.

``run_workers``: a master, which starts workers, and replaces those that die
(cotyledon). ``run_here``: everything in this process, for messages that do
not leave it.

========= ==================================================================
SIGTERM   what is in hand ends, within ``graceful_shutdown_timeout`` seconds;
          exit code 0, or 1 if it took longer
SIGINT    from a terminal: the workers end at once; a daemon of one process
          as with SIGTERM, and at once at the second
SIGHUP    every process reads the mutable options again, and serves on
========= ==================================================================

oslo.service's launchers stand on the same library, but replace the workers at
a SIGHUP, and call a daemon ready before any of them serves.
"""

import logging
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from types import FrameType

import cotyledon
from cotyledon import types
from oslo_config import cfg

from tachyon import exception
from tachyon import service
from tachyon.cmd import systemd

LOG = logging.getLogger(__name__)

# Seconds between two signs of life of a worker.
BEAT = 1.0


class Beats:
    """When each worker last gave a sign of life, shared with the children."""

    def __init__(self, workers: int):
        self._times = multiprocessing.get_context("fork").RawArray(
            "d", workers)

    def give(self, worker: int) -> None:
        self._times[worker] = time.monotonic()

    def last(self) -> float:
        """Return the moment since when all have given one; 0: not yet."""
        return min(self._times)

    def keep_giving(self, worker: int, served: service.BaseService) -> None:
        """Give one now, and then as long as the service is alive."""
        self.give(worker)
        threading.Thread(target=self._give_on, args=(worker, served),
                         name="beats", daemon=True).start()

    def _give_on(self, worker: int, served: service.BaseService) -> None:
        while True:
            time.sleep(BEAT)
            if served.is_alive():
                self.give(worker)


class Worker(cotyledon.Service):
    """One process of a daemon. The service is made before the fork, and
    makes what it needs when it is started, after it."""

    def __init__(self, worker_id: types.WorkerId, conf: cfg.ConfigOpts,
                 served: service.BaseService, beats: Beats):
        super().__init__(worker_id)
        self._conf = conf
        self._served = served
        self._beats = beats

    def run(self) -> None:
        try:
            self._served.start()
        except (exception.TachyonException, OSError) as exc:
            LOG.error("A worker can't start: %s", exc)
            sys.exit(1)
        self._beats.keep_giving(self.worker_id, self._served)
        self._served.wait()

    def terminate(self) -> None:
        self._served.stop(graceful=True)

    def reload(self) -> None:
        mutate(self._conf)


def run_workers(conf: cfg.ConfigOpts, served: service.BaseService,
                workers: int = 1) -> None:
    """Serve in so many children; return when they have ended."""
    conf.log_opt_values(LOG, logging.DEBUG)
    beats = Beats(workers)
    # Before the master, which else would say at once that it is ready.
    notifier = systemd.Notifier(beats.last)
    manager = cotyledon.ServiceManager(
        graceful_shutdown_timeout=conf.graceful_shutdown_timeout,
        mp_context=multiprocessing.get_context("fork"))
    # A worker that replaces a dead one starts with the master's options.
    manager.register_hooks(on_reload=lambda: mutate(conf),
                           on_terminate=notifier.stop)
    manager.add(Worker, workers, args=(conf, served, beats))
    notifier.start()
    try:
        manager.run()
    except SystemExit as exc:
        if exc.code:
            raise


def run_here(conf: cfg.ConfigOpts, served: service.BaseService) -> None:
    """Serve in this process; end it when the service has stopped.

    :raises: what the service's ``start`` raises.
    """
    conf.log_opt_values(LOG, logging.DEBUG)
    beats = Beats(1)
    notifier = systemd.Notifier(beats.last)
    # One that a signal handler may put into whatever it interrupts.
    orders: queue.SimpleQueue[int | BaseException] = queue.SimpleQueue()

    def order(number: int, frame: FrameType | None) -> None:
        orders.put(number)

    def start() -> None:
        try:
            served.start()
            beats.keep_giving(0, served)
        except BaseException as exc:
            orders.put(exc)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, order)
    notifier.start()
    threading.Thread(target=start, name="start", daemon=True).start()
    while (got := _next(orders)) == signal.SIGHUP:
        mutate(conf)
    if isinstance(got, BaseException):
        raise got
    notifier.stop()
    _stop_in_time(conf, served)


def _next(orders: queue.SimpleQueue[int | BaseException]
          ) -> int | BaseException:
    """Wait for an order, and look up now and then: a signal that came just
    before the wait, or to another thread, does not interrupt it."""
    while True:
        try:
            return orders.get(timeout=BEAT)
        except queue.Empty:
            continue


def _stop_in_time(conf: cfg.ConfigOpts, served: service.BaseService) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(conf.graceful_shutdown_timeout)
    served.stop(graceful=True)
    logging.shutdown()
    sys.stdout.flush()
    # A thread that hangs in a call which nobody answers must not keep it.
    os._exit(0)


def _give_up(number: int, frame: FrameType | None) -> None:
    LOG.error("What was in hand did not end within graceful_shutdown_timeout")
    os._exit(1)


def mutate(conf: cfg.ConfigOpts) -> None:
    """Read the files again, for the mutable options. What can't be read
    leaves everything as it was."""
    try:
        conf.mutate_config_files()
        # What others looked up while the files were read is what was in
        # force before, and would be remembered; this only forgets it.
        conf.register_opts([])
    except Exception as exc:
        # Whatever is wrong with a file that somebody just edited.
        LOG.error("The configuration stays as it was: %s",
                  " ".join(str(exc).split()))
    else:
        LOG.info("Read the configuration again")
