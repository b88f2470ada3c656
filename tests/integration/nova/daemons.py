"""nova's daemons as processes, on computes that only pretend.

Each has its own configuration file and state path, where a compute finds who
it is when it is started again.
"""

import configparser
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.integration.parts import ports
from tests.integration.parts import processes

BIN = pathlib.Path(sys.executable).parent
HERE = pathlib.Path(__file__).parent
# The paste.ini of the package, in which somebody else says who calls.
PASTE = pathlib.Path(sys.prefix) / "etc" / "nova" / "api-paste.ini"
# Seconds for one command; a few are enough on an idle machine.
DEADLINE = 180.0

Options = Mapping[str, Mapping[str, Any]]


class Daemon(processes.Process):
    """A daemon of nova's, with the file that configures it."""

    def __init__(self, binary: str, directory: pathlib.Path,
                 options: Options, name: str):
        self.directory = directory / name
        self.directory.mkdir()
        self.file = self.directory / "nova.conf"
        write(self.file, options, {"DEFAULT": {
            "host": name, "state_path": self.directory}})
        super().__init__(
            name, [str(BIN / binary), "--config-file", str(self.file)],
            self.directory / "log")

    def launch(self) -> None:
        """Start, without waiting."""
        self.spawn()


class Api(Daemon):
    """nova-api, behind waitress; there is no Keystone."""

    def __init__(self, directory: pathlib.Path, options: Options):
        super().__init__("nova-api", directory, options, "nova-api")
        paste = self.directory / "api-paste.ini"
        parser = configparser.RawConfigParser()
        parser.optionxform = str        # type: ignore[assignment,method-assign]
        parser.read(PASTE)
        parser["filter:authtoken"] = {
            "paste.filter_factory": "__main__:identify"}
        with open(paste, "w") as file:
            parser.write(file)
        listen = f"127.0.0.1:{ports.find()}"
        self.url = f"http://{listen}"
        self.argv = [sys.executable, "-P", str(HERE / "server.py"), listen]
        self.env["OS_NOVA_CONFIG_DIR"] = str(self.directory)


def write(file: pathlib.Path, *layers: Options) -> None:
    """Write a configuration, in which later layers add to earlier ones."""
    parser = configparser.RawConfigParser()
    for layer in layers:
        for group, options in layer.items():
            if group != "DEFAULT" and not parser.has_section(group):
                parser.add_section(group)
            for key, value in options.items():
                parser.set(group, key, str(value))
    with open(file, "w") as opened:
        parser.write(opened)


def run(*argv: str) -> str:
    """Run a command that succeeds; return what it printed."""
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=DEADLINE,
        # Threads, as nova's daemons have them by default now.
        env={**os.environ, "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true"})
    if done.returncode:
        raise AssertionError(f"{argv}: {done.returncode}\n{done.stdout}")
    return done.stdout
