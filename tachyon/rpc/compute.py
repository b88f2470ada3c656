"""How a scheduler calls a compute."""

import threading

from oslo_config import cfg

from tachyon import context
from tachyon import objects
from tachyon.rpc import bundles
from tachyon.rpc import transport

TOPIC = "tachyon-compute"


class ComputeAPI:
    """Client side of the compute's RPC interface.

    Version history:

    * 1.0: execute.
    * 1.1: cast_all: bundles, see ``tachyon.rpc.bundles``.
    """

    VERSION = "1.1"

    def __init__(self, conf: cfg.ConfigOpts):
        self._client = transport.get_client(conf, TOPIC, self.VERSION)
        self._lock = threading.Lock()
        self._senders: dict[str, bundles.Sender] = {}

    def execute(self, ctx: context.RequestContext, service_host: str,
                action: objects.InstanceAction, *,
                again: bool = False) -> None:
        """Hand a delivery to the compute of that name. What becomes of it
        is told to ``SchedulerAPI.finish_action``.

        One that is delivered ``again`` goes by itself: the compute may not
        have known what to do with a bundle.
        """
        if again:
            self._client.prepare(
                version=bundles.ALONE, server=service_host).cast(
                ctx, "execute", action=action)
        else:
            self._sender(service_host).cast(ctx, "execute", action=action)

    def _sender(self, service_host: str) -> bundles.Sender:
        with self._lock:
            sender = self._senders.get(service_host)
            if sender is None:
                sender = self._senders[service_host] = bundles.Sender(
                    self._client, "1.1", server=service_host)
            return sender
