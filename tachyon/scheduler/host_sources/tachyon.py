"""The host source ``tachyon``: Tachyon's own computes.

They say which hosts they serve, and that they are alive. All else about a
host is in the store, with Placement's: what is free of it comes from there.
"""

import copy
import threading

import numpy as np
import numpy.typing as npt
from oslo_config import cfg

from tachyon.db import base as db_base
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler import hosts as scheduler_hosts
from tachyon.scheduler.host_sources import base
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources import table as table_module

# Attribute of a node: resource class, and how many of the former are one of
# the latter.
_AMOUNTS = {"free_ram_mb": ("MEMORY_MB", 1), "free_disk_mb": ("DISK_GB", 1024),
            "vcpus_free": ("VCPU", 1)}


class StoreTable(table_module.Table):
    """Nodes whose free amounts are those of a snapshot."""

    _snapshot: snapshot_module.Snapshot

    def over(self, snapshot: snapshot_module.Snapshot) -> "StoreTable":
        """Return the same nodes, and the very columns of their names, with
        the amounts of a snapshot."""
        found = copy.copy(self)
        found._snapshot = snapshot
        return found

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        if name not in _AMOUNTS:
            return super().numbers(name)
        resource_class, factor = _AMOUNTS[name]
        free = self._snapshot.tree_sum(self._snapshot.free(resource_class))
        return np.append(free[self._snapshot.host_rows] * factor,
                         0.0).astype(np.float64)


class TachyonSource(base.HostSource):
    """A node for each host, named like its provider."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 name: str) -> None:
        super().__init__(conf, driver, name)
        self._hosts = scheduler_hosts.HostMap(conf, driver)
        self._lock = threading.Lock()
        self._mapped: tuple[object, int] | None = None
        self._table = StoreTable(())
        self._by_row: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def refresh(self) -> scheduler_hosts.ServiceTable:
        return self._hosts.refresh()

    def facts(self, snapshot: snapshot_module.Snapshot,
              token: scheduler_hosts.ServiceTable) -> facts_module.Facts:
        with self._lock:
            self._map(snapshot)
            table, by_row = self._table.over(snapshot), self._by_row
        return facts_module.Facts(
            table, by_row, self._hosts.serving(snapshot, token),
            self._no_aggregates)

    def _map(self, snapshot: snapshot_module.Snapshot) -> None:
        """Make a node for each host. Lock held."""
        mapped = snapshot.life, snapshot.topology
        if self._mapped == mapped:
            return
        rows = snapshot.host_rows
        self._table = StoreTable([
            node_module.Node(uuid=snapshot.uuids[row],
                             host=snapshot.names[row],
                             nodename=snapshot.names[row],
                             hypervisor_hostname=snapshot.names[row])
            for row in rows.tolist()])
        self._by_row = np.full(snapshot.n, -1, np.int32)
        self._by_row[rows] = np.arange(len(rows), dtype=np.int32)
        self._no_aggregates = facts_module.memberships(self._table, ())
        self._mapped = mapped
