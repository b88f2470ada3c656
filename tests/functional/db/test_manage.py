"""``tachyon-manage``, called as the console script calls it."""

import contextlib
import io
import os
from unittest import mock

import fixtures
import testtools

from tachyon import conf as tachyon_conf
from tachyon import exception
from tachyon import plugins
from tachyon.cmd import manage
from tachyon.db.sqlite import schema
from tests.functional.db import contract_schema

VERSION = str(schema.VERSION)


class TestManage(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = self.useFixture(fixtures.TempDir()).path
        home = self.useFixture(fixtures.TempHomeDir()).path
        self.default_path = os.path.join(home, ".local/state/tachyon")
        self.useFixture(fixtures.MockPatch(
            "tachyon.conf.base.OPTS",
            [_with_default(opt, self.default_path)
             for opt in tachyon_conf.base.OPTS]))

    def run_command(self, *argv):
        """Return exit code, what it printed, and what it complained of."""
        out, err = io.StringIO(), io.StringIO()
        with (contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            try:
                code = manage.main(argv)
            except SystemExit as exc:
                code = exc.code
        return code, out.getvalue(), err.getvalue()

    def state_path(self, *argv):
        return self.run_command("--state-path", self.directory, *argv)

    def config(self, text, name="test.conf"):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    # -------------------------------------------------------------- commands
    def test_sync_with_no_configuration(self):
        self.assertEqual((0, VERSION + "\n", ""),
                         self.run_command("db", "sync"))
        self.assertEqual(["tachyon.sqlite"], [
            name for name in os.listdir(self.default_path)
            if name.endswith(".sqlite")])

    def test_sync_twice(self):
        for _turn in range(2):
            self.assertEqual((0, VERSION + "\n", ""),
                             self.state_path("db", "sync"))

    def test_version(self):
        self.assertEqual(
            (0, f"store: {VERSION}\ncode: {VERSION}\noldest code: 1\n"
             "state: up to date\n", ""), self.state_path("db", "version"))

    def test_an_upgrade_tells_of_its_steps(self):
        with contract_schema.former_version():
            self.assertEqual((0, "1\n", ""), self.state_path("db", "sync"))
        code, out, _ = self.state_path("db", "version")
        self.assertEqual(0, code)
        self.assertTrue(out.endswith(
            "state: run 'tachyon-manage db sync'\n"), out)
        self.assertEqual(
            (0, "2\n", "tachyon-manage: step 2 of 2\n"),
            self.state_path("db", "sync"))
        with contract_schema.former_version():
            self.assertEqual(
                (0, "store: 2\ncode: 1\noldest code: 1\nstate: later than "
                 "this code, which can work with it\n", ""),
                self.state_path("db", "version"))

    def test_new_epoch(self):
        self.assertEqual((0, "", ""), self.state_path("db", "new-epoch"))

    def test_gc(self):
        self.assertEqual(
            (0, "decisions: 0\ninstances: 0\ntombstones: 0\n", ""),
            self.state_path("db", "gc"))

    def test_backup_and_restore(self):
        path = os.path.join(self.directory, "backup.sqlite")
        self.assertEqual((0, "", ""), self.state_path("db", "backup", path))
        self.assertEqual((0, VERSION + "\n", ""),
                         self.state_path("db", "restore", path))

    def test_backup_that_can_not_be(self):
        path = self.config("precious", "backup.sqlite")
        for name, told, *argv in (
                ("there already", f"{path}: it exists", "backup", path),
                ("no directory", "/nope", "backup", "/nope/x.sqlite"),
                ("not there", "/nope/x.sqlite", "restore", "/nope/x.sqlite"),
                ("no backup", "not a database", "restore", path)):
            with self.subTest(name):
                self._assert_complains(1, told, "--state-path",
                                       self.directory, "db", *argv)

    def test_a_driver_that_leaves_backups_to_others(self):
        error = exception.BackupNotSupported()
        for verb in ("backup", "restore"):
            with mock.patch(f"tachyon.db.sqlite.driver.SQLiteDriver.{verb}",
                            side_effect=error):
                self._assert_complains(1, "its own tools", "--state-path",
                                       self.directory, "db", verb, "x")

    def test_plugins_list(self):
        plugins.list_all()      # libraries may warn when first imported
        code, out, err = self.state_path("plugins", "list")
        self.assertEqual((0, ""), (code, err))
        _, _, drivers = out.partition("tachyon.db.drivers\n")
        self.assertIn(
            "  sqlite = tachyon.db.sqlite.driver:SQLiteDriver",
            drivers.splitlines())

    def test_plugins_list_tells_of_broken_ones(self):
        found = [plugins.Plugin("tachyon.actions", "good", "a:Good"),
                 plugins.Plugin("tachyon.actions", "bad", "a:Bad", "no a")]
        with mock.patch.object(plugins, "list_all", return_value=found):
            code, out, err = self.state_path("plugins", "list")
        self.assertEqual(
            "tachyon.actions\n  good = a:Good\n  bad = a:Bad\n"
            "    can't be loaded: no a\n", out)
        self.assertEqual(
            (1, "tachyon-manage: 1 plug-in(s) can't be loaded\n"),
            (code, err))

    # --------------------------------------------------------- configuration
    def test_config_file(self):
        path = os.path.join(self.directory, "mine.sqlite")
        config = self.config(f"[database]\nsqlite_path = {path}\n")
        self.assertEqual(0, self.run_command(
            "--config-file", config, "db", "sync")[0])
        self.assertTrue(os.path.exists(path))

    def test_config_dir(self):
        path = os.path.join(self.directory, "mine.sqlite")
        self.config(f"[database]\nsqlite_path = {path}\n")
        self.assertEqual(0, self.run_command(
            "--config-dir", self.directory, "db", "sync")[0])
        self.assertTrue(os.path.exists(path))

    # ---------------------------------------------------------------- errors
    def test_wrong_usage(self):
        for argv in ((), ("db",), ("db", "nope"), ("nope",),
                     ("db", "sync", "extra"), ("plugins",), ("--nope",)):
            with self.subTest(argv):
                code, out, err = self.run_command(*argv)
                self.assertEqual((2, ""), (code, out))
                self.assertIn("usage: tachyon-manage", err)

    def test_wrong_configuration(self):
        value = self.config("[database]\ndeadline = soon\n", "value.conf")
        syntax = self.config("what", "syntax.conf")
        driver = self.config("[database]\ndriver = nope\n", "driver.conf")
        for name, argv, told in (
                ("no file", ("--config-file", "/nope"), "/nope"),
                ("no directory", ("--config-dir", "/nope"), "/nope"),
                ("value", ("--config-file", value), "deadline"),
                ("syntax", ("--config-file", syntax), "syntax.conf"),
                ("driver", ("--config-file", driver), "Plug-in nope")):
            with self.subTest(name):
                self._assert_complains(2, told, *argv, "db", "sync")

    def test_the_store_is_not_there(self):
        config = self.config("[database]\nsqlite_path = /nope/x.sqlite\n")
        self._assert_complains(1, "/nope: no such directory",
                               "--config-file", config, "db", "sync")

    def test_the_state_path_is_a_file(self):
        path = self.config("")
        self._assert_complains(1, path, "--state-path", path, "db", "version")

    def test_not_a_store(self):
        path = self.config("x" * 5000, "text.sqlite")
        config = self.config(f"[database]\nsqlite_path = {path}\n")
        self._assert_complains(1, "file is not a database",
                               "--config-file", config, "db", "version")

    def test_a_store_of_a_later_release(self):
        error = exception.SchemaOutOfDate(found=1, needed=2)
        with mock.patch.object(schema, "upgrade", side_effect=error):
            self._assert_complains(1, "run 'tachyon-manage db sync'",
                                   "--state-path", self.directory,
                                   "db", "sync")

    def _assert_complains(self, code, told, *argv):
        found, out, err = self.run_command(*argv)
        self.assertEqual((code, ""), (found, out))
        self.assertTrue(err.startswith("tachyon-manage: "), err)
        self.assertEqual(1, err.count("\n"), err)
        self.assertIn(told, err)


def _with_default(opt, state_path):
    """Return the state_path option with a default within the test's home."""
    if opt.dest != "state_path":
        return opt
    return type(opt)(opt.name, default=state_path, help=opt.help)
