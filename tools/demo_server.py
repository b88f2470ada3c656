"""The server of the demo: a tachyon-standalone, started and stopped."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

START_DEADLINE = 60.0
STOP_DEADLINE = 20.0

Body = dict[str, Any]


class DemoError(Exception):
    """The demo can't go on; its text says why."""


class Server:
    """A tachyon-standalone with its state and its log in one directory."""

    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        self.log = directory / "tachyon.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = pathlib.Path(sys.executable).parent / "tachyon-standalone"
        config = self.directory / "demo.conf"
        config.write_text("[fake]\nhosts = 0\n")
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [str(command), "--config-file", str(config),
                 "--state-path", str(self.directory / "state"),
                 "--host", "127.0.0.1", "--port", str(self.port)],
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        poll(self._answers, START_DEADLINE, "tachyon-standalone to answer")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise DemoError("tachyon-standalone ended with exit code "
                            f"{self._process.returncode}")
        try:
            call(self.port, "GET", "/")
        except OSError:
            return False
        return True

    def stop(self) -> int | None:
        """Stop it, by force if it must be, with all that it started."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            code = self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            code = None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return code

    def log_tail(self, lines: int = 25) -> str:
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def poll(ready: Callable[[], Any], deadline: float, what: str) -> Any:
    """Return what ``ready`` returns, once that is true."""
    end = time.monotonic() + deadline
    while not (found := ready()):
        if time.monotonic() > end:
            raise DemoError(f"waited {deadline:.0f} s in vain for {what}")
        time.sleep(0.1)
    return found


def call(port: int, method: str, path: str, body: Body | None = None) -> Body:
    """Return the JSON body of an answer; refuse any status but 2xx."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(
            method, path, None if body is None else json.dumps(body), {
                "Content-Type": "application/json",
                "Accept": "application/json",
                "X-Auth-Token": "admin",
                "OpenStack-API-Version": "placement 1.39"})
        answer = connection.getresponse()
        data = answer.read()
    if not 200 <= answer.status < 300:
        raise DemoError(f"{method} {path} was answered {answer.status}: "
                        f"{data.decode(errors='replace')[:500]}")
    return json.loads(data) if data else {}
