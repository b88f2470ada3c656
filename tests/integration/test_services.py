"""A developer keeps Neo4j and RabbitMQ up, and tests use them."""

import configparser
import json
import os
import pathlib
import signal
import subprocess
import sys

from tests.integration import base
from tests.integration.parts import processes
from tests.integration.parts import wait

# What a test process does with its services, without those of this one.
USE = """
import amqp, re
from tests.integration.parts import neo4j, rabbitmq
server = neo4j.shared()
assert isinstance(server, neo4j.Kept), server
server.clear()
server.run("CREATE (:Left {name: 'behind'})")
broker = rabbitmq.shared()
assert isinstance(broker, rabbitmq.Kept), broker
urls = [broker.new_url() for _ in range(2)]
assert len(set(urls)) == 2, urls
for url in urls:
    user, password, address, host = re.fullmatch(
        "rabbit://(.*):(.*)@(.*)/(.*)", url).groups()
    with amqp.Connection(address, userid=user, password=password,
                         virtual_host=host) as connection:
        connection.channel().queue_declare("q", durable=True)
"""


class ServicesTest(base.TestCase):

    LIMIT = 500

    def setUp(self):
        super().setUp()
        self.directory = self.make_directory()
        self.file = self.directory / "services.json"
        self.environment = {"TACHYON_TEST_SERVICES": str(self.file)}
        self.services = processes.Process(
            "services", [sys.executable, "-m",
                         "tests.integration.parts.services"],
            self.directory / "log", env=self.environment)

    def run_python(self, *args):
        return subprocess.run(
            [sys.executable, *args], capture_output=True, text=True,
            timeout=60, cwd=processes.ROOT, stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment})

    def ask(self, statement):
        return self.run_python("-m", "tests.integration.parts.services",
                               statement)

    def test_they_are_there_until_ctrl_c(self):
        self.start(self.services)
        wait.until(lambda: "Ctrl-C" in self.services.output
                   or not self.services.running, "they are up", deadline=300)
        self.assertTrue(self.services.running, self.services.output)
        offers = json.loads(self.file.read_text())
        for word in (offers["neo4j"]["uri"], offers["neo4j"]["password"],
                     offers["rabbitmq"]["management_url"]):
            self.assertIn(word, self.services.output)

        for _ in range(2):
            done = self.run_python("-c", USE)
            self.assertEqual(0, done.returncode, done.stderr)
        done = self.ask("MATCH (n) RETURN n, 1")
        self.assertEqual('[{"labels": ["Left"], "name": "behind"}, 1]\n',
                         done.stdout, done.stderr)
        self.assertEqual(1, self.ask("MATCH nonsense").returncode)
        self.check_configuration(offers)
        second = self.run_python("-m", "tests.integration.parts.services")
        self.assertEqual(1, second.returncode)
        self.assertIn(str(self.file), second.stderr)

        parts = self.children()
        self.assertEqual(0, self.services.stop(60, signal.SIGINT))
        self.assertFalse(self.file.exists())
        wait.until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists()
                                   for pid in parts), "all have ended")
        self.assertIn("tox -e services", self.ask("RETURN 1").stderr)

    def check_configuration(self, offers):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(self.file.with_suffix(".conf"))
        self.assertEqual(offers["neo4j"]["uri"],
                         parser["neo4j_database"]["uri"])
        self.assertIn(offers["rabbitmq"]["password"],
                      parser["DEFAULT"]["transport_url"])

    def children(self):
        return [int(pid) for path in pathlib.Path(
            f"/proc/{self.services.pid}/task").glob("*/children")
            for pid in path.read_text().split()]
