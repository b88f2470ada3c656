"""tachyon-api as a daemon: an HTTP server around the WSGI application.

Any other WSGI server does as well, with ``tachyon.deploy:application``.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol
from wsgiref import types

from oslo_config import cfg
from oslo_utils import netutils

from tachyon import service
from tachyon.api import server

LOG = logging.getLogger(__name__)

BINARY = "tachyon-api"


class Api(Protocol):
    """What answers the requests of one process."""

    app: types.WSGIApplication

    def report(self) -> None:
        """Say that this daemon is alive."""

    def close(self) -> None:
        """Give back what the process held."""


class ApiService(service.BaseService):
    """Serves HTTP on ``[api] host`` and ``port``, with ``[api] threads``.

    ``make_api`` is called in ``start``, after the fork. With ``reuse_port``
    several processes may listen to the same port, and the kernel spreads the
    connections; see ``reserve_port``.
    """

    def __init__(self, conf: cfg.ConfigOpts, make_api: Callable[[], Api],
                 reuse_port: bool = False):
        super().__init__(conf)
        self._make_api = make_api
        self._reuse_port = reuse_port
        self._api: Api | None = None
        self._server: server.Server | None = None
        self._thread: threading.Thread | None = None
        self._periodics: service.Periodics | None = None
        self.port: int = conf.api.port

    @property
    def url(self) -> str:
        """Where it listens, once it does."""
        host = netutils.escape_ipv6(self.conf.api.host)
        return f"http://{host}:{self.port}"

    def do_start(self) -> None:
        self._api = self._make_api()
        listener = self._bind()
        self.port = listener.getsockname()[1]
        self._server = server.Server(self.conf, self._api.app, listener)
        self._thread = threading.Thread(target=self._server.serve,
                                        name="http", daemon=True)
        self._thread.start()
        self._periodics = service.Periodics([
            (self._api.report, self.conf.report_interval)])
        self._periodics.start()
        LOG.info("%s listens on %s", BINARY, self.url)

    def do_stop(self) -> None:
        if self._server is not None:
            LOG.info("%s stops", BINARY)
            self._server.stop(self._grace())
        if self._thread is not None:
            self._thread.join()
        if self._periodics is not None:
            self._periodics.stop()
        if self._api is not None:
            self._api.close()

    def is_alive(self) -> bool:
        return self._server is not None and self._server.is_alive()

    def _grace(self) -> float:
        """Return the seconds that requests have to end in: half of the time
        to stop in, since what they began may have to end, too."""
        limit = self.conf.graceful_shutdown_timeout
        return limit / 2 if limit else float("inf")

    def _bind(self) -> socket.socket:
        with contextlib.ExitStack() as undo:
            try:
                family, kind, proto, _, address = _resolve(
                    self.conf.api.host, self.port)
                listener = socket.socket(family, kind, proto)
                undo.callback(listener.close)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR,
                                    1)
                if self._reuse_port:
                    listener.setsockopt(socket.SOL_SOCKET,
                                        socket.SO_REUSEPORT, 1)
                listener.bind(address)
            except OSError as exc:
                raise _in_use(self.conf, exc)
            undo.pop_all()
        return listener


def reserve_port(conf: cfg.ConfigOpts) -> socket.socket:
    """Return a socket that keeps ``[api] port`` for the children of this
    process, and sets the option to the port found if it was 0.

    It never listens, so that the kernel sends no connection to it.

    :raises OSError: the port is taken, or the host is none of this machine.
    """
    try:
        family, kind, proto, _, address = _resolve(conf.api.host,
                                                   conf.api.port)
        with socket.socket(family, kind, proto) as probe:
            # Without SO_REUSEPORT: somebody else's server is to be noticed.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            address = probe.getsockname()
        reserved = socket.socket(family, kind, proto)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(address)
    except OSError as exc:
        raise _in_use(conf, exc)
    conf.set_override("port", address[1], group="api")
    return reserved


def _resolve(host: str, port: int) -> Any:
    """Return what ``getaddrinfo`` finds first.

    :raises OSError:
    """
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM,
                              flags=socket.AI_PASSIVE)[0]


def _in_use(conf: cfg.ConfigOpts, exc: OSError) -> OSError:
    host = netutils.escape_ipv6(conf.api.host)
    return OSError(f"can't listen on {host}:{conf.api.port}: "
                   f"{exc.strerror or exc}")
