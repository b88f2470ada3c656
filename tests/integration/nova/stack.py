"""A whole cloud of nova's, with Tachyon as its Placement and its scheduler.

nova's databases are in MariaDB, Tachyon's store is Neo4j; all talk by
RabbitMQ. Each of them is the stack's own: a test may kill it.
"""

import concurrent.futures
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import fixtures

from tests.integration.nova import client
from tests.integration.nova import daemons
from tests.integration.nova import neighbours
from tests.integration.parts import daemons as tachyon
from tests.integration.parts import mariadb
from tests.integration.parts import neo4j
from tests.integration.parts import processes
from tests.integration.parts import rabbitmq
from tests.integration.parts import wait

API, CELL0, CELL1 = "nova_api", "nova_cell0", "nova_cell1"
# Seconds until all daemons answer; a few are enough on an idle machine.
UP_DEADLINE = 240.0
STORE_DEADLINE = 60.0
FILTERS = ("ComputeFilter", "ComputeCapabilitiesFilter",
           "ImagePropertiesFilter", "ServerGroupAntiAffinityFilter",
           "ServerGroupAffinityFilter", "AggregateInstanceExtraSpecsFilter")


class Stack(fixtures.Fixture):
    """nova-api, nova-conductor and some computes, named ``host0``...;
    tachyon-api and two schedulers. ``client`` asks nova, ``placement``
    Tachyon."""

    def __init__(self, directory: pathlib.Path, computes: int = 3):
        super().__init__()
        self.directory = directory
        self.hosts = [f"host{number}" for number in range(computes)]

    @property
    def processes(self) -> list[processes.Process]:
        return [self.api, self.conductor, *self.computes.values(),
                self.placement_api, *self.schedulers]

    def _setUp(self) -> None:
        # nova has indexes that are too long for characters of four bytes.
        self.mariadb = mariadb.MariaDB(databases=(API, CELL0, CELL1),
                                       charset="utf8mb3")
        self.broker = rabbitmq.RabbitMQ()
        self.neo4j = neo4j.Neo4j()
        self.neighbours = self.useFixture(neighbours.Neighbours())
        _together(*(lambda each=each: self.useFixture(each)
                    for each in (self.mariadb, self.broker, self.neo4j)))
        self.transport_url = self.broker.new_url()
        self._make_tachyon()
        self._make_nova()
        # A compute ends if there is no Placement when it starts.
        _together(self._sync_nova, self._start_placement)
        for daemon in (*self.schedulers, self.conductor,
                       *self.computes.values(), self.api):
            self.addCleanup(daemon.kill)
            daemon.launch()
        self.client = client.Client(self.api.url)
        wait.until(self._is_up, "the cloud is up", deadline=UP_DEADLINE,
                   interval=0.25)

    # ----------------------------------------------------------------- parts
    def _make_tachyon(self) -> None:
        store = {
            # Until a store that died is there again: a compute of nova's that
            # is refused while it builds a server leaves it in BUILD.
            "database": {"driver": "neo4j", "deadline": STORE_DEADLINE},
            "neo4j_database": {
                "uri": self.neo4j.uri, "password": self.neo4j.password,
                "max_transaction_retry_time": STORE_DEADLINE,
                "connection_acquisition_timeout": STORE_DEADLINE},
            "DEFAULT": {"transport_url": self.broker.new_url()}}
        self.placement_api = tachyon.Api(self.directory, store)
        self.schedulers = [
            tachyon.Daemon("tachyon-scheduler", self.directory,
                           tachyon.merge(store, {
                               # There are no instances of Tachyon's own.
                               "scheduler": {"sweep_interval": 10.0},
                               "nova": {"enabled": True,
                                        "transport_url": self.transport_url,
                                        "rabbit_quorum_queue": True,
                                        "sweep_interval": 2.0,
                                        "discover_hosts_in_cells_interval": 1},
                               "nova_hosts": {
                                   "api_connection":
                                       self.mariadb.url_of(API),
                                   # A test sees at once what it changed.
                                   "max_age": 0.0},
                               "filter_scheduler": {
                                   "enabled_filters": ",".join(FILTERS)},
                           }), f"scheduler{number}")
            for number in range(2)]

    def _make_nova(self) -> None:
        options = self._options()
        databases = tachyon.merge(options, {
            "api_database": {"connection": self.mariadb.url_of(API)},
            "database": {"connection": self.mariadb.url_of(CELL1)}})
        self.api = daemons.Api(self.directory, databases)
        self.conductor = daemons.Daemon("nova-conductor", self.directory,
                                        databases, "nova-conductor")
        # These have no access to any.
        self.computes = {
            host: daemons.Daemon("nova-compute", self.directory, options, host)
            for host in self.hosts}

    def _options(self) -> daemons.Options:
        """Return the options that all of nova's daemons have."""
        def endpoint(url: str, **more: str) -> dict[str, str]:
            return {"auth_type": "admin_token", "token": "admin",
                    "endpoint": url, **more}

        return {
            "DEFAULT": {
                "transport_url": self.transport_url, "my_ip": "127.0.0.1",
                "report_interval": 1, "update_resources_interval": 10,
                # Seconds after which a call is given up that nobody works on.
                "rpc_response_timeout": 20,
                # The one of those that only pretend that knows who it is
                # when it is started again.
                "compute_driver": "fake.FakeDriverWithoutFakeNodes"},
            # What was sent outlives the broker.
            "oslo_messaging_rabbit": {"rabbit_quorum_queue": True},
            "oslo_concurrency": {"lock_path": self.directory / "locks"},
            "conductor": {"workers": 1},
            "placement": endpoint(
                self.placement_api.url,
                endpoint_override=self.placement_api.url),
            "glance": {"endpoint_override": self.neighbours.image_url},
            "neutron": endpoint(
                self.neighbours.network_url,
                endpoint_override=self.neighbours.network_url),
            "service_user": endpoint("http://127.0.0.1",
                                     send_service_user_token="true"),
            "vnc": {"enabled": False},
            "quota": dict.fromkeys(("instances", "cores", "ram"), -1),
        }

    def _start_placement(self) -> None:
        self.placement_api.sync_store()
        self.placement = self.useFixture(self.placement_api).client

    def _sync_nova(self) -> None:
        daemons.run(
            # Beside it are other modules of the names of nova's.
            sys.executable, "-P", str(daemons.HERE / "cells.py"),
            str(self.api.file), self.mariadb.url_of(CELL0))

    # ----------------------------------------------------------------- state
    def _is_up(self) -> bool:
        for daemon in self.processes:
            if not daemon.running:
                raise AssertionError(
                    f"{daemon.name} ended with {daemon.exit_code}:\n"
                    f"{daemon.output[-4000:]}")
        if not (self.placement.answers() and self.client.answers()):
            return False
        there = self.placement.providers().values()
        # A compute tells its traits last. A host that is not mapped to its
        # cell is none of nova's yet.
        return len(there) == len(self.hosts) == len(
            self.client.get("/os-hypervisors")["hypervisors"]) and all(
            self.placement.get(f"/resource_providers/{uuid}/traits")["traits"]
            for uuid in there)

    def manage(self, *arguments: str) -> str:
        """Run ``nova-manage``; return what it printed."""
        return daemons.run(str(daemons.BIN / "nova-manage"), "--config-file",
                           str(self.api.file), *arguments)


def _together(*tasks: Callable[[], Any]) -> None:
    """Do these at the same time, and return when all are done."""
    with concurrent.futures.ThreadPoolExecutor(len(tasks)) as pool:
        for done in [pool.submit(task) for task in tasks]:
            done.result()
