"""What is kept up between runs is found, and what is gone is not."""

import json
import pathlib
import subprocess
import sys
import types

import fixtures

from tests import base
from tests.integration.parts import kept
from tests.integration.parts import neo4j
from tests.integration.parts import processes

OFFERS = {"neo4j": {"uri": "bolt://127.0.0.1:1", "password": "secret"}}


class TestOffers(base.TestCase):

    def setUp(self):
        super().setUp()
        self.file = pathlib.Path(self.state_path) / "deep" / "services.json"

    def run_elsewhere(self, code):
        """Start code that knows ``kept`` and ``file`` in another process."""
        process = subprocess.Popen(
            [sys.executable, "-c",
             "import json, pathlib, sys\n"
             "from tests.integration.parts import kept\n"
             "file = pathlib.Path(sys.argv[1])\n" + code, str(self.file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=processes.ROOT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        return process

    def offer(self):
        """Return a process that offers, until its input ends."""
        process = self.run_elsewhere(
            f"with kept.offer({OFFERS!r}, file):\n"
            "    print('ready', flush=True)\n"
            "    sys.stdin.read()\n")
        self.assertEqual("ready\n", process.stdout.readline())
        return process

    def test_nothing_is_offered(self):
        self.assertEqual({}, kept.read(self.file))
        self.assertIsNone(kept.take("neo4j", self.file))

    def test_it_is_offered_for_as_long_as_it_lasts(self):
        process = self.offer()
        self.assertEqual(0o600, self.file.stat().st_mode & 0o777)
        self.assertEqual(OFFERS, kept.read(self.file))
        process.stdin.close()
        self.assertEqual(0, process.wait())
        self.assertEqual({}, kept.read(self.file))
        self.assertFalse(self.file.exists())

    def test_once(self):
        self.offer()
        error = self.assertRaises(kept.InUse, self.begin_to_offer)
        self.assertIn(str(self.file), str(error))
        self.assertEqual(OFFERS, kept.read(self.file))

    def begin_to_offer(self):
        with kept.offer(OFFERS, self.file):
            self.fail("offered twice")

    def test_what_a_killed_process_offered_is_gone(self):
        process = self.offer()
        process.kill()
        process.wait()
        self.assertTrue(self.file.exists())
        self.assertEqual({}, kept.read(self.file))
        self.offer()
        self.assertEqual(OFFERS, kept.read(self.file))

    def test_one_process_at_a_time_takes_it(self):
        self.offer()
        take = "print(json.dumps(kept.take('neo4j', file)), flush=True)\n"
        holder = self.run_elsewhere(take + "sys.stdin.read()\n")
        self.assertEqual(OFFERS["neo4j"],
                         json.loads(holder.stdout.readline()))
        self.assertIsNone(kept.take("neo4j", self.file))
        holder.stdin.close()
        holder.wait()
        self.assertEqual(OFFERS["neo4j"], kept.take("neo4j", self.file))
        self.addCleanup(lambda: kept._taken.pop("neo4j").release())


class TestChoice(base.TestCase):
    """Of what a private Neo4j is made."""

    def choose(self, value):
        self.useFixture(fixtures.EnvironmentVariable(neo4j.CHOICE, value))
        return neo4j.make()

    def test_jars_unless_told(self):
        for value in (None, "", "jars"):
            with self.subTest(value):
                self.assertIsInstance(self.choose(value), neo4j.Neo4j)

    def test_nonsense(self):
        error = self.assertRaises(RuntimeError, self.choose, "floppy")
        self.assertIn("'floppy'", str(error))
        self.assertIn("container", str(error))

    def test_a_container(self):
        made = []

        class Neo4jContainer:

            def __init__(self, image, **login):
                self.calls = [(image, login["username"])]
                self.password = login["password"]
                made.append(self)

            def start(self):
                self.calls.append("start")

            def stop(self):
                self.calls.append("stop")

            def get_connection_url(self):
                return "bolt://localhost:4711"

        library = types.ModuleType("testcontainers.neo4j")
        library.Neo4jContainer = Neo4jContainer
        package = types.ModuleType("testcontainers")
        package.neo4j = library
        self.useFixture(fixtures.MockPatchObject(
            sys, "modules", {**sys.modules, package.__name__: package,
                             library.__name__: library}))
        opened = []
        self.useFixture(fixtures.MonkeyPatch(
            "tests.integration.parts.neo4j.Server._open",
            lambda server: opened.append((server.uri, server.password))))
        with self.choose("container"):
            container, = made
            self.assertEqual([("bolt://localhost:4711", container.password)],
                             opened)
            self.assertEqual([(neo4j.IMAGE, "neo4j"), "start"],
                             container.calls)
        self.assertEqual("stop", container.calls[-1])
