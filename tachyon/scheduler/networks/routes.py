"""When Neutron is asked: once a call, before a snapshot is held."""

import importlib
import threading
from typing import Any

from oslo_config import cfg

from tachyon import exception
from tachyon.scheduler.networks import base


def connect(conf: cfg.ConfigOpts) -> base.Networks:
    """Return who knows of networks.

    :raises HostSourceUnavailable: openstacksdk is not installed, or group
        ``neutron`` is no good.
    """
    try:
        module = importlib.import_module("tachyon.scheduler.networks.neutron")
    except ImportError as e:
        raise exception.HostSourceUnavailable(
            f"Neutron can't be asked, install openstacksdk: {e}.") from e
    found: base.Networks = module.NeutronNetworks(conf)
    return found


class Routes:
    """Finds what hosts have to reach, where
    ``query_placement_for_routed_network_aggregates`` says so."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        """:raises HostSourceUnavailable:"""
        self._conf = conf
        self._lock = threading.Lock()
        self._networks: base.Networks | None = None
        if self._wanted and conf.nova.enabled:
            self._ask()

    @property
    def _wanted(self) -> bool:
        name = "query_placement_for_routed_network_aggregates"
        return bool(self._conf.scheduler[name])

    def find(self, spec: Any) -> None:
        """Note in ``spec.call`` what hosts have to reach; a RequestSpec for
        another server of the same call knows it already.

        :raises HostSourceUnavailable:
        :raises SchedulingDataInvalid: there is no such port, or network.
        """
        if (not self._wanted or spec.is_rebuild
                or spec.call.reaches is not None):
            return
        try:
            spec.call.reaches = (base.find_reaches(
                self._ask(), spec.requested_networks)
                if spec.requested_networks else ())
        except exception.NotFound as e:
            raise exception.SchedulingDataInvalid(
                action="routed networks", reason=str(e)) from e

    def _ask(self) -> base.Networks:
        with self._lock:
            if self._networks is None:
                self._networks = connect(self._conf)
            return self._networks
