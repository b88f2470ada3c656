"""The units in etc/systemd, and what the daemons tell the init system."""

import configparser
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

from tests import base
from tests.functional.daemons import test_commands
from tests.integration.parts import client
from tests.integration.parts import wait

ROOT = pathlib.Path(__file__).parents[3]
UNITS = sorted((ROOT / "etc" / "systemd").glob("*.service"))
DAEMONS = ("api", "compute", "scheduler", "standalone")


class TestUnits(base.TestCase):

    def read(self, unit):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.optionxform = str
        parser.read(unit)
        return parser

    def test_one_a_daemon(self):
        self.assertEqual([f"tachyon-{name}.service" for name in DAEMONS],
                         [unit.name for unit in UNITS])

    def test_systemd_understands_them(self):
        binaries = pathlib.Path(sys.executable).parent
        copies = []
        for unit in UNITS:
            # Where the package manager will put them, nothing is yet.
            copies.append(os.path.join(self.state_path, unit.name))
            with open(copies[-1], "w") as file:
                file.write(unit.read_text().replace(
                    "=/usr/bin/tachyon", f"={binaries}/tachyon"))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *copies],
            capture_output=True, text=True, timeout=60)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_they_are_hardened(self):
        for unit in UNITS:
            done = subprocess.run(
                ["systemd-analyze", "security", "--offline=yes",
                 "--threshold=25", str(unit)],
                capture_output=True, text=True, timeout=60)
            self.assertEqual(0, done.returncode, done.stdout[-400:])

    def test_they_leave_time_to_drain(self):
        for unit in UNITS:
            service = self.read(unit)["Service"]
            self.assertTrue(int(service["TimeoutStopSec"])
                            > self.conf.graceful_shutdown_timeout)
            self.assertEqual("notify", service["Type"])

    def test_they_are_installed(self):
        parser = configparser.ConfigParser()
        parser.read(ROOT / "setup.cfg")
        for unit in UNITS:
            self.assertIn(f"etc/systemd/{unit.name}",
                          parser["files"]["data_files"])


class NotifyCase(test_commands.CommandCase):

    watchdog = 2.0

    def setUp(self):
        super().setUp()
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.line.close)
        self.path = os.path.join(self.state_path, "notify")
        self.line.bind(self.path)

    def environment(self):
        return {**super().environment(), "NOTIFY_SOCKET": self.path,
                "WATCHDOG_USEC": str(int(self.watchdog * 1e6))}

    def hear(self, timeout=test_commands.TIMEOUT):
        self.line.settimeout(timeout)
        return self.line.recv(100).decode()

    def hear_last(self):
        """Return the last message that has come so far."""
        last = None
        self.line.setblocking(False)
        try:
            while True:
                last = self.line.recv(100).decode()
        except BlockingIOError:
            return last


class TestWorkers(NotifyCase):

    def start_api(self):
        config = self.write("api.conf", "[api]\nworkers = 2\n")
        return self.start("api", "--port", "0", "--config-file", config,
                          "--state-path", self.state_path)

    def urls(self):
        return re.findall(r"listens on (http://\S+)", self.log())

    def test_ready_when_all_workers_are(self):
        process = self.start_api()
        self.assertEqual("READY=1", self.hear())
        self.assertEqual(2, len(self.urls()))
        self.assertEqual("WATCHDOG=1", self.hear())
        process.terminate()
        self.assertEqual(0, process.wait(test_commands.TIMEOUT))
        self.assertEqual("STOPPING=1", self.hear_last())

    def test_a_worker_that_hangs_is_not_covered_up(self):
        process = self.start_api()
        self.assertEqual("READY=1", self.hear())
        hanging = self.child_of(process.pid)
        os.kill(hanging, signal.SIGSTOP)
        self.addCleanup(self.resume, hanging)
        time.sleep(self.watchdog)
        self.hear_last()
        self.assertRaises(TimeoutError, self.hear, self.watchdog)
        os.kill(hanging, signal.SIGCONT)
        self.assertEqual("WATCHDOG=1", self.hear())

    def child_of(self, pid):
        return int(next(
            child for path in pathlib.Path(f"/proc/{pid}/task").glob(
                "*/children") for child in path.read_text().split()))

    def resume(self, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


class TestStandalone(NotifyCase):

    def test_ready_means_that_a_create_works_at_once(self):
        process, url = self.start_standalone()
        # No retry and no wait: the first create of all finds its host.
        api = client.Client(url)
        vm = api.wait_for(api.create("vm")["id"], "STOPPED", "ERROR")
        self.assertEqual("STOPPED", vm["status"], vm)
        self.assertEqual("READY=1", self.hear())
        self.assertEqual("WATCHDOG=1", self.hear())
        process.terminate()
        self.assertEqual(0, process.wait(test_commands.TIMEOUT))
        self.assertEqual("STOPPING=1", self.hear_last())


class TestAskedToStop(test_commands.CommandCase):
    """Before the start is over, or with work that does not end."""

    def check_without_a_bus(self, command):
        config = self.write(
            "x.conf", "[DEFAULT]\n"
            "transport_url = rabbit://u:p@127.0.0.1:1/\n")
        process = self.start(command, "--config-file", config,
                             "--state-path", self.state_path)
        wait.until(lambda: "Connection refused" in self.log(),
                   "it looks for the bus")
        process.terminate()
        self.assertEqual(0, process.wait(test_commands.TIMEOUT))

    def test_scheduler_while_the_bus_is_away(self):
        self.check_without_a_bus("scheduler")

    def test_compute_while_the_bus_is_away(self):
        self.check_without_a_bus("compute")

    def test_what_does_not_end_is_dropped_in_time(self):
        config = self.write(
            "x.conf", "[DEFAULT]\ngraceful_shutdown_timeout = 1\n"
            "[fake]\ndelay = 1000\n")
        process = self.start(
            "standalone", "--port", "0", "--config-file", config,
            "--state-path", os.path.join(self.state_path, "state"))
        url = test_commands.LISTENING.search(process.stdout.readline())[1]
        id = client.Client(url).create("vm")["id"]
        wait.until(lambda: client.Client(url).instance(id)["host"],
                   "it is being made")
        process.terminate()
        self.assertEqual(1, process.wait(test_commands.TIMEOUT))
        self.assertIn("graceful_shutdown_timeout", self.log())
