"""Tachyon's scheduler for nova's tests, in a process of its own.

    python -P -m tests.nova_suite.scheduler FILE

FILE is a configuration of Tachyon's. A call is a line of JSON on stdin, as
``stand_in`` writes it; a line on stdout is what came of it. All between is
what tachyon-scheduler has: its endpoint for nova, its manager, its view of the
store, its host source, which reads the databases of the test that calls.
"""

from tachyon import deploy

# isort: split
import dataclasses
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from oslo_messaging._drivers import common
from oslo_messaging.rpc import dispatcher as rpc_dispatcher
from oslo_serialization import jsonutils
from stevedore import extension

from tachyon import conf as tachyon_conf
from tachyon import plugins
from tachyon.rpc import serializer
from tachyon.rpc import server as rpc_server
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import manager as scheduler_manager
from tachyon.scheduler.actions import filter as filter_action
from tachyon.scheduler.filters import base as filters_base
from tachyon.scheduler.host_sources.nova import api as nova_api
from tachyon.scheduler.host_sources.nova import source as nova_source
from tachyon.scheduler.networks import base as networks_base
from tachyon.scheduler.networks import routes
from tachyon.scheduler.nova import endpoint
from tachyon.scheduler.weighers import base as weighers_base
from tests.nova_suite import options

SOURCE = "nova-tests"
FILTER = "nova-tests-filter"


class There:
    """What is so in the process of the test that calls."""

    cells: dict[str, str] = {}
    weights: dict[str, float] = {}
    # Name of a filter, and of the hosts it was asked about, in this call.
    asked: list[tuple[str, list[str]]] = []
    # What Neutron says: see ``neutron``.
    networks: dict[str, dict[str, Any]] = {}
    # Seconds by which the clock there is ahead.
    ahead = 0.0


class TestedSource(nova_source.NovaSource):
    """``nova``, where mappings name cells and the test says where they are,
    and where time is the test's."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, wall=lambda: time.time() + There.ahead)

    def _watch(self, mappings: Sequence[nova_api.CellMapping]) -> None:
        super()._watch([dataclasses.replace(
            each, database_connection=There.cells.get(
                each.database_connection, each.database_connection))
            for each in mappings])


class TestedNetworks(networks_base.Networks):
    """The networks of the test's Neutron."""

    def port(self, id: str) -> networks_base.Port:
        return networks_base.Port(*There.networks["ports"][id])

    def segments_of_network(self, id: str) -> tuple[str, ...]:
        return tuple(There.networks["networks"][id])

    def segment_of_subnet(self, id: str) -> str | None:
        return There.networks["subnets"][id]


class ListeningAction(filter_action.FilterAction):
    """``filter``, which notes which hosts each filter is asked about."""

    def _run(self, plugin: filters_base.Filter,
             hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> scheduler_data.HostSet:
        There.asked.append((plugin.name, [host.name for host in hosts]))
        return super()._run(plugin, hosts, data)


class HostNameWeigher(weighers_base.Weigher):
    """The weigher that many tests use, so that they know which host it is."""

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        return hosts.nodes.coded("host").each(
            lambda host: float(There.weights.get(host, 0)), np.float64)


class Scheduler:
    """One manager after another: for each of the tests' its own."""

    def __init__(self, file: str):
        self._conf = tachyon_conf.CONF
        deploy.set_defaults(self._conf)
        self._conf([], project="tachyon", default_config_files=[file],
                   default_config_dirs=[])
        deploy.set_up_logging(self._conf)
        self._of: Any = None
        self._manager: scheduler_manager.SchedulerManager | None = None
        self._contexts = serializer.PlainSerializer()

    def answer(self, message: dict[str, Any]) -> Any:
        """Do what a message says; return what goes back."""
        There.cells, There.weights = message["cells"], message["weights"]
        There.ahead, There.asked = message["now"] - time.time(), []
        There.networks = message["networks"]
        for group, name, value in options.places(message["options"],
                                                 self._conf):
            if self._conf[group][name] != value:
                self._conf.set_override(name, value, group)
        self._take(message["api"], message["manager"])
        method = getattr(self._endpoint, message["method"])
        context = self._contexts.deserialize_context(message["context"])
        try:
            return method(context, **message["args"])
        except rpc_dispatcher.ExpectedException as e:
            error = e.exc_info[1]
            assert error is not None
            raise error from None

    def _take(self, api: str, manager: int) -> None:
        """Be the manager that the test has started."""
        if self._of == (api, manager):
            return
        if self._manager is not None:
            self._manager.stop()
            self._manager.close()
        self._conf.set_override("api_connection", api, "nova_hosts")
        self._manager = deploy.make_scheduler_manager(self._conf)
        assert self._manager.nova is not None
        self._endpoint = rpc_server.Endpoint(
            endpoint.NovaEndpoint(self._manager.nova), endpoint.METHODS,
            endpoint.VERSION)
        self._of = api, manager


def add_plugin(namespace: str, name: str, cls: type[Any]) -> None:
    """Make a class known to stevedore as if a package had brought it."""
    plugins.known(namespace)            # fills the cache
    extension.ExtensionManager.ENTRY_POINT_CACHE[namespace].append(
        importlib.metadata.EntryPoint(
            name, f"{cls.__module__}:{cls.__name__}", namespace))


def main(file: str) -> None:
    # What else is printed must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    module = importlib.import_module("tests.nova_suite.scheduler")
    add_plugin(plugins.HOST_SOURCES, SOURCE, module.TestedSource)
    add_plugin(plugins.ACTIONS, FILTER, module.ListeningAction)
    add_plugin(plugins.NOVA_WEIGHERS, "HostNameWeigher",
               module.HostNameWeigher)
    routes.connect = lambda conf: module.TestedNetworks()
    scheduler = module.Scheduler(file)
    for line in sys.stdin:
        answer: dict[str, Any]
        try:
            answer = {"answer": scheduler.answer(json.loads(line))}
        except Exception as e:
            answer = {"failure": common.serialize_remote_exception(
                (type(e), e, e.__traceback__))}
        answer["asked"] = module.There.asked
        answers.write(jsonutils.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
