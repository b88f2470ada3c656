"""How a scheduler calls a compute."""

from oslo_config import cfg

from tachyon import context
from tachyon import objects
from tachyon.rpc import transport

TOPIC = "tachyon-compute"


class ComputeAPI:
    """Client side of the compute's RPC interface.

    Version history:

    * 1.0: execute.
    """

    VERSION = "1.0"

    def __init__(self, conf: cfg.ConfigOpts):
        self._client = transport.get_client(conf, TOPIC, self.VERSION)

    def execute(self, ctx: context.RequestContext, service_host: str,
                action: objects.InstanceAction) -> None:
        """Hand a delivery to the compute of that name. What becomes of it
        is told to ``SchedulerAPI.finish_action``."""
        self._client.prepare(version="1.0", server=service_host).cast(
            ctx, "execute", action=action)
