"""The two sides: nova's scheduler with Placement on MariaDB, and Tachyon's
with its store in Neo4j. Each has a MariaDB with nova's databases and a
RabbitMQ of its own, and the same computes in them.
"""

import os
import pathlib
import subprocess
import sys
import time

import fixtures

from tachyon.transfer import generated
from tests.benchmark import placement_rows
from tests.benchmark import sides
from tests.benchmark import usage
from tests.benchmark.nova import callers
from tests.integration.nova import daemons as nova
from tests.integration.nova import stack
from tests.integration.parts import daemons
from tests.integration.parts import mariadb
from tests.integration.parts import processes
from tests.integration.parts import rabbitmq

SHAPE = "flat"
WORKERS = 2
# No compute reports: who was there when the cloud was made is up for ever.
FOR_EVER = 10 ** 8
# Seconds in which who is idle uses less than this part of a processor.
_IDLE_FOR, _IDLE = 2.0, 0.1
_DEADLINE = 1800.0


class Side(fixtures.Fixture):
    """A running scheduler; its ``parts`` are all that work for it."""

    name: str
    placement_url: str

    def __init__(self, hosts: int, workers: int = WORKERS) -> None:
        super().__init__()
        self.hosts = hosts
        self.workers = workers

    def cpu(self) -> float:
        """Return the seconds of CPU that all its parts have used."""
        return sum(self.cpu_by_part().values())

    def cpu_by_part(self) -> dict[str, float]:
        return {part.name: usage.cpu([part.pid]) for part in self.parts}

    def _setUp(self) -> None:
        self.directory = self.useFixture(processes.Directory()).path
        self.mariadb = self.useFixture(mariadb.MariaDB(
            ("--innodb-flush-log-at-trx-commit=1",
             "--innodb-buffer-pool-size=1G"),
            databases=(stack.API, stack.CELL0, stack.CELL1, "placement"),
            charset="utf8mb3"))
        self.broker = self.useFixture(rabbitmq.RabbitMQ())
        self.transport_url = self.broker.new_url()
        self.parts = [self.mariadb.process, self.broker.node]
        self._fill_nova()
        self._start()
        callers.ping(self.transport_url)
        # Others of it may be a moment behind.
        self._await_idle()
        callers.sync_hosts(self.transport_url, [
            generated.host_name(SHAPE, number)
            for number in range(self.hosts)])
        self._await_idle()

    def _fill_nova(self) -> None:
        conf = pathlib.Path(self.directory, "fill.conf")
        nova.write(conf, self._databases())
        nova.run(sys.executable, "-P", str(nova.HERE / "cells.py"),
                 str(conf), self.mariadb.url_of(stack.CELL0))
        nova.run(sys.executable, "-P",
                 str(pathlib.Path(__file__).parent / "fill.py"),
                 self.mariadb.url_of(stack.API),
                 self.mariadb.url_of(stack.CELL1), str(self.hosts))

    def _databases(self) -> nova.Options:
        return {"DEFAULT": {"transport_url": self.transport_url},
                "api_database": {
                    "connection": self.mariadb.url_of(stack.API)},
                "database": {"connection": self.mariadb.url_of(stack.CELL1)}}

    def _start(self) -> None:
        """Start what belongs to this side alone."""
        raise NotImplementedError

    def _await_idle(self) -> None:
        end = time.monotonic() + _DEADLINE
        while time.monotonic() < end:
            before = self.cpu()
            time.sleep(_IDLE_FOR)
            if self.cpu() - before < _IDLE * _IDLE_FOR:
                return


class Stock(Side):

    name = "nova-scheduler"

    def _start(self) -> None:
        url = self.mariadb.url_of("placement")
        subprocess.run(
            [str(daemons.BIN / "placement-manage"), "db", "sync"],
            check=True, capture_output=True, timeout=_DEADLINE,
            env={**os.environ, "OS_PLACEMENT_DATABASE__CONNECTION": url})
        peer = self.useFixture(sides.BenchPlacement(url))
        placement_rows.load(url, generated.GeneratedCloud(self.hosts, SHAPE))
        self.placement_url = peer.url
        scheduler = nova.Daemon("nova-scheduler", self.directory, {
            **daemons.merge(self._databases(), {
                "DEFAULT": {"service_down_time": FOR_EVER},
                "scheduler": {"workers": self.workers},
                "oslo_concurrency": {
                    "lock_path": self.directory / "locks"},
                "placement": {
                    "auth_type": "admin_token", "token": "admin",
                    "endpoint": peer.url, "endpoint_override": peer.url}}),
        }, "nova-scheduler")
        self.addCleanup(scheduler.kill)
        scheduler.launch()
        self.parts += [scheduler, peer.process]


class Tachyon(Side):

    name = "tachyon-scheduler"

    def _start(self) -> None:
        server = self.useFixture(sides.BenchNeo4j())
        store = {
            "DEFAULT": {"debug": False, "report_interval": 10,
                        "service_down_time": 60,
                        "transport_url": self.broker.new_url()},
            "database": {"driver": "neo4j", "deadline": sides.DEADLINE},
            "neo4j_database": {"uri": server.uri,
                               "password": server.password}}
        api = daemons.Api(self.directory, store)
        api.sync_store()
        api.manage("cloud", "generate", "--hosts", str(self.hosts),
                   "--shape", SHAPE, deadline=_DEADLINE)
        self.useFixture(api)
        self.placement_url = api.url
        scheduler = daemons.Daemon(
            "tachyon-scheduler", self.directory, daemons.merge(store, {
                "scheduler": {"workers": self.workers,
                              # There are no instances of Tachyon's own.
                              "sweep_interval": 10.0},
                "nova": {"enabled": True,
                         "transport_url": self.transport_url},
                "nova_hosts": {
                    "api_connection": self.mariadb.url_of(stack.API),
                    "service_down_time": FOR_EVER}}))
        self.addCleanup(scheduler.kill)
        scheduler.launch()
        self.parts += [scheduler, server.process, api]


SIDES = {each.name: each for each in (Stock, Tachyon)}
