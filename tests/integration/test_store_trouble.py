"""The machine runs out of what the store needs: 503, and nothing half done."""

import resource
import shutil
import socket

from tests.integration import base
from tests.integration.parts import daemons
from tests.integration.parts import journals

# Writing beyond this offset of any file fails, as on a full disk.
FULL = 4096


class FullDiskTest(base.TestCase):

    def test_a_full_disk_answers_503_until_there_is_room(self):
        daemon = self.start(daemons.Standalone(
            self.make_directory(), {
                "DEFAULT": {"debug": False},
                "fake": {"hosts": 2}}))
        client = daemon.client
        kept = client.create("kept")["id"]
        client.wait_for(kept, "STOPPED")
        before = client.ledger()

        self.limit_files(daemon, FULL)
        self.refuse_writes(client, kept)
        self.limit_files(daemon, resource.RLIM_INFINITY)

        self.assertTrue(daemon.running)
        self.assertEqual(before, client.ledger())
        self.assertEqual([kept], [body["id"] for body in client.instances()])
        new = client.create("new")["id"]
        client.wait_for(new, "STOPPED")
        client.act(kept, "start")
        client.wait_for(kept, "RUNNING")
        found = journals.Journals([daemon.state_path])
        self.assertEqual([1, 1], [found.creates(kept), found.creates(new)])
        self.assertEqual([], client.ledger().errors())

    def limit_files(self, daemon, size):
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE,
                         (size, resource.RLIM_INFINITY))

    def refuse_writes(self, client, id):
        """Each write answers 503, in JSON; reads go on."""
        for method, path, body in (
                ("POST", "/api/v1/instances",
                 {"name": "lost", "flavor": "m1.tiny", "image": "x"}),
                ("POST", "/resource_providers", {"name": "lost"}),
                ("PUT", "/traits/CUSTOM_LOST", None),
                ("DELETE", f"/allocations/{id}", None),
                ("POST", f"/api/v1/instances/{id}/actions",
                 {"action": "start"})):
            answer = client.ask(method, path, body)
            self.assertEqual(503, answer.status_code,
                             f"{method} {path}: {answer.text}")
            self.assertEqual(503, answer.json()["errors"][0]["status"])
        self.assertEqual("STOPPED", client.instance(id)["status"])
        self.assertEqual(200, client.ask(
            "GET", "/allocation_candidates?resources=VCPU:1").status_code)


class StartTroubleTest(base.TestCase):
    """A start that can't succeed ends with 1 and one clear line."""

    def refuse(self, daemon, *words):
        """The daemon ends with 1, and its last line says these words."""
        self.start_only(daemon)
        self.assertEqual(1, daemon.wait_for_exit(), daemon.output)
        self.assertNotIn("Traceback", daemon.output)
        line = daemon.output.strip().splitlines()[-1]
        for word in words:
            self.assertIn(word, line)

    def start_only(self, daemon):
        daemon.start = daemon.launch
        self.start(daemon)

    def test_the_port_is_taken(self):
        for make in (daemons.Standalone, daemons.Api):
            daemon = make(self.make_directory())
            with socket.socket() as other:
                other.bind(("127.0.0.1", daemon.port))
                other.listen()
                self.refuse(daemon, str(daemon.port))

    def test_the_state_path_is_a_file(self):
        daemon = daemons.Standalone(self.make_directory())
        daemon.state_path.write_text("")
        self.refuse(daemon, str(daemon.state_path))

    def test_the_directory_of_the_store_is_missing(self):
        missing = "/nonexistent/tachyon.sqlite"
        daemon = daemons.Standalone(self.make_directory(), {
            "database": {"sqlite_path": missing}})
        self.refuse(daemon, "/nonexistent")

    def test_the_store_is_not_a_store(self):
        daemon = daemons.Standalone(self.make_directory())
        daemon.state_path.mkdir()
        (daemon.state_path / "tachyon.sqlite").write_bytes(b"hello" * 1000)
        self.refuse(daemon, "tachyon.sqlite")

    def test_a_plug_in_is_missing(self):
        for group, option, name in (
                ("scheduler", "pipeline", "candidates,divine"),
                ("scheduler", "enabled_filters", "NoSuchFilter"),
                ("scheduler", "enabled_weighers", "NoSuchWeigher"),
                ("compute", "domain_driver", "no_such_driver"),
                ("database", "driver", "no_such_store")):
            daemon = daemons.Standalone(self.make_directory(),
                                        {group: {option: name}})
            self.refuse(daemon, name.split(",")[-1])

    def test_a_second_standalone_on_the_same_state_path(self):
        directory = self.make_directory()
        first = self.start(daemons.Standalone(directory, name="first"))
        second = daemons.Standalone(directory, {
            "DEFAULT": {"state_path": first.state_path}}, name="second")
        self.refuse(second, str(first.state_path))
        self.assertEqual(200, first.client.ask("GET", "/").status_code)


class VanishedStoreTest(base.TestCase):

    def test_a_vanished_directory_answers_503_and_ends_cleanly(self):
        daemon = self.start(daemons.Standalone(self.make_directory()))
        shutil.rmtree(daemon.state_path)

        answer = daemon.client.ask(
            "POST", "/resource_providers", {"name": "lost"})

        self.assertEqual(503, answer.status_code, answer.text)
        self.assertEqual(0, daemon.stop())
