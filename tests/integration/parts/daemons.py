"""Tachyon's daemons as processes: the standalone, or a cloud of them apart.

Each has its own configuration file and state path. The intervals are short,
so that a test sees in seconds what takes minutes by default; their proportions
are those of the defaults.
"""

import configparser
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import fixtures

from tests.integration.parts import client
from tests.integration.parts import ports
from tests.integration.parts import processes
from tests.integration.parts import rabbitmq
from tests.integration.parts import wait

BIN = pathlib.Path(sys.executable).parent
# Seconds; a few are enough on an idle machine.
START_DEADLINE = 120.0
UP_DEADLINE = 180.0

Options = Mapping[str, Mapping[str, Any]]

QUICK: Options = {
    "DEFAULT": {"debug": True, "report_interval": 0.5,
                "service_down_time": 6.0, "rpc_response_timeout": 6},
    "compute": {"inventory_interval": 2.0, "reconcile_interval": 1.0},
    "scheduler": {"claim_ttl": 3.0, "sweep_interval": 0.5},
}


def merge(*layers: Options) -> dict[str, dict[str, Any]]:
    """Return options in which later layers go before earlier ones."""
    merged: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for group, options in layer.items():
            merged.setdefault(group, {}).update(options)
    return merged


class Daemon(processes.Process):
    """A daemon, with the file that configures it."""

    def __init__(self, binary: str, directory: pathlib.Path,
                 options: Options, name: str = ""):
        self.binary = binary
        self.directory = directory / (name or binary)
        self.directory.mkdir()
        self.state_path = self.directory / "state"
        self.file = self.directory / "tachyon.conf"
        self.options = merge(
            {"DEFAULT": {"state_path": self.state_path,
                         "service_host": name or binary}}, QUICK, options)
        super().__init__(
            name or binary,
            [str(BIN / binary), "--config-file", str(self.file)],
            self.directory / "log")

    def start(self) -> None:
        """Write the configuration, start, and return when it is ready."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Write the configuration and start, without waiting."""
        self.configure()
        self.spawn()

    def configure(self) -> None:
        """Write the configuration."""
        parser = configparser.RawConfigParser()
        for group, options in self.options.items():
            parser[group] = {key: str(value)
                             for key, value in options.items()}
        with open(self.file, "w") as file:
            parser.write(file)

    def sync_store(self) -> None:
        """Bring the store's schema up to date, as an operator does."""
        self.manage("db", "sync")

    def manage(self, *argv: str, deadline: float = START_DEADLINE) -> None:
        """Run ``tachyon-manage`` on the daemon's store."""
        self.configure()
        done = subprocess.run(
            [str(BIN / "tachyon-manage"), "--config-file",
             str(self.file), *argv], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=deadline)
        if done.returncode:
            raise AssertionError(f"{argv}: {done.stdout}{done.stderr}")

    def wait_until_ready(self) -> None:
        wait.until(self._is_ready_or_ended, f"{self.name} is ready",
                   deadline=START_DEADLINE)
        if not self.running:
            raise AssertionError(f"{self.name} ended at its start with "
                                 f"{self.exit_code}:\n{self.output[-4000:]}")

    def _is_ready_or_ended(self) -> bool:
        return not self.running or self.is_ready()

    def is_ready(self) -> bool:
        """Return whether it does its work: there is no sign of it yet."""
        return True


class _Server(Daemon):
    """A daemon that serves HTTP, on a port of its own."""

    def __init__(self, binary: str, directory: pathlib.Path,
                 options: Options, name: str = ""):
        self.port = ports.find()
        super().__init__(binary, directory, merge(
            {"api": {"host": "127.0.0.1", "port": self.port}}, options),
            name)
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = client.Client(self.url)

    def is_ready(self) -> bool:
        return self.client.answers()


class Api(_Server):
    """tachyon-api alone: the Placement API needs no other daemon."""

    def __init__(self, directory: pathlib.Path,
                 options: Options | None = None, name: str = ""):
        super().__init__("tachyon-api", directory, options or {}, name)


class Standalone(_Server):
    """tachyon-standalone, ready when its compute is up."""

    def __init__(self, directory: pathlib.Path, options: Options | None = None,
                 name: str = ""):
        super().__init__("tachyon-standalone", directory, options or {}, name)

    def is_ready(self) -> bool:
        return super().is_ready() and any(
            binary == "tachyon-compute" and body["state"] == "up"
            for (binary, _), body in self.client.services().items())


class Cloud(fixtures.Fixture):
    """Three kinds of daemons on one store and one bus of their own.

    ``store`` are the options of the store; by default it is one SQLite file.
    A test that kills the ``broker`` gives a private one.
    """

    def __init__(self, directory: pathlib.Path, *, api_workers: int = 2,
                 schedulers: int = 1, computes: int = 2,
                 options: Options | None = None,
                 compute_options: Options | None = None,
                 store: Options | None = None,
                 broker: rabbitmq.RabbitMQ | None = None):
        super().__init__()
        common = merge(options or {}, {"DEFAULT": {
            "transport_url": (broker or rabbitmq.shared()).new_url()}})
        store = merge(common, store or {"database": {
            "sqlite_path": directory / "tachyon.sqlite"}})
        self.api = Api(directory, merge(store, {"api": {
            "workers": api_workers, "noauth2_default_token": "admin"}}))
        self.client = self.api.client
        self.schedulers = [
            Daemon("tachyon-scheduler", directory, store, f"scheduler{n}")
            for n in range(schedulers)]
        self.computes = [
            Daemon("tachyon-compute", directory,
                   merge(common, compute_options or {}), f"compute{n}")
            for n in range(computes)]

    @property
    def processes(self) -> list[Daemon]:
        return [self.api, *self.schedulers, *self.computes]

    def _setUp(self) -> None:
        self.sync_store()
        for daemon in self.processes:
            self.useFixture(daemon)
        self.wait_until_up()

    def sync_store(self) -> None:
        """Make the store's schema, as an operator does."""
        self.api.sync_store()

    def wait_until_up(self) -> None:
        """Return when every daemon is heard of, and every host is there."""
        hosts = sum(daemon.options.get("fake", {}).get("hosts", 1)
                    for daemon in self.computes)
        wanted = {(daemon.binary, daemon.name) for daemon in self.processes}

        def all_up() -> bool:
            for daemon in self.processes:
                if not daemon.running:
                    raise AssertionError(
                        f"{daemon.name} ended with {daemon.exit_code}:\n"
                        f"{daemon.output[-4000:]}")
            if not self.client.answers():
                return False
            try:
                up = {name for name, body in self.client.services().items()
                      if body["state"] == "up"}
                return wanted <= up and self.client.hosts_with_vcpus() == hosts
            except client.Refused:
                return False            # the store is not up yet, or again

        wait.until(all_up, f"up: {sorted(wanted)}", deadline=UP_DEADLINE)
