"""``tachyon-manage placement``: its command line, and what it tells."""

import contextlib
import io
import sys
from unittest import mock

import fixtures
import testtools

from tachyon.cmd import manage
from tachyon.cmd import placement
from tachyon.cmd import progress
from tachyon.transfer import comparing
from tachyon.transfer import importing
from tests import base

DATABASE = ("--database-connection", "sqlite:///nope")


class TestCommands(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = self.useFixture(fixtures.TempDir()).path
        self.useFixture(fixtures.EnvironmentVariable(
            placement.DATABASE_VARIABLE))

    def manage(self, *argv):
        out, err = io.StringIO(), io.StringIO()
        with (contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            try:
                code = manage.main(["--state-path", self.directory,
                                    "placement", *argv])
            except SystemExit as exc:
                code = exc.code
        return code, out.getvalue(), err.getvalue()

    def test_wrong_usage(self):
        for argv in ((), ("import",), ("import", *DATABASE, "--url", "x"),
                     ("export",), ("export", "--url", "x", "--output", "y"),
                     ("audit", "extra"), ("nope",)):
            with self.subTest(argv):
                code, out, err = self.manage(*argv)
                self.assertEqual((2, ""), (code, out))
                self.assertIn("usage: tachyon-manage", err)

    def test_the_database_of_the_environment(self):
        self.useFixture(fixtures.EnvironmentVariable(
            placement.DATABASE_VARIABLE, "sqlite:////nope/placement.sqlite"))
        code, _out, err = self.manage("import")
        self.assertEqual(
            (1, "tachyon-manage: sqlite:////nope/placement.sqlite: no such "
                "file\n"), (code, err))

    def test_without_sqlalchemy(self):
        name = "tachyon.transfer.database"
        self.useFixture(fixtures.MonkeyPatch(name,
                                             fixtures.MonkeyPatch.delete))
        with mock.patch.dict(sys.modules, {"sqlalchemy": None}):
            sys.modules.pop(name, None)
            code, _out, err = self.manage("import", *DATABASE)
        self.assertEqual(1, code)
        self.assertIn("pip install tachyon[placement-import]", err)
        self.assertEqual(1, err.count("\n"))

    def test_interrupted(self):
        url = ("--url", "http://127.0.0.1:1")
        with mock.patch.object(importing, "run",
                               side_effect=KeyboardInterrupt):
            code, out, err = self.manage("import", *url)
        self.assertEqual(
            (130, "", "tachyon-manage: interrupted; it goes on when it is "
                      "run again\n"), (code, out, err))

    def test_very_many_differences(self):
        lines = [f"line {number}" for number in range(103)]
        with mock.patch.object(comparing, "run", return_value=lines):
            code, out, _err = self.manage(
                "import", "--verify-only", "--url", "http://127.0.0.1:1")
        self.assertEqual(3, code)
        self.assertEqual(
            [*lines[:100], "... and 3 more", "103 differences, 0 left out"],
            out.splitlines())

    def test_a_file_that_can_not_be_written(self):
        code, out, err = self.manage("export", "--output", "/nope/calls")
        self.assertEqual(
            (1, "", "tachyon-manage: /nope/calls: No such file or "
                    "directory\n"), (code, out, err))


class TestProgress(testtools.TestCase):

    def tell(self, *calls):
        """Return what is told, at these times of the clock."""
        err = io.StringIO()
        tell = progress.Progress()
        with contextlib.redirect_stderr(err):
            for now, *args in calls:
                with mock.patch("time.monotonic", return_value=now):
                    tell(*args)
        return err.getvalue().splitlines()

    def test_now_and_then(self):
        self.assertEqual(
            ["providers: 1 of 9", "providers: 4 of 9", "providers: 9 of 9",
             "consumers: 1"],
            self.tell((100.0, "providers", 1, 9), (100.5, "providers", 2, 9),
                      (101.9, "providers", 3, 9), (102.0, "providers", 4, 9),
                      (102.1, "providers", 9, 9),
                      (102.2, "consumers", 1, None),
                      (102.3, "consumers", 2, None)))


class TestPatience(base.TestCase):

    def deadline(self, configured):
        self.config(group="database", deadline=configured)
        with progress.patient_driver(self.conf):
            return self.conf.database.deadline

    def test_a_batch_has_more_time_than_a_client(self):
        self.assertEqual(progress.DEADLINE, self.deadline(5.0))

    def test_what_is_configured_may_be_longer(self):
        self.assertEqual(1000.0, self.deadline(1000.0))
