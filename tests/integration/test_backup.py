"""The backup and restore drill, with the commands that operators read."""

import re
import shlex
import subprocess

from tests.integration import base
from tests.integration.parts import daemons
from tests.integration.parts import journals
from tests.integration.parts import neo4j
from tests.integration.parts import processes

PAGE = processes.ROOT / "doc/source/operations.rst"
TIMEOUT = 60.0


def read_commands(title):
    """Return the commands of a section's console blocks, a list a block."""
    _, _, rest = PAGE.read_text().partition(f"\n{title}\n{'=' * len(title)}\n")
    section = re.split(r"\n\S.*\n=+\n", rest)[0]
    blocks = re.findall(r"code-block:: console\n\n((?:   .*\n)+)", section)
    return [[shlex.split(command.replace("\\\n", "")) for command in
             re.findall(r"^   \$ ((?:.*\\\n)*.*)", block, re.MULTILINE)]
            for block in blocks]


class SQLiteDrillTest(base.TestCase):

    def make_store(self):
        """Return the options of an empty store."""
        return {}

    def setUp(self):
        super().setUp()
        self.directory = self.make_directory()
        self.daemon = daemons.Standalone(self.directory, daemons.merge(
            {"fake": {"hosts": 2}}, self.make_store()))
        self.daemon.configure()
        self.run_command(["tachyon-manage", "--config-file",
                          "/etc/tachyon/tachyon.conf", "db", "sync"])
        self.start(self.daemon)
        self.client = self.daemon.client

    def run_block(self, commands):
        for command in commands:
            if command[0] == "systemctl":
                self.assertEqual("tachyon-standalone", command[2])
                {"stop": self.daemon.stop, "start": self.daemon.start}[
                    command[1]]()
            else:
                self.run_command(command)

    def run_command(self, command):
        done = subprocess.run(
            [daemons.BIN / command[0], *(
                {"/etc/tachyon/tachyon.conf": self.daemon.file,
                 "/backup/tachyon": self.directory / "backup",
                 }.get(word, word) for word in command[1:])],
            capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(0, done.returncode, done.stderr)
        for line in done.stderr.splitlines():   # how far it is
            self.assertTrue(line.startswith("tachyon-manage: "), line)

    def boot(self, name):
        id = self.client.create(name)["id"]
        self.client.wait_for(id, "STOPPED")
        return id

    def names(self):
        return sorted(body["name"] for body in self.client.instances())

    def test_the_drill(self):
        backup, restore = read_commands("Backup and restore")
        kept, deleted = self.boot("kept"), self.boot("deleted")
        before = self.client.ledger()
        self.run_block(backup)
        self.client.delete(deleted)
        self.client.wait_for(deleted, "DELETED")
        self.boot("late")

        self.run_block(restore)

        self.assertEqual(["deleted", "kept"], self.names())
        self.assertEqual(before, self.client.ledger())
        self.assertEqual([], before.errors())
        self.client.act(kept, "start")
        self.client.wait_for(kept, "RUNNING")
        self.client.delete(deleted)
        self.client.wait_for(deleted, "DELETED")
        self.boot("new")
        self.assertEqual(["kept", "new"], self.names())
        self.assertEqual(1, journals.Journals(
            [self.daemon.state_path]).creates(kept))

    def test_a_restore_under_a_daemon_that_was_not_stopped(self):
        """Its view shows the restored store at once, not a mixture."""
        backup, restore = read_commands("Backup and restore")
        self.boot("kept")
        before = self.client.ledger()
        self.run_block(backup)
        for name in ("late-1", "late-2"):
            self.boot(name)
        candidates = ("/allocation_candidates?resources="
                      "VCPU:1,MEMORY_MB:1,DISK_GB:1")
        self.client.get(candidates)

        self.run_block([command for command in restore
                        if command[0] != "systemctl"])

        self.assertEqual(["kept"], self.names())
        summaries = self.client.get(candidates)["provider_summaries"]
        self.assertEqual(before.used, {
            name: {resource_class: amounts["used"] for resource_class, amounts
                   in summaries[uuid]["resources"].items()}
            for name, uuid in self.client.providers().items()})
        self.boot("new")
        self.assertEqual(["kept", "new"], self.names())
        self.assertEqual([], self.client.ledger().errors())


class Neo4jDrillTest(SQLiteDrillTest):
    """The same commands, by another way."""

    def make_store(self):
        server = neo4j.shared()
        server.clear()
        return {"database": {"driver": "neo4j"},
                "neo4j_database": {"uri": server.uri,
                                   "username": server.username,
                                   "password": server.password}}
