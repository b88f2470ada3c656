"""Processes that a test starts, stops, stalls, kills, and never leaves behind.

Each has a process group of its own, and its output goes to a file. The keeper
(``tests.integration.parts.keeper``) ends those that outlive the test process.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence

import fixtures

from tests.integration.parts import keeper
from tests.integration.parts import wait

ROOT = pathlib.Path(__file__).parents[3]


def _living() -> Iterator[tuple[int, int, int]]:
    """Yield pid, parent and group of each process that runs: one that has
    ended, and that nobody has reaped yet, does not."""
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, group = path.read_text().rpartition(
                ")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in "ZX":
            yield int(path.parent.name), int(parent), int(group)


class _Keeper:
    """The line to this process's keeper."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None

    def tell(self, order: str) -> None:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-S", keeper.__file__], text=True, bufsize=1,
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True)
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")


_KEEPER = _Keeper()


class Directory(fixtures.Fixture):
    """A directory that is removed in the end, whatever happens."""

    def _setUp(self) -> None:
        self.path = pathlib.Path(tempfile.mkdtemp(
            prefix="tachyon-test-", dir=os.environ.get("TMPDIR", "/tmp")))
        _KEEPER.tell(str(self.path))
        self.addCleanup(shutil.rmtree, self.path, ignore_errors=True)


class Process(fixtures.Fixture):
    """A command, started by ``start`` (again and again, if a test likes)."""

    def __init__(self, name: str, argv: Sequence[str], log: pathlib.Path, *,
                 env: Mapping[str, str] | None = None):
        super().__init__()
        self.name = name
        self.argv = list(argv)
        self.log = log
        self.env = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        self._popen: subprocess.Popen | None = None

    def _setUp(self) -> None:
        self.addCleanup(self.kill)
        self.start()

    # ------------------------------------------------------------- its life
    def start(self) -> None:
        """Start the command; return as soon as it is there."""
        self.spawn()

    def spawn(self, argv: Sequence[str] | None = None) -> None:
        assert not self.running, f"{self.name} is running"
        with open(self.log, "ab") as log:
            self._popen = subprocess.Popen(
                argv or self.argv, env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        _KEEPER.tell(f"+{self.pid}")

    @property
    def pid(self) -> int:
        assert self._popen is not None, f"{self.name} was never started"
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Return how the command ended: -N if signal N killed it."""
        return self._popen.poll() if self._popen is not None else None

    def wait_for_exit(self, deadline: float = 30.0) -> int:
        """Return the exit code of a command that ends by itself.

        Its children must have ended by then, too.
        """
        wait.until(lambda: self.exit_code is not None,
                   f"{self.name} ends", deadline=deadline)
        wait.until(lambda: not self._group_lives(),
                   f"the children of {self.name} end", deadline=deadline)
        _KEEPER.tell(f"-{self.pid}")
        assert self.exit_code is not None
        return self.exit_code

    # -------------------------------------------------------------- signals
    def kill(self) -> None:
        """Kill the command and its children with -9."""
        if self._popen is None:
            return
        self.signal_group(signal.SIGKILL)
        self._popen.wait()
        wait.until(lambda: not self._group_lives(),
                   f"the killed children of {self.name} are gone")
        _KEEPER.tell(f"-{self.pid}")

    def stop(self, deadline: float = 30.0,
             signal_number: int = signal.SIGTERM) -> int:
        """Ask the command to end, as an init system does; return its code."""
        os.kill(self.pid, signal_number)
        return self.wait_for_exit(deadline)

    def stall(self) -> None:
        """Stop the command and its children in their tracks (SIGSTOP)."""
        self.signal_group(signal.SIGSTOP)

    def wake(self) -> None:
        self.signal_group(signal.SIGCONT)

    def signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    @property
    def children(self) -> set[int]:
        """Return the pids of the processes that the command has forked."""
        return {pid for pid, parent, _ in _living() if parent == self.pid}

    def _group_lives(self) -> bool:
        return any(group == self.pid for _, _, group in _living())

    # --------------------------------------------------------------- output
    @property
    def output(self) -> str:
        try:
            return self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""
