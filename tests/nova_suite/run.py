"""Runs of nova's tests: what they need is started, and they are counted."""

import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import sys
from collections.abc import Callable, Iterable, Sequence

import fixtures

from tests.integration.parts import daemons
from tests.integration.parts import processes
from tests.integration.parts import wait
from tests.nova_suite import lists

BIN = pathlib.Path(sys.executable).parent
# Seconds for one test, and for one that nobody's timer interrupts.
TEST_LIMIT = 160
SILENCE = 2 * TEST_LIMIT
# Where temporary files cost nothing, if it is there.
MEMORY = pathlib.Path("/dev/shm")

OPTIONS: daemons.Options = {
    # As Placement's own fixture has it, which the tests know.
    "oslo_policy": {"enforce_new_defaults": False},
    "DEFAULT": {"debug": False, "report_interval": 10,
                "service_down_time": 60},
}


@dataclasses.dataclass(frozen=True)
class Ended:
    """What became of one test; ``status`` is testtools' word for it."""

    id: str
    status: str
    seconds: float
    text: str


class Program(processes.Process):
    """A run of some tests, by their names or those of modules."""

    def __init__(self, names: Iterable[str], directory: pathlib.Path,
                 url: str, scheduler: pathlib.Path | None = None):
        self.report = directory / "report"
        file = directory / "names"
        file.write_text("\n".join(names))
        argv = [sys.executable, "-P", "-m", "tests.nova_suite.program", url,
                str(self.report), str(file)]
        super().__init__(
            "nova's tests", argv + ([str(scheduler)] if scheduler else []),
            directory / "log", env={
                "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
                # No settings of whoever runs it; and its own leavings.
                "HOME": str(directory), "TMPDIR": str(directory),
                "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true",
                "OS_TEST_TIMEOUT": str(TEST_LIMIT),
                "OS_STDOUT_CAPTURE": "1", "OS_STDERR_CAPTURE": "1",
                "OS_LOG_CAPTURE": "1"})

    @property
    def ended(self) -> list[Ended]:
        """Return the tests that have ended by now."""
        if not self.report.exists():
            return []
        return [Ended(**json.loads(line)) for line
                in self.report.read_text().splitlines(keepends=True)
                if line.endswith("\n")]


class Side(fixtures.Fixture):
    """Tachyon's side: its API, and if wanted, what configures a scheduler.

    One serves one run after another, but not two at once.
    """

    def __init__(self, swap: str):
        super().__init__()
        self.swap = swap

    @property
    def processes(self) -> list[processes.Process]:
        return [self.api]

    def _setUp(self) -> None:
        if MEMORY.is_dir() and "TMPDIR" not in os.environ:
            self.useFixture(fixtures.EnvironmentVariable(
                "TMPDIR", str(MEMORY)))
        self.directory = self.useFixture(processes.Directory()).path
        store = {"database": {
            "sqlite_path": self.directory / "tachyon.sqlite"}}
        self.api = daemons.Api(self.directory, daemons.merge(OPTIONS, store))
        self.api.sync_store()
        self.useFixture(self.api)
        self._scheduler: pathlib.Path | None = None
        if self.swap == lists.BOTH:
            daemon = daemons.Daemon(
                "tachyon-scheduler", self.directory, daemons.merge(
                    OPTIONS, store, {
                        "DEFAULT": {"transport_url": "fake:/"},
                        "nova": {"enabled": True},
                        "scheduler": {"pipeline": "candidates,"
                                      "nova-tests-filter,weigh,claim"},
                        "nova_hosts": {"source": "nova-tests",
                                       "max_age": 0}}))
            daemon.configure()
            self._scheduler = daemon.file
        self._runs = 0

    def run(self, names: Iterable[str],
            ended: Callable[[Ended], None] = lambda each: None
            ) -> "Outcome":
        """Run tests; ``ended`` is called with each that has ended."""
        self._runs += 1
        directory = self.directory / f"run{self._runs}"
        directory.mkdir()
        program = Program(names, directory, self.api.url, self._scheduler)
        told = 0

        def tell() -> bool:
            nonlocal told
            news = program.ended[told:]
            for each in news:
                ended(each)
            told += len(news)
            return bool(news)

        # One that hangs is killed, which its exit code says.
        with program, contextlib.suppress(wait.Overdue):
            while program.running:
                wait.until(lambda: tell() or not program.running,
                           "a test ends", deadline=SILENCE, interval=0.2)
        tell()
        return Outcome(program.ended, program.exit_code, program.output)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a run."""

    ended: Sequence[Ended]
    exit_code: int | None
    log: str

    def count(self) -> dict[str, int]:
        """Return how many tests ended how."""
        return dict(collections.Counter(each.status for each in self.ended))
