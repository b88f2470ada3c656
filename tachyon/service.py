"""What all daemons are made of: periodic work, and an RPC service.

A service has no logic. Its life, in each process::

    __init__ ......... before the fork: options, nothing that must not cross it
    start ............ the manager is made, the bus is listened to, heartbeats
    wait ............. until somebody stops it
    stop ............. no new messages; what was begun ends; heartbeats last

The launcher calls ``start`` and ``wait`` in one thread and ``stop`` in
another.
"""

import abc
import functools
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any, ClassVar

import oslo_messaging
from futurist import periodics
from oslo_config import cfg
from oslo_service import service
from oslo_utils import excutils

from tachyon import exception
from tachyon.rpc import server as rpc_server
from tachyon.rpc import transport

LOG = logging.getLogger(__name__)

Task = tuple[Callable[[], object], float]


class Periodics:
    """Runs each task at once and then every so many seconds.

    Each has a thread of its own, and its next run waits for the last one to
    end. A failing task is logged and tried again at its next time: it never
    takes the daemon down.
    """

    def __init__(self, tasks: Sequence[Task]):
        self._worker = periodics.PeriodicWorker(
            [(_make_callback(task, interval), None, None)
             for task, interval in tasks],
            executor_factory=functools.partial(
                futures.ThreadPoolExecutor, max_workers=max(1, len(tasks))))
        self._thread = threading.Thread(
            target=self._worker.start, kwargs={"allow_empty": True},
            name="periodics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether there will be more runs."""
        return self._thread.is_alive()

    def stop(self, timeout: float = 5.0) -> None:
        """Start no more runs, and wait a while for those under way: one may
        hang in a call that nobody answers."""
        self._worker.stop()
        if self._thread.ident is not None:
            self._thread.join(timeout)


def _make_callback(task: Callable[[], object],
                   interval: float) -> Callable[[], None]:
    name = getattr(task, "__qualname__", repr(task))

    def run() -> None:
        try:
            task()
        except (exception.TachyonException,
                oslo_messaging.MessagingException) as exc:
            LOG.warning("%s failed, next try in %s s: %s",
                        name, interval, transport.tell(exc))
        except Exception:
            LOG.exception("%s failed, next try in %s s", name, interval)

    return periodics.periodic(interval, run_immediately=True)(run)


class BaseService(service.Service, metaclass=abc.ABCMeta):
    """A service that is stopped once, whoever asks for it and how often."""

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__()
        self.conf = conf
        self._stop_asked = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to serve; what can't start raises, and leaves nothing."""
        try:
            self.do_start()
        except BaseException:
            with excutils.save_and_reraise_exception():
                self.stop()

    def stop(self, graceful: bool = False) -> None:
        if not self._stop_asked.acquire(blocking=False):
            return
        try:
            self.do_stop()
        finally:
            super().stop(graceful)
            self._stopped.set()

    def wait(self) -> None:
        """Return when the service has stopped."""
        self._stopped.wait()

    def is_alive(self) -> bool:
        """Return whether what was started still goes on: a service that
        hangs for good is started again. What it waits for may be away."""
        return True

    @abc.abstractmethod
    def do_start(self) -> None:
        """Make all that this process needs, and begin."""

    @abc.abstractmethod
    def do_stop(self) -> None:
        """End what ``do_start`` began, as far as it came."""


class RpcService(BaseService):
    """Listens to a topic, and hands what comes to its manager.

    ``make_manager`` is called in ``start``, after the fork. ``methods`` is
    the explicit list of those of the manager's methods that may be called
    over the bus; each takes the context first.
    """

    binary: ClassVar[str]
    topic: ClassVar[str]
    version: ClassVar[str] = "1.0"
    methods: ClassVar[Sequence[str]]

    def __init__(self, conf: cfg.ConfigOpts,
                 make_manager: Callable[[], Any], host: str | None = None):
        super().__init__(conf)
        self.host = host or conf.service_host
        self.manager: Any = None
        self._make_manager = make_manager
        self._server: oslo_messaging.MessageHandlingServer | None = None
        self._listens = False
        self._periodics: Periodics | None = None

    def do_start(self) -> None:
        self.manager = self._make_manager()
        endpoint = rpc_server.Endpoint(self.manager, self.methods,
                                       self.version, bundled=True)
        self._server = rpc_server.get_server(self.conf, self.topic, self.host,
                                             endpoint)
        # Returns when a broker has been reached, which may take for ever.
        self._server.start(override_pool_size=self.conf.rpc_threads)
        self._listens = True
        self._periodics = Periodics([
            (self.report, self.conf.report_interval), *self.periodics()])
        self._periodics.start()
        LOG.info("%s started as %s", self.binary, self.host)

    def do_stop(self) -> None:
        if self._server is not None and self._listens:
            LOG.info("%s stops", self.binary)
            self._server.stop()
            self._server.wait()
        if self.manager is not None:
            self.drain()
        if self._periodics is not None:
            self._periodics.stop()
        if self.manager is not None:
            self.close()

    def is_alive(self) -> bool:
        return self._periodics is not None and self._periodics.is_alive()

    @abc.abstractmethod
    def report(self) -> None:
        """Say that this daemon is alive, every ``report_interval``."""

    def periodics(self) -> Sequence[Task]:
        """Return the other work that is done every so many seconds."""
        return ()

    def drain(self) -> None:
        """Wait for the end of what the manager has begun on its own.

        No more messages come by now, but heartbeats still go out.
        """

    def close(self) -> None:
        """Give back what the manager was made with."""
