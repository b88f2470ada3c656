"""Run some of nova's functional tests: the process that nova is in.

    python -P -m tests.nova_suite.program URL REPORT NAMES [SCHEDULER-FILE]

URL is a running Placement API. NAMES is a file of names of tests, classes or
modules, one a line. REPORT gets a line of JSON for each test that ended:
``id``, ``status`` (testtools' word), ``seconds`` and ``text``, what it left to
read. With SCHEDULER-FILE, a configuration of Tachyon's, its scheduler answers
in the place of nova's.

Nova's services run in threads, as is nova's future; that is also what puts the
tests' databases into files, where another process can read them.
"""

import importlib
import json
import os
import pathlib
import sys
import tempfile
import unittest
import warnings
from typing import Any

STATUSES = ("success", "xfail")


def main(url: str, report: str, names: str, scheduler: str = "") -> None:
    # That it is not there has been said for Tachyon; nova looks for itself.
    if sys.modules.get("eventlet", ...) is None:
        del sys.modules["eventlet"]
    # First of all, it chooses how nova runs.
    importlib.import_module("nova.tests.functional")
    import testtools

    from tests.integration.parts import suite_runner
    from tests.nova_suite import stand_in

    suite_runner.offer(suite_runner.Server(url))
    furnish(pathlib.Path(tempfile.mkdtemp()))
    if scheduler:
        stand_in.install(scheduler)
    suite = unittest.defaultTestLoader.loadTestsFromNames(
        pathlib.Path(names).read_text().split())
    with open(report, "w") as lines:

        def note(test: Any, status: str, start_time: Any, stop_time: Any,
                 tags: Any, details: Any) -> None:
            text = "" if status in STATUSES else "\n".join(
                f"{name}: {each.as_text()}"
                for name, each in (details or {}).items())
            print(json.dumps({
                "id": test.id(), "status": status, "text": text,
                "seconds": (stop_time - start_time).total_seconds()}),
                file=lines, flush=True)

        suite.run(testtools.TestByTestResult(note))
    # Threads that a test left behind are not waited for.
    os._exit(0)


def furnish(state: pathlib.Path) -> None:
    """Give the tests what they would find in nova's source tree, and
    dependencies newer than it knows."""
    from sqlalchemy import exc

    # By its name: an attribute of the package hides the module.
    fixtures = importlib.import_module("nova.tests.fixtures.nova")
    conf = importlib.import_module("nova.tests.fixtures.conf")
    # There the wheel has api-paste.ini.
    (state / "etc").symlink_to(pathlib.Path(sys.prefix) / "etc")
    set_up_conf = conf.ConfFixture.setUp
    set_up_warnings = fixtures.WarningsFixture.setUp

    def configure(fixture: Any) -> None:
        set_up_conf(fixture)
        fixture.conf.set_default("state_path", str(state))

    def warn(fixture: Any) -> None:
        set_up_warnings(fixture)
        # They are errors to nova's tests: SQLAlchemy 2.1 has new ones.
        warnings.filterwarnings("ignore", category=exc.SADeprecationWarning)

    conf.ConfFixture.setUp = configure
    fixtures.WarningsFixture.setUp = warn


if __name__ == "__main__":
    main(*sys.argv[1:])
