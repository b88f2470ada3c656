"""tachyon-scheduler: a SchedulerManager behind RPC, and its periodic work."""

import logging
from collections.abc import Sequence

from tachyon import context
from tachyon import objects
from tachyon import service
from tachyon.rpc import nova as nova_rpc
from tachyon.rpc import scheduler as scheduler_rpc
from tachyon.rpc import server as rpc_server
from tachyon.scheduler.nova import endpoint

LOG = logging.getLogger(__name__)

FLUSH_INTERVAL = 1.0
# What nova takes for 0.
DISCOVER_INTERVAL = 60.0


class SchedulerService(service.RpcService):
    """Listens to the topic of schedulers; any of them serves any message.

    ``make_manager`` opens the store, makes the view and the manager; it is
    called in ``start``, after the fork.
    """

    binary = "tachyon-scheduler"
    topic = scheduler_rpc.TOPIC
    version = scheduler_rpc.SchedulerAPI.VERSION
    methods = ("wake", "heartbeat", "report_inventory", "begin_action",
               "finish_action", "reconcile", "explain", "explain_server")

    _nova: nova_rpc.NovaServer | None = None

    def do_start(self) -> None:
        self._api = scheduler_rpc.SchedulerAPI(self.conf)
        super().do_start()
        if self.manager.nova is not None:
            self._nova = nova_rpc.NovaServer(self.conf, self.host, (
                rpc_server.Endpoint(
                    endpoint.NovaEndpoint(self.manager.nova),
                    endpoint.METHODS, endpoint.VERSION),
                rpc_server.Endpoint(
                    endpoint.BaseEndpoint(), endpoint.BASE_METHODS,
                    endpoint.BASE_VERSION, nova_rpc.BASE_NAMESPACE)))
            self._nova.start()
            LOG.info("Requests of nova's are answered")

    def do_stop(self) -> None:
        if self._nova is not None:
            self._nova.stop()
        super().do_stop()

    def report(self) -> None:
        # Not into the store: that it arrives there the way that the reports
        # of computes go proves that they would, too.
        self._api.heartbeat(
            context.get_admin_context(),
            objects.HeartbeatReport(host=self.host, binary=self.binary))

    def periodics(self) -> Sequence[service.Task]:
        return (
            (self.manager.sweep, self.conf.scheduler.sweep_interval),
            (self.manager.flush_heartbeats, FLUSH_INTERVAL),
            (self.manager.gc, float(self.conf.database.gc_interval)),
            *self._periodics_of_nova(),
        )

    def _periodics_of_nova(self) -> Sequence[service.Task]:
        nova, options = self.manager.nova, self.conf.nova
        if nova is None:
            return ()
        interval = options.discover_hosts_in_cells_interval
        return (
            (nova.sweep, options.sweep_interval),
            *(((nova.discover_hosts, float(interval or DISCOVER_INTERVAL)),)
              if interval >= 0 else ()),
        )

    def drain(self) -> None:
        self.manager.stop()

    def close(self) -> None:
        self.manager.close()
