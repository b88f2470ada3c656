"""Test suites of other projects, run unmodified against a running server.

They are in the packages that those projects install, and run in a process of
their own (``suite_runner``): they bring options, logging and patches with
them that Tachyon's tests must not see.
"""

import collections
import dataclasses
import json
import os
import pathlib
import sys
from collections.abc import Mapping

from tests.integration.parts import processes

RUNNER = pathlib.Path(__file__).with_name("suite_runner.py")
BIN = pathlib.Path(sys.executable).parent
# Seconds for one test of a suite.
TEST_LIMIT = 120


@dataclasses.dataclass(frozen=True)
class Suite:
    """The tests in the modules of a package whose names match a pattern."""

    package: str
    pattern: str = "test*.py"
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Ended:
    """What became of one test; ``status`` is testtools' word for it."""

    id: str
    status: str
    text: str


class Run(processes.Process):
    """A run of a suite against the server at a URL."""

    def __init__(self, suite: Suite, url: str, directory: pathlib.Path, *,
                 env: Mapping[str, str] | None = None):
        self.report = directory / "report"
        super().__init__(
            suite.package,
            # -P: the runner's neighbours have the names of what it tests.
            [sys.executable, "-P", str(RUNNER), url, str(self.report),
             suite.package, suite.pattern],
            directory / "log", env={
                "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
                # No settings of whoever runs it.
                "HOME": str(directory),
                "OS_TEST_TIMEOUT": str(TEST_LIMIT),
                "OS_STDOUT_CAPTURE": "1", "OS_STDERR_CAPTURE": "1",
                "OS_LOG_CAPTURE": "1", **suite.environment, **(env or {})})

    @property
    def ended(self) -> list[Ended]:
        """Return the tests that have ended by now."""
        if not self.report.exists():
            return []
        return [Ended(**json.loads(line))
                for line in self.report.read_text().splitlines()]

    def count(self) -> dict[str, int]:
        """Return how many different tests ended how."""
        return dict(collections.Counter(
            status for _id, status in
            {(test.id, test.status) for test in self.ended}))
