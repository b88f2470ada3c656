"""The sides that are compared: Tachyon over each store, and Placement.

Each is what an operator would run, as far as one machine goes: two HTTP
processes, and a store that flushes every commit to the disk.
"""

import contextlib
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import fixtures
import neo4j as neo4j_client

from tachyon.transfer import generated
from tests.benchmark import placement_rows
from tests.benchmark import usage
from tests.benchmark import wire
from tests.integration.parts import daemons
from tests.integration.parts import mariadb
from tests.integration.parts import neo4j
from tests.integration.parts import placement
from tests.integration.parts import processes
from tests.integration.parts import wait

# What the peer needs; gunicorn serves it.
PEER_PACKAGES = ("placement", "gunicorn")
WORKERS = 2
THREADS = 8
LOAD_DEADLINE = 1800.0                  # seconds
DEADLINE = 60.0                         # seconds of a call to the store
_PINGS = 200
QUERY = ("/allocation_candidates?resources=VCPU:1,MEMORY_MB:512,DISK_GB:10"
         "&limit=1")


class Side(fixtures.Fixture):
    """A running server of the Placement API, with a cloud in its store.

    ``ready_after`` is how many seconds its daemon took from its start to the
    first answer that needs the whole cloud.
    """

    name: str
    url: str

    def __init__(self, hosts: int, shape: str):
        super().__init__()
        self.hosts = hosts
        self.shape = shape
        self._processes: list[processes.Process] = []

    def cpu(self) -> float:
        """Return the seconds of CPU that all its parts have used."""
        return usage.cpu(each.pid for each in self._processes)

    def ping(self) -> float:
        """Return the median seconds of the least that its store does for
        anybody; 0 if nobody has said what that is."""
        return 0.0

    def memory(self) -> dict[str, float]:
        """Return the megabytes that its parts hold; of several processes of
        one part, the largest."""
        return {each.name: max(usage.memory([each.pid]).values())
                for each in self._processes}

    def _wait_for_the_cloud(self, start: float) -> None:
        client = wire.Wire(self.url)
        # Its store may be busy yet with what was put into it.
        wait.until(lambda: client.ask("GET", QUERY)[0] == 200,
                   f"{self.name} knows the cloud", deadline=LOAD_DEADLINE)
        client.close()
        self.ready_after = time.monotonic() - start


class BenchNeo4j(neo4j.Neo4j):
    """Neo4j as it is meant to run: with all of its compiler, and memory."""

    jvm_options = ("--add-opens=java.base/java.nio=ALL-UNNAMED",
                   "--add-opens=java.base/java.lang=ALL-UNNAMED", "-Xmx1g")
    configuration = neo4j.CONFIGURATION.replace(
        "pagecache.size=64m", "pagecache.size=512m")


class _Tachyon(Side):

    def _start(self, store: daemons.Options,
               parts: Sequence[processes.Process] = ()) -> None:
        directory = self.useFixture(processes.Directory()).path
        api = daemons.Api(directory, daemons.merge(store, {
            "DEFAULT": {"debug": False, "report_interval": 10,
                        "service_down_time": 60},
            "api": {"workers": WORKERS, "threads": THREADS},
            # What is slow is measured, and no failure.
            "database": {"deadline": DEADLINE}}))
        api.sync_store()
        api.manage("cloud", "generate", "--hosts", str(self.hosts),
                   "--shape", self.shape, deadline=LOAD_DEADLINE)
        start = time.monotonic()
        self.useFixture(api)
        self.url = api.url
        self._processes = [api, *parts]
        self._wait_for_the_cloud(start)


class TachyonOnNeo4j(_Tachyon):

    name = "neo4j"

    def _setUp(self) -> None:
        self._server = server = self.useFixture(BenchNeo4j())
        self._start({"database": {"driver": "neo4j"}, "neo4j_database": {
            "uri": server.uri, "password": server.password}},
            [server.process])

    def ping(self) -> float:
        """Return what one round trip takes."""
        with neo4j_client.GraphDatabase.driver(
                self._server.uri, auth=(self._server.username,
                                        self._server.password)
                ) as driver, driver.session(database="neo4j") as session:
            return _median(lambda: session.run("RETURN 1").consume())


class TachyonOnSQLite(_Tachyon):

    name = "sqlite"

    def _setUp(self) -> None:
        self._start({"database": {"driver": "sqlite"}})

    def ping(self) -> float:
        """Return what a commit of one row takes, which is on the disk then:
        there is no way to a server."""
        directory = self.useFixture(processes.Directory()).path
        with contextlib.closing(sqlite3.connect(
                directory / "ping.sqlite", isolation_level=None)) as store:
            store.execute("PRAGMA journal_mode = WAL")
            store.execute("PRAGMA synchronous = FULL")
            store.execute("CREATE TABLE pings (number INTEGER)")
            return _median(lambda: store.execute(
                "INSERT INTO pings VALUES (1)"))


def _median(action: Callable[[], Any]) -> float:
    times = []
    for _turn in range(_PINGS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class BenchPlacement(placement.Placement):

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-m", "gunicorn",
                f"--bind={placement.HOST}:{port}", f"--workers={WORKERS}",
                "--worker-class=gthread", f"--threads={THREADS}",
                "--keep-alive=60", "--timeout=900", "--log-level=warning",
                "placement.wsgi.api:application"]


class PlacementOnMariaDB(Side):

    name = "placement"

    def _setUp(self) -> None:
        server = self.useFixture(mariadb.MariaDB((
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M")))
        # Not by two workers at once, when they start.
        subprocess.run(
            [str(daemons.BIN / "placement-manage"), "db", "sync"],
            check=True, capture_output=True, timeout=LOAD_DEADLINE,
            env={**os.environ,
                 "OS_PLACEMENT_DATABASE__CONNECTION": server.url})
        peer = self.useFixture(BenchPlacement(server.url))
        placement_rows.load(server.url, generated.GeneratedCloud(
            self.hosts, self.shape))
        self.url = peer.url
        self._processes = [peer.process, server.process]
        # It keeps no view, and was started before there was a cloud.
        self._wait_for_the_cloud(time.monotonic())


SIDES: dict[str, type[Side]] = {
    side.name: side for side in (TachyonOnNeo4j, TachyonOnSQLite,
                                 PlacementOnMariaDB)}
