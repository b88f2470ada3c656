"""The bus: one transport a process, made after the fork, and its clients.

The default is ``fake://``, which needs no broker and does not leave the
process: enough for tachyon-standalone, and for a lone tachyon-api.
"""

import logging
import os
import socket
import threading
from importlib import metadata

import oslo_messaging
from kombu import exceptions as kombu_exceptions
from oslo_config import cfg
from oslo_messaging import transport as messaging_transport
from oslo_messaging._drivers import amqpdriver
from oslo_messaging._drivers import impl_rabbit

from tachyon import exception
from tachyon.rpc import serializer

LOG = logging.getLogger(__name__)

EXCHANGE = "tachyon"
ALLOWED_EXMODS = ["tachyon.exception"]
DEFAULT_URL = "fake://"
DRIVERS = "oslo.messaging.drivers"
# Times a lost connection is made anew before the caller is told: who waits
# for an HTTP answer must not wait for a broker, too.
CONNECT_RETRIES = 1
# Messages that the broker hands a process before it has taken the first: one
# that stalls keeps no more of them from the others.
PREFETCH = 16
# Seconds between the first looks for what is to be acknowledged, after a
# message; doubled as long as nothing comes. The library's own, a thousandth,
# has a process that gets a message every now and then look all the time; and
# PREFETCH of them in such a time are more than a process can handle.
ACK_INTERVAL = 0.016
DEFAULT_PORT = 5672
# Seconds that one broker has to take a connection.
PROBE_DEADLINE = 1.0

_lock = threading.Lock()
_transport: tuple[int, oslo_messaging.Transport] | None = None


def set_defaults() -> None:
    """Set the defaults of the bus: ``fake://``, Tachyon's exchange, and on
    RabbitMQ queues that survive the loss of a node, and few messages ahead.
    """
    oslo_messaging.set_transport_defaults(EXCHANGE)
    # The library has a function for that one only.
    cfg.set_defaults(messaging_transport._transport_opts,
                     transport_url=DEFAULT_URL)
    cfg.set_defaults(impl_rabbit.rabbit_opts, rabbit_quorum_queue=True,
                     rabbit_qos_prefetch_count=PREFETCH)
    amqpdriver.ACK_REQUEUE_EVERY_SECONDS_MIN = ACK_INTERVAL


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Make ``transport_url`` known before there is a transport."""
    # Registers the options: that is all it is asked for.
    oslo_messaging.TransportURL.parse(conf)


def is_local(conf: cfg.ConfigOpts) -> bool:
    """Return whether messages stay in this process."""
    url = oslo_messaging.TransportURL.parse(conf)
    return url.transport in ("fake", "kombu+memory")


def check(conf: cfg.ConfigOpts) -> None:
    """Check, without connecting, that messages could be sent.

    :raises TachyonException: the URL is no good, or its driver is missing.
    """
    try:
        name = oslo_messaging.TransportURL.parse(conf).transport
        if name not in metadata.entry_points(group=DRIVERS).names:
            raise exception.TachyonException(
                f"transport_url: there is no driver named {name}")
        oslo_messaging.get_rpc_transport(conf).cleanup()
    except (oslo_messaging.MessagingException, ValueError) as exc:
        raise exception.TachyonException(f"transport_url: {exc}")


def probe(conf: cfg.ConfigOpts) -> None:
    """Return if any broker of the bus takes a connection. It is closed before
    anything is said, which brokers are used to.

    :raises BusUnavailable: none does.
    """
    if is_local(conf):
        return
    troubles = []
    for host in oslo_messaging.TransportURL.parse(conf).hosts:
        address = host.hostname, host.port or DEFAULT_PORT
        try:
            with socket.create_connection(address, PROBE_DEADLINE):
                return
        except OSError as error:
            troubles.append(f"{address[0]}:{address[1]}: {error}")
    raise exception.BusUnavailable(reason="; ".join(troubles))


def get(conf: cfg.ConfigOpts) -> oslo_messaging.Transport:
    """Return this process's transport; the first call makes it."""
    global _transport
    with _lock:
        if _transport is None or _transport[0] != os.getpid():
            _transport = os.getpid(), oslo_messaging.get_rpc_transport(
                conf, allowed_remote_exmods=ALLOWED_EXMODS)
        return _transport[1]


def cleanup() -> None:
    """Close this process's transport, if it made one."""
    global _transport
    with _lock:
        if _transport is not None and _transport[0] == os.getpid():
            _transport[1].cleanup()
        _transport = None


def get_client(conf: cfg.ConfigOpts, topic: str, version: str
               ) -> oslo_messaging.RPCClient:
    """Return a client of the services that listen on ``topic``."""
    target = oslo_messaging.Target(topic=topic, version=version,
                                   exchange=EXCHANGE)
    return oslo_messaging.get_rpc_client(
        get(conf), target, version_cap=version,
        serializer=serializer.Serializer(), retry=CONNECT_RETRIES)


def tell(exc: BaseException) -> str:
    """Return what went wrong, in one line: what was raised at the other end
    of the bus has its traceback in its text."""
    return str(exc).partition("\n")[0] or type(exc).__name__


def is_too_new(exc: BaseException) -> bool:
    """Return whether who was called is of a release that does not know the
    call yet."""
    # It arrives as itself only if it did not leave the process.
    unknown = oslo_messaging.UnsupportedVersion
    return isinstance(exc, unknown) or (
        isinstance(exc, oslo_messaging.RemoteError)
        and exc.exc_type == unknown.__name__)


def is_unanswered(exc: BaseException) -> bool:
    """Return whether a call ended with its outcome unknown, and is worth
    making again: nobody answered, or who answered could not reach the store.
    """
    if isinstance(exc, (exception.DriverUnavailable,
                        # oslo.messaging lets these through at times.
                        kombu_exceptions.OperationalError, ConnectionError)):
        return True
    return (isinstance(exc, oslo_messaging.MessagingException)
            and not isinstance(exc, (oslo_messaging.RemoteError,
                                     oslo_messaging.MessagingServerError,
                                     oslo_messaging.RPCVersionCapError)))
