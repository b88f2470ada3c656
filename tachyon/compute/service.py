"""tachyon-compute: the bus on one side, a domain driver on the other.

It holds no credentials of the store: all that it knows and does goes over
the bus to a scheduler.
"""

from collections.abc import Sequence

from oslo_config import cfg

from tachyon import context
from tachyon import plugins
from tachyon import service
from tachyon.compute import manager as compute_manager
from tachyon.rpc import compute
from tachyon.rpc import scheduler


def make_manager(conf: cfg.ConfigOpts) -> compute_manager.ComputeManager:
    """Return a manager with the configured domain driver.

    :raises PluginError: the driver is missing or broken.
    """
    driver = plugins.load(plugins.COMPUTE_DRIVERS, conf.compute.domain_driver)
    api = scheduler.SchedulerAPI(conf)
    return compute_manager.ComputeManager(conf, driver(conf), api)


class ComputeService(service.RpcService):
    """The RPC server, heartbeats and periodic work of a compute."""

    binary = compute_manager.BINARY
    topic = compute.TOPIC
    version = compute.ComputeAPI.VERSION
    methods = ("execute",)

    manager: compute_manager.ComputeManager

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__(conf, lambda: make_manager(conf))

    def report(self) -> None:
        self.manager.heartbeat(context.get_admin_context())

    def has_reported(self) -> bool:
        """Return whether a scheduler has heard what the hosts have."""
        return self.manager is not None and self.manager.has_reported()

    def periodics(self) -> Sequence[service.Task]:
        return ((self._report_inventory, self.conf.compute.inventory_interval),
                (self._reconcile, self.conf.compute.reconcile_interval))

    def drain(self) -> None:
        self.manager.stop()

    def close(self) -> None:
        self.manager.driver.close()

    def _report_inventory(self) -> None:
        self.manager.report_inventory(context.get_admin_context())

    def _reconcile(self) -> None:
        self.manager.reconcile(context.get_admin_context())
