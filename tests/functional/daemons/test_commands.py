"""The commands as processes: they start, answer, stop, and say what is wrong.
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

from tests import base
from tests.integration.parts import client
from tests.integration.parts import wait

COMMANDS = ("api", "scheduler", "compute", "standalone")
LISTENING = re.compile(r"listens on (http://\S+?),? ")
TIMEOUT = 60


def argv_of(command, *args):
    return [sys.executable, "-W", "ignore", "-m", f"tachyon.cmd.{command}",
            *args]


class CommandCase(base.TestCase):

    def environment(self):
        """Nothing that this machine is configured with."""
        return {**os.environ, "HOME": self.state_path}

    def run_command(self, command, *args):
        return subprocess.run(
            argv_of(command, *args), capture_output=True, text=True,
            timeout=TIMEOUT, env=self.environment(), cwd=self.state_path)

    def write(self, name, text):
        path = os.path.join(self.state_path, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def start(self, command, *args):
        process = subprocess.Popen(
            argv_of(command, *args), text=True, env=self.environment(),
            cwd=self.state_path, start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=open(os.path.join(self.state_path, "log"), "a"))
        self.addCleanup(self.kill, process)
        return process

    def kill(self, process):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()

    def log(self):
        with open(os.path.join(self.state_path, "log")) as file:
            return file.read()

    def wait_for_reports(self, number):
        """Return when there are so many whole Guru Meditation Reports."""
        wait.until(lambda: self.log().count("Guru Meditation") >= number
                   and self.log().count("sweep_interval =") >= number,
                   f"{number} reports")
        self.assertNotIn("Unable to run", self.log())

    def children_of(self, process):
        """Return the process ids of a daemon's workers."""
        return sorted({
            int(pid) for path in pathlib.Path(
                f"/proc/{process.pid}/task").glob("*/children")
            for pid in path.read_text().split()})

    def start_standalone(self, directory="state"):
        process = self.start(
            "standalone", "--port", "0", "--state-path",
            os.path.join(self.state_path, directory))
        line = process.stdout.readline()
        self.assertIn(f"keeps its state in {self.state_path}/{directory}",
                      line)
        return process, LISTENING.search(line)[1]


class TestStandalone(CommandCase):

    def test_it_starts_answers_and_stops(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                process, url = self.start_standalone()
                api = client.Client(url)
                self.assertTrue(api.answers())
                vm = wait.until(lambda api=api: self.make(api),
                                "an instance is made")
                self.assertEqual("STOPPED", vm["status"])
                self.assertEqual(
                    200, api.ask("GET", "/api/v1/docs/").status_code)
                process.send_signal(number)
                self.assertEqual(0, process.wait(TIMEOUT))
                self.assertEqual("", process.stdout.read())
                self.assertNotIn("Traceback", self.log())

    def make(self, api):
        vm = api.wait_for(api.create("vm")["id"], "STOPPED", "ERROR")
        return vm if vm["status"] == "STOPPED" else None

    def test_no_token_is_needed(self):
        _, url = self.start_standalone()
        api = client.Client(url)
        del api._session.headers["X-Auth-Token"]
        self.assertEqual({"instances": [], "links": []},
                         api.get("/api/v1/instances"))

    def test_one_a_state_path(self):
        self.start_standalone()
        done = self.run_command(
            "standalone", "--port", "0", "--state-path",
            os.path.join(self.state_path, "state"))
        self.assertEqual(1, done.returncode)
        self.assertEqual("", done.stdout)
        self.assertEqual(
            "tachyon-standalone: another tachyon-standalone runs on state "
            f"path {self.state_path}/state\n", done.stderr)

    def test_it_starts_again_after_a_kill(self):
        process, url = self.start_standalone()
        vm = wait.until(lambda: self.make(client.Client(url)),
                        "an instance is made")
        self.kill(process)
        _, url = self.start_standalone()
        self.assertEqual(vm, client.Client(url).instance(vm["id"]))

    def test_reports_on_signal_and_goes_on(self):
        process, url = self.start_standalone()
        for number in range(1, 6):
            process.send_signal(signal.SIGUSR2)
            self.wait_for_reports(number)
            process.send_signal(signal.SIGHUP)
            self.assertTrue(client.Client(url).answers())


class TestDaemons(CommandCase):
    """With no configuration at all, each starts, and stops when asked."""

    def test_api(self):
        config = self.write("api.conf", "[api]\nworkers = 2\n")
        process = self.start("api", "--port", "0", "--config-file", config,
                             "--state-path", self.state_path)
        url = wait.until(
            lambda: re.search(r"listens on (http://\S+)", self.log()),
            "it listens")[1]
        api = client.Client(url)
        for _ in range(20):
            # A connection each, so that both workers are asked.
            self.assertEqual(200, client.Client(url).ask(
                "GET", "/resource_providers").status_code)
        self.assertEqual(401, client.Client(url, token="").ask(
            "GET", "/resource_providers").status_code)
        wait.until(lambda: any(
            binary == "tachyon-api" and body["state"] == "up"
            for (binary, _), body in api.services().items()), "it is up")
        # What a process has open is its own: the master hands nothing on.
        self.assertEqual([], self.open_stores(process.pid))
        for worker in self.children_of(process):
            self.assertIn(f"{self.state_path}/tachyon.sqlite",
                          self.open_stores(worker))
        self.check_end(process)

    def open_stores(self, pid):
        files = (os.readlink(link) for link in
                 pathlib.Path(f"/proc/{pid}/fd").iterdir()
                 if os.path.lexists(link))
        return [file for file in files if ".sqlite" in file]

    def test_every_process_reports_on_signal_and_goes_on(self):
        config = self.write("api.conf", "[api]\nworkers = 2\n")
        process = self.start("api", "--port", "0", "--config-file", config,
                             "--state-path", self.state_path)
        url, _ = wait.until(
            lambda: (found := re.findall(r"listens on (http://\S+)",
                                         self.log()))[1:] and found,
            "both workers listen")
        workers = self.children_of(process)
        for number, pid in enumerate([process.pid, *workers], 1):
            os.kill(pid, signal.SIGUSR2)
            self.wait_for_reports(number)
        self.assertTrue(client.Client(url).answers())
        self.assertEqual(workers, self.children_of(process))
        self.check_end(process)

    def test_scheduler_and_compute(self):
        for command in ("scheduler", "compute"):
            with self.subTest(command):
                process = self.start(command,
                                     "--state-path", self.state_path)
                wait.until(lambda command=command: (
                    f"tachyon-{command} started" in self.log()), "it starts")
                self.assertIn("does not leave this process", self.log())
                self.check_end(process)

    def check_end(self, process):
        process.terminate()
        self.assertEqual(0, process.wait(TIMEOUT))
        self.assertNotIn("Traceback (most", self.log())

    def test_a_worker_that_dies_is_replaced(self):
        process = self.start("api", "--port", "0",
                             "--state-path", self.state_path)
        find = re.compile(r"listens on (http://\S+)").findall
        url = wait.until(lambda: find(self.log()), "it listens")[0]
        worker, = self.children_of(process)
        os.kill(worker, signal.SIGKILL)
        wait.until(lambda: len(find(self.log())) == 2, "it listens again")
        self.assertTrue(client.Client(url).answers())


class TestTroubleAtStart(CommandCase):
    """One line on stderr that names what is wrong, and exit code 1."""

    def check(self, done, *words):
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertEqual("", done.stdout)
        line, = done.stderr.splitlines()
        for word in words:
            self.assertIn(word, line)

    def test_missing_plug_ins(self):
        driver = self.write("d.conf", "[compute]\ndomain_driver = Missing")
        for command, *args in (("compute",), ("standalone", "--port", "0")):
            with self.subTest(command=command):
                self.check(self.run_command(
                    command, "--config-file", driver, "--state-path",
                    self.state_path, *args), f"tachyon-{command}: Plug-in "
                    "Missing")

    def test_port_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            for command in ("api", "standalone"):
                with self.subTest(command):
                    self.check(
                        self.run_command(command, "--port", port,
                                         "--state-path", self.state_path),
                        f"tachyon-{command}: can't listen on "
                        f"127.0.0.1:{port}: Address already in use")

    def test_journal_taken(self):
        _, url = self.start_standalone()
        self.assertTrue(client.Client(url).answers())
        self.check(self.run_command(
            "compute", "--state-path",
            os.path.join(self.state_path, "state")),
            "in use by another process")

    def test_flags(self):
        for command in COMMANDS:
            with self.subTest(command):
                done = self.run_command(command, "--nonsense")
                self.assertEqual(2, done.returncode)
                self.assertIn("--nonsense", done.stderr)
                self.assertNotIn("Traceback", done.stderr)
        done = self.run_command("standalone", "--version")
        self.assertEqual(0, done.returncode)
        self.assertRegex(done.stdout, r"^\d+\.\d+")
