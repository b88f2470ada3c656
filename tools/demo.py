"""The demo: a cloud of twelve hosts, three instances, and one refusal.

Starts tachyon-standalone in a directory of its own, loads the cloud through
the Placement API, boots instances through the instances API, shows where each
landed and why, and stops the server again. Exits 0 if all went as it should.
"""

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
from collections.abc import Callable, Iterator
from typing import Any

import demo_cloud

START_DEADLINE = 60.0
BUILD_DEADLINE = 60.0
STOP_DEADLINE = 20.0
STEPS = 5

Body = dict[str, Any]


class DemoError(Exception):
    """The demo can't go on; its text says why."""


# ------------------------------------------------------------------ terminal
COLOR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOR else text


def bold(text: str) -> str:
    return paint(text, "1")


def say(text: str = "") -> None:
    print(text, flush=True)


@contextlib.contextmanager
def step(number: int, text: str) -> Iterator[None]:
    """Show a step when it begins, and how long it took when it ends."""
    start = time.monotonic()
    head = f"[{number}/{STEPS}] {text} "
    print(head + "." * max(3, 66 - len(head)), end=" ", flush=True)
    try:
        yield
    except BaseException:
        say(paint("failed", "31"))
        raise
    say(paint(f"{time.monotonic() - start:.1f} s", "32"))


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column))
              for column in zip(heads, *rows, strict=True)]
    for i, row in enumerate([heads, *rows]):
        line = "  ".join(cell.ljust(width) for cell, width
                         in zip(row, widths, strict=True)).rstrip()
        say("  " + (bold(line) if i == 0 else line))
        if i == 0:
            say("  " + "  ".join("-" * width for width in widths))


# -------------------------------------------------------------------- server
class Server:
    """A tachyon-standalone, its state and its log in a directory of its own."""

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


# --------------------------------------------------------------------- cloud
def load_cloud(port: int) -> None:
    """Load the sample cloud as nova, or an operator, would."""
    for trait in demo_cloud.CUSTOM_TRAITS:
        call(port, "PUT", f"/traits/{trait}")
    for provider in demo_cloud.providers():
        body: Body = {"name": provider.name, "uuid": provider.uuid}
        if provider.parent:
            body["parent_provider_uuid"] = provider.parent
        path = f"/resource_providers/{provider.uuid}"
        generation = call(port, "POST", "/resource_providers",
                          body)["generation"]
        for what, content in (
                ("inventories", provider.inventories),
                ("traits", list(provider.traits)),
                ("aggregates", list(provider.aggregates))):
            if content:
                generation = call(port, "PUT", f"{path}/{what}", {
                    "resource_provider_generation": generation,
                    what: content})["resource_provider_generation"]


def boot(port: int, wish: demo_cloud.Wish) -> tuple[Body, Body]:
    """Create an instance; return it when it has landed or been refused, with
    the decision's document."""
    id = call(port, "POST", "/api/v1/instances", wish.body())["id"]

    def settled() -> Body | None:
        body = call(port, "GET", f"/api/v1/instances/{id}")
        return body if body["status"] != "BUILDING" else None

    instance = poll(settled, BUILD_DEADLINE, f"{wish.name} to be placed")
    if instance["status"] != wish.status:
        raise DemoError(f"{wish.name} is {instance['status']}, not "
                        f"{wish.status}: {instance['fault']}")
    return instance, call(port, "GET",
                          f"/api/v1/requests/{instance['request_id']}")


