"""The server side of the bus: an explicit list of methods, and nothing else.

A message that makes no sense (a method or version that is not there, an
argument too many, an object that can't be read) is dropped with one line in
the log; a caller who waits is told the reason.
"""

import inspect
import logging
from collections.abc import Callable, Sequence
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_messaging.rpc import dispatcher as rpc_dispatcher
from oslo_messaging.rpc import server as rpc_server

from tachyon import exception
from tachyon.rpc import serializer
from tachyon.rpc import transport

LOG = logging.getLogger(__name__)

_NONSENSE = (exception.MalformedMessage, rpc_dispatcher.NoSuchMethod,
             rpc_dispatcher.UnsupportedVersion)


class Endpoint:
    """The methods of a manager that may be called over the bus."""

    def __init__(self, manager: object, methods: Sequence[str],
                 version: str):
        self.target = oslo_messaging.Target(version=version)
        for name in methods:
            setattr(self, name, _expose(getattr(manager, name)))


def _expose(method: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(method)

    @oslo_messaging.expose
    @oslo_messaging.expected_exceptions(exception.TachyonException)
    def exposed(context: Any, **kwargs: Any) -> Any:
        try:
            signature.bind(context, **kwargs)
        except TypeError as exc:
            raise exception.MalformedMessage(reason=str(exc))
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
            LOG.warning("Dropped a message of method %r: %s",
                        message.get("method"), exc)
            raise
        except rpc_dispatcher.ExpectedException as exc:
            if isinstance(exc.exc_info[1], exception.MalformedMessage):
                LOG.warning("Dropped a message of method %r: %s",
                            message.get("method"), exc.exc_info[1])
            raise


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
    return oslo_messaging.get_rpc_server(
        transport.get(conf), target, [endpoint],
        serializer=serializer.Serializer(), server_cls=_Server,
        access_policy=oslo_messaging.ExplicitRPCAccessPolicy)
