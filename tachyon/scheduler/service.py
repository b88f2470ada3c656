"""tachyon-scheduler: a SchedulerManager behind RPC, and its periodic work."""

from collections.abc import Sequence

from tachyon import service
from tachyon.db import models
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

    def report(self) -> None:
        self.manager.report_alive(models.Heartbeat(self.host, self.binary))

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
