"""What every integration test starts from."""

import pathlib
from types import TracebackType

import fixtures
from oslotest import base
from testtools import content

from tests.integration.parts import processes

LOG_TAIL = 200_000


class TestCase(base.BaseTestCase):
    """A test of real processes: bounded in time, and it shows their logs.

    ``share`` starts what all tests of a class use, ``start`` what one uses.
    """

    # Seconds after which a test is interrupted.
    LIMIT = 180
    shared: list[processes.Process] = []

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.shared = []

    @classmethod
    def share(cls, fixture: fixtures.Fixture) -> fixtures.Fixture:
        """Set a fixture up until all tests of the class are over."""
        fixture.setUp()
        cls.addClassCleanup(fixture.cleanUp)
        cls.shared.extend(_processes_of(fixture))
        return fixture

    @classmethod
    def share_directory(cls) -> pathlib.Path:
        directory = processes.Directory()
        directory.setUp()
        cls.addClassCleanup(directory.cleanUp)
        return directory.path

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.Timeout(self.LIMIT, gentle=True))
        self.started: list[processes.Process] = list(self.shared)
        self.addOnException(self._attach_logs)

    def make_directory(self) -> pathlib.Path:
        return self.useFixture(processes.Directory()).path

    def start(self, fixture: fixtures.Fixture) -> fixtures.Fixture:
        """Set a fixture up until the test is over."""
        self.started.extend(_processes_of(fixture))
        return self.useFixture(fixture)

    def _attach_logs(self, exc_info: tuple[type[BaseException], BaseException,
                                           TracebackType]) -> None:
        for process in self.started:
            text = process.output[-LOG_TAIL:]
            self.addDetailUniqueName(
                f"log of {process.name}", content.text_content(text))


def _processes_of(fixture: fixtures.Fixture) -> list[processes.Process]:
    if isinstance(fixture, processes.Process):
        return [fixture]
    return list(getattr(fixture, "processes", ()))
