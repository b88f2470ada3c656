"""tachyon-scheduler: a SchedulerManager behind RPC, and its periodic work."""

from collections.abc import Sequence

from tachyon import context
from tachyon import objects
from tachyon import service
from tachyon.rpc import scheduler as scheduler_rpc

FLUSH_INTERVAL = 1.0


class SchedulerService(service.RpcService):
    """Listens to the topic of schedulers; any of them serves any message.

    ``make_manager`` opens the store, makes the view and the manager; it is
    called in ``start``, after the fork.
    """

    binary = "tachyon-scheduler"
    topic = scheduler_rpc.TOPIC
    version = scheduler_rpc.SchedulerAPI.VERSION
    methods = ("wake", "heartbeat", "report_inventory", "begin_action",
               "finish_action", "reconcile", "explain")

    def do_start(self) -> None:
        self._api = scheduler_rpc.SchedulerAPI(self.conf)
        super().do_start()

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
        )

    def drain(self) -> None:
        self.manager.stop()

    def close(self) -> None:
        self.manager.close()
