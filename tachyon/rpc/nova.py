"""Where nova-conductor calls: nova's bus, exchange and topic.

It is another bus than Tachyon's, or the same with other names: Tachyon's
queues may live on quorum, nova's need not, and who declares an exchange
otherwise than the other side does is refused by the broker.
"""

from collections.abc import Sequence

import oslo_messaging
from oslo_config import cfg

from tachyon.rpc import serializer
from tachyon.rpc import server

TOPIC = "scheduler"
# What every service of nova answers besides its own methods.
BASE_NAMESPACE = "baseapi"


def _url(conf: cfg.ConfigOpts) -> oslo_messaging.TransportURL:
    url = oslo_messaging.TransportURL.parse(
        conf, conf.nova.transport_url or None)
    if url.transport == "rabbit":
        url.query.setdefault("rabbit_quorum_queue",
                             str(conf.nova.rabbit_quorum_queue))
    return url


class NovaServer:
    """Listens, and answers, from ``start`` to ``stop``."""

    def __init__(self, conf: cfg.ConfigOpts, host: str,
                 endpoints: Sequence[server.Endpoint]):
        """Nothing is connected yet.

        :raises oslo_messaging.MessagingException: the URL is no good.
        """
        self._threads = conf.rpc_threads
        self._transport = oslo_messaging.get_rpc_transport(conf, _url(conf))
        self._server = server.make(
            self._transport, oslo_messaging.Target(
                topic=TOPIC, server=host,
                exchange=conf.nova.control_exchange),
            endpoints, serializer.PlainSerializer())
        self._listens = False

    def start(self) -> None:
        """Return when a broker has been reached, which may take for ever."""
        self._server.start(override_pool_size=self._threads)
        self._listens = True

    def stop(self) -> None:
        """Take no more messages, and wait for the answers under way."""
        if self._listens:
            self._server.stop()
            self._server.wait()
        self._transport.cleanup()
