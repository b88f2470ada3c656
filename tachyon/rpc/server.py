"""The server side of the bus: an explicit list of methods, and nothing else.

A message that makes no sense (a method or version that is not there, an
argument too many, an object that can't be read) is dropped with one line in
the log; a caller who waits is told the reason.
"""

import inspect
import logging
import typing
from collections.abc import Callable, Sequence
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_messaging.rpc import dispatcher as rpc_dispatcher
from oslo_messaging.rpc import server as rpc_server

from tachyon import exception
from tachyon.rpc import bundles
from tachyon.rpc import serializer
from tachyon.rpc import transport

LOG = logging.getLogger(__name__)

# As oslo.log names the one of oslo_messaging._drivers.impl_rabbit.
DRIVER_LOGGER = "oslo.messaging._drivers.impl_rabbit"
# Characters of nonsense that are shown: it may be megabytes.
SHOWN = 200
_NONSENSE = (exception.MalformedMessage, rpc_dispatcher.NoSuchMethod,
             rpc_dispatcher.UnsupportedVersion)


class Endpoint:
    """The methods of a manager that may be called over the bus; if they are
    ``bundled``, in bundles, too."""

    def __init__(self, manager: object, methods: Sequence[str],
                 version: str, namespace: str | None = None,
                 bundled: bool = False):
        self.target = oslo_messaging.Target(version=version,
                                            namespace=namespace)
        exposed = {name: _expose(getattr(manager, name)) for name in methods}
        if bundled:
            receiver = bundles.Receiver(dict(exposed))
            exposed |= {"call_all": _expose(receiver.call_all),
                        "cast_all": _expose(receiver.cast_all)}
        for name, method in exposed.items():
            setattr(self, name, method)


def _expose(method: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(method)
    kinds = {name: kind for name, kind
             in typing.get_type_hints(method).items()
             if isinstance(kind, type) and name in signature.parameters}

    @oslo_messaging.expose
    @oslo_messaging.expected_exceptions(exception.TachyonException)
    def exposed(context: Any, **kwargs: Any) -> Any:
        try:
            signature.bind(context, **kwargs)
        except TypeError as exc:
            raise exception.MalformedMessage(reason=str(exc))
        for name, value in kwargs.items():
            if not isinstance(value, kinds.get(name, object)):
                raise exception.MalformedMessage(
                    reason=f"its {name} is a {type(value).__name__}")
        return method(context, **kwargs)

    return exposed


class _Dispatcher:
    """Stands before oslo.messaging's, and turns nonsense into one line."""

    def __init__(self, dispatcher: rpc_dispatcher.RPCDispatcher):
        self._dispatcher = dispatcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dispatcher, name)

    @oslo_messaging.expected_exceptions(*_NONSENSE)
    def dispatch(self, incoming: Any) -> Any:
        message = incoming.message
        try:
            if not isinstance(message.get("args", {}), dict):
                raise exception.MalformedMessage(
                    reason="its args are not an object")
            if not isinstance(message.get("method"), str):
                raise exception.MalformedMessage(reason="it has no method")
            return self._dispatcher.dispatch(incoming)
        except _NONSENSE as exc:
            dropped: Exception = exc
            reason: BaseException = exc
        except rpc_dispatcher.ExpectedException as exc:
            if not isinstance(exc.exc_info[1], exception.MalformedMessage):
                raise
            dropped, reason = exc, exc.exc_info[1]
        # Not where it is handled: oslo.log would add all of it to the line.
        _log_dropped(message, reason)
        raise dropped


def _log_dropped(message: dict[str, Any], reason: BaseException) -> None:
    LOG.warning("Dropped a message of method %s: %s",
                shorten(repr(message.get("method"))), shorten(str(reason)))


def shorten(text: str) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join(text[:SHOWN + 1].split())
    return line if len(text) <= SHOWN else f"{line[:SHOWN]}..."


class _OneLine(logging.Filter):
    """Takes the traceback from what the bus's driver says of a message that
    it can't even read."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and "Failed to process message" in str(record.msg):
            record.msg = "Dropped a message that can't be read: %s"
            record.args = (shorten(repr(record.exc_info[1])),)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


_ONE_LINE = _OneLine()


class _Server(rpc_server.RPCServer):

    def __init__(self, transport: oslo_messaging.Transport,
                 target: oslo_messaging.Target,
                 dispatcher: rpc_dispatcher.RPCDispatcher,
                 executor: str | None = None):
        super().__init__(transport, target, _Dispatcher(dispatcher),
                         executor="threading")


def get_server(conf: cfg.ConfigOpts, topic: str, host: str,
               endpoint: Endpoint) -> rpc_server.RPCServer:
    """Return a server, not started, for ``topic`` and for ``topic.host``."""
    target = oslo_messaging.Target(topic=topic, server=host,
                                   exchange=transport.EXCHANGE)
    return make(transport.get(conf), target, [endpoint],
                serializer.Serializer())


def make(bus: oslo_messaging.Transport, target: oslo_messaging.Target,
         endpoints: Sequence[Endpoint],
         read: oslo_messaging.Serializer) -> rpc_server.RPCServer:
    """Return a server, not started."""
    # Adding it again changes nothing.
    logging.getLogger(DRIVER_LOGGER).addFilter(_ONE_LINE)
    return oslo_messaging.get_rpc_server(
        bus, target, endpoints, serializer=read, server_cls=_Server,
        access_policy=oslo_messaging.ExplicitRPCAccessPolicy)
