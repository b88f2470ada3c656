"""What a host source is: it knows of hosts what Placement does not.

Which service answers for a host and whether it is up, its cell and zone, the
metadata of its aggregates, what its compute node reports, and which instances
are on it. A decision looks in two steps, as at the services: ``refresh``
reads, before the view is held; ``facts`` lays what was read over a snapshot.
"""

# Methods that a source may have no use for do nothing.
# ruff: noqa: B027

import abc
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from oslo_config import cfg

from tachyon.db import base as db_base
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler.host_sources import facts as facts_module


class HostSource(abc.ABC):
    """Base of plug-ins in ``tachyon.host_sources``.

    One a process; many threads use it at the same time. What arrives from
    the bus about aggregates and instances is passed on to it, as plain
    dicts with nova's names; a source that has no use for it ignores it.
    """

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 name: str) -> None:
        self.conf = conf
        self.driver = driver
        self.name = name                     # as the configuration has it

    @abc.abstractmethod
    def refresh(self) -> Any:
        """Return what ``facts`` needs, as of now or a moment ago. It reads:
        call it without holding the view.

        :raises HostSourceUnavailable: nothing is known of any host.
        :raises DriverUnavailable:
        """

    @abc.abstractmethod
    def facts(self, snapshot: snapshot_module.Snapshot,
              token: Any) -> facts_module.Facts:
        """Return what is known of the hosts of a snapshot. ``token`` is what
        ``refresh`` returned. It does no work for each host, unless there are
        others than before."""

    def consume(self, taken: Sequence[tuple[str, facts_module.Consumption]]
                ) -> None:
        """Note that instances were given hosts, each of which is named by the
        uuid of its provider: all facts from now on know it, until the
        computes themselves say so."""

    def release(self, provider_uuid: str, instance_uuid: str) -> None:
        """Take back ``consume``: the claim came to nothing."""

    def begin(self, instance_uuid: str) -> None:
        """Note that it is asked anew where an instance is to be: by now, it
        is on the host that it was given before, or will not come."""

    def discover_hosts(self) -> Collection[str]:
        """Have nova know its new hosts; return their names.

        :raises HostSourceUnavailable: nothing is known of any host.
        """
        return ()

    def find_buried(self, seconds: float) -> Collection[str]:
        """Return the servers that were given up in the last so many seconds,
        since no host was found for them.

        :raises HostSourceUnavailable: nobody knows.
        """
        return ()

    def update_aggregates(self,
                          aggregates: Sequence[Mapping[str, Any]]) -> None:
        """Take over aggregates: id, uuid, name, hosts, metadata."""

    def delete_aggregate(self, id: int) -> None:
        """Forget an aggregate."""

    def update_instance_info(self, host: str,
                             instances: Sequence[Mapping[str, Any]]) -> None:
        """Take over instances of a service host, by their uuid."""

    def delete_instance_info(self, host: str, uuid: str) -> None:
        """Forget an instance of a service host."""

    def sync_instance_info(self, host: str, uuids: Collection[str]) -> None:
        """Compare with all instances that a service host says it has."""

    def close(self) -> None:
        """Let go of connections and threads."""
