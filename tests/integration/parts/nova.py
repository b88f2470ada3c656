"""Nova's commands, from PyPI, on databases of their own.

No daemon of nova runs: there is what an operator has set up before he starts
the first.
"""

import configparser
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping

import fixtures

from tests.integration.parts import processes

BIN = pathlib.Path(sys.executable).parent
# Seconds for one command; a few are enough on an idle machine.
DEADLINE = 180.0


class Nova(fixtures.Fixture):
    """Two cells, whose services log in to Keystone with these options."""

    def __init__(self, service_options: Mapping[str, str]):
        super().__init__()
        self.service_options = service_options

    def _setUp(self) -> None:
        directory = self.useFixture(processes.Directory()).path
        self.file = directory / "nova.conf"
        databases = {name: f"sqlite:///{directory}/{name}.sqlite"
                     for name in ("api", "cell0", "cell1")}
        parser = configparser.RawConfigParser()
        parser.read_dict({
            "DEFAULT": {"state_path": directory, "transport_url": "fake:/"},
            "api_database": {"connection": databases["api"]},
            "database": {"connection": databases["cell1"]},
            "placement": self.service_options,
            "service_user": {**self.service_options,
                             "send_service_user_token": True},
        })
        with open(self.file, "w") as file:
            parser.write(file)
        self.run("nova-manage", "api_db", "sync")
        self.run("nova-manage", "cell_v2", "map_cell0",
                 "--database_connection", databases["cell0"])
        self.run("nova-manage", "db", "sync")
        self.run("nova-manage", "cell_v2", "create_cell", "--name", "cell1")

    def run(self, command: str, *arguments: str) -> str:
        """Run a command that succeeds; return what it printed."""
        done = subprocess.run(
            [str(BIN / command), "--config-file", str(self.file), *arguments],
            # Threads: the other choice, eventlet, is on its way out.
            env={**os.environ, "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=DEADLINE)
        if done.returncode:
            raise AssertionError(
                f"{command} {arguments}: {done.returncode}\n"
                f"{done.stdout}{done.stderr}")
        return done.stdout
