"""A private OpenStack Placement, started by a test: the one that operators
come from.

The ``openstack-placement`` package behind waitress, with the development
authentication, on 127.0.0.1 and a free port. Its database is an SQLite file
of its own, unless another URL is given.
"""

import sys

import fixtures

from tests.integration.parts import client
from tests.integration.parts import ports
from tests.integration.parts import processes
from tests.integration.parts import wait

HOST = "127.0.0.1"


class Placement(fixtures.Fixture):
    """A running Placement: ``url``, ``client``, ``database``."""

    def __init__(self, database: str | None = None):
        super().__init__()
        self.database = database

    def _setUp(self) -> None:
        directory = self.useFixture(processes.Directory()).path
        if self.database is None:
            self.database = f"sqlite:///{directory / 'placement.sqlite'}"
        (directory / "placement.conf").touch()
        environment = {
            "OS_PLACEMENT_CONFIG_DIR": str(directory),
            "OS_PLACEMENT_DATABASE__CONNECTION": self.database,
            "OS_PLACEMENT_DATABASE__SYNC_ON_STARTUP": "true",
            "OS_API__AUTH_STRATEGY": "noauth2"}
        port = ports.find()
        self.process = self.useFixture(processes.Process(
            "placement", self.command(port), directory / "placement.log",
            env=environment))
        self.processes = [self.process]
        self.url = f"http://{HOST}:{port}"
        self.client = client.Client(self.url)
        wait.until(self._answers, "Placement answers", deadline=90)

    def command(self, port: int) -> list[str]:
        """Return what serves it on a port."""
        return [sys.executable, "-m", "waitress", f"--listen={HOST}:{port}",
                "placement.wsgi.api:application"]

    def _answers(self) -> bool:
        assert self.process.running, self.process.output
        return self.client.answers()
