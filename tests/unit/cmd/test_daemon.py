"""What every daemon's command does before it serves."""

import gc
import io
import os
import sys

import fixtures

from tachyon import exception
from tachyon import policy
from tachyon.cmd import api
from tachyon.cmd import compute
from tachyon.cmd import daemon
from tachyon.cmd import scheduler
from tachyon.cmd import standalone
from tests import base

COMMANDS = {"api": api, "scheduler": scheduler, "compute": compute,
            "standalone": standalone}


class DaemonCase(base.TestCase):

    def setUp(self):
        super().setUp()
        # As a process starts: nothing parsed, nothing overridden.
        self.conf.reset()
        self.addCleanup(self.conf.reset)
        self.stderr = io.StringIO()
        self.useFixture(fixtures.MonkeyPatch("sys.stderr", self.stderr))
        for name in ("tachyon.deploy.set_up_logging",
                     "tachyon.cmd.daemon._Report.setup_autorun"):
            self.useFixture(fixtures.MonkeyPatch(
                name, lambda *args, **kwargs: None))

    def write(self, text, name="tachyon.conf"):
        path = os.path.join(self.state_path, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def run_main(self, *args, serve=lambda conf: None, **kwargs):
        self.conf.reset()
        self.stderr.seek(0)
        self.stderr.truncate()
        return daemon.main("tachyon-x", serve, [
            "--state-path", self.state_path, *args], **kwargs)

    def check_refused(self, code, *words):
        self.assertEqual(1, code)
        line, = self.stderr.getvalue().splitlines()
        self.assertTrue(line.startswith("tachyon-x: "), line)
        for word in words:
            self.assertIn(word, line)


class TestMain(DaemonCase):

    def test_it_serves(self):
        served = []
        code = self.run_main(serve=served.append)
        self.assertEqual((0, ""), (code, self.stderr.getvalue()))
        self.assertEqual([self.conf], served)
        self.assertEqual(self.state_path, self.conf.state_path)
        self.assertEqual("fake://", self.conf.transport_url)

    def test_where_to_listen(self):
        path = self.write("[api]\nhost = 127.0.0.2\nport = 1\n")
        for args, expected in (
                ((), ("127.0.0.1", 8778)),
                (("--port", "5"), ("127.0.0.1", 5)),
                (("--config-file", path), ("127.0.0.2", 1)),
                (("--config-file", path, "--host", "::1", "--port", "0"),
                 ("::1", 0))):
            with self.subTest(args):
                self.assertEqual(0, self.run_main(*args, listens=True))
                self.assertEqual(expected, (self.conf.api.host,
                                            self.conf.api.port))

    def test_a_file_wins_over_a_commands_own_defaults(self):
        path = self.write("[compute]\nserves = cn*\n")
        for args, serves in (((), ["*"]),
                             (("--config-file", path), ["cn*"])):
            with self.subTest(args):
                self.run_main(*args, set_defaults=standalone.set_defaults)
                self.assertEqual(serves, self.conf.compute.serves)
                self.assertEqual("admin",
                                 self.conf.api.noauth2_default_token)

    def test_bad_options(self):
        cases = {
            "broken file": ("[[", "Failed to parse"),
            "bad number": ("[scheduler]\nmax_attempts = many", "max_attempts"),
            "number too small": ("[api]\nthreads = 0", "threads"),
            "no such choice": ("[api]\nauth_strategy = trust",
                               "auth_strategy"),
            "bad port": ("[api]\nport = 70000", "port"),
            "no such bus": ("[DEFAULT]\ntransport_url = bus://x", "bus"),
            "broken bus": ("[DEFAULT]\ntransport_url = nonsense",
                           "transport_url"),
            "nonsense for a bus": ("[DEFAULT]\ntransport_url = rabbit://[::1",
                                   "transport_url"),
        }
        for name, (text, word) in cases.items():
            with self.subTest(name):
                self.check_refused(self.run_main(
                    "--config-file", self.write(text)), word)

    def test_missing_file(self):
        path = os.path.join(self.state_path, "nope.conf")
        self.check_refused(self.run_main("--config-file", path), path)

    def test_state_path_is_made(self):
        path = os.path.join(self.state_path, "a", "b")
        self.assertEqual(0, self.run_main("--state-path", path))
        self.assertTrue(os.path.isdir(path))

    def test_state_path_is_a_file(self):
        path = self.write("", "file")
        for bad in (path, os.path.join(path, "deeper")):
            with self.subTest(bad):
                self.check_refused(self.run_main("--state-path", bad), bad)

    def test_state_path_is_full_or_sealed(self):
        def full(*args, **kwargs):
            raise OSError(28, "No space left on device")

        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.cmd.daemon.tempfile.TemporaryFile", full))
        self.check_refused(self.run_main(), "No space left", self.state_path)

    def test_trouble_of_the_service(self):
        for error in (exception.PluginError(name="A", namespace="b",
                                            reason="several\nlines"),
                      exception.DriverUnavailable(reason="gone"),
                      OSError("can't listen")):
            with self.subTest(error=error):
                def serve(conf, error=error):
                    raise error

                self.check_refused(self.run_main(serve=serve))


class TestReport(DaemonCase):

    def test_no_garbage_is_collected_while_stacks_are_read(self):
        collecting = []
        frames = sys._current_frames

        def spy():
            collecting.append(gc.isenabled())
            return frames()

        self.useFixture(fixtures.MonkeyPatch("sys._current_frames", spy))
        self.assertTrue(gc.isenabled())
        report = daemon._Report(daemon._Version()).run()
        self.assertEqual([False], collecting)
        self.assertTrue(gc.isenabled())
        self.assertIn("product = Tachyon", report)


class TestWarning(DaemonCase):

    def test_only_on_a_bus_of_its_own(self):
        for url, warned in (("fake://", True),
                            ("rabbit://u:p@127.0.0.1:1/", False)):
            with self.subTest(url):
                path = self.write(f"[DEFAULT]\ntransport_url = {url}\n")
                self.assertEqual(0, self.run_main("--config-file", path))
                logger = self.useFixture(fixtures.FakeLogger())
                daemon.warn_if_alone(self.conf, "tachyon-x")
                self.assertIs(warned, "tachyon-standalone" in logger.output)
                self.assertNotIn("u:p", logger.output)


class TestTryOut(DaemonCase):
    """What a worker would make is made, and closed, before the fork."""

    def configure(self, **options):
        self.run_main()
        for group, values in options.items():
            self.config(group=group, **values)

    def test_it_leaves_nothing_open(self):
        self.configure()
        for command in (scheduler, compute, api):
            with self.subTest(command=command):
                command.try_out(self.conf)
                command.try_out(self.conf)

    def check_api(self, words, **options):
        self.configure(**options)
        policy.reset()
        self.addCleanup(policy.reset)
        error = self.assertRaises((exception.TachyonException, OSError),
                                  api.try_out, self.conf)
        self.assertIn(words, str(error))

    def test_keystone_without_credentials(self):
        self.check_api("[keystone_authtoken] auth_type",
                       api={"auth_strategy": "keystone"})

    def test_access_log_that_can_not_be_written(self):
        self.check_api("/dev/null/log", api={"access_log_file":
                                             "/dev/null/log"})

    def test_policy_file_that_is_none(self):
        for text in ("- no\n- mapping\n", "a: [", "a: 5"):
            with self.subTest(text):
                path = self.write(text, "policy.yaml")
                self.check_api("policy file",
                               oslo_policy={"policy_file": path})

    def test_missing_plug_ins(self):
        for command, group, option in (
                (scheduler, "scheduler", {"enabled_filters": ["Missing"]}),
                (scheduler, "scheduler", {"enabled_weighers": ["Missing"]}),
                (scheduler, "scheduler", {"pipeline": ["Missing"]}),
                (scheduler, "database", {"driver": "Missing"}),
                (api, "database", {"driver": "Missing"}),
                (compute, "compute", {"domain_driver": "Missing"})):
            with self.subTest(group=group, option=option):
                self.configure(**{group: option})
                error = self.assertRaises(exception.PluginError,
                                          command.try_out, self.conf)
                self.assertIn("Missing", str(error))
