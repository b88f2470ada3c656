"""Coming from OpenStack's Placement: a real one, whole, and all of it."""

import contextlib
import signal
import sqlite3
import subprocess
import sys

import sqlalchemy as sa
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.db import models
from tachyon.transfer import database as database_module
from tests.integration import base
from tests.integration import transfer
from tests.integration.parts import breaking
from tests.integration.parts import mariadb
from tests.integration.parts import placement
from tests.integration.parts import ports
from tests.integration.parts import postgresql

PROVIDERS = 2 * transfer.HOSTS + 1
CONSUMERS = transfer.CONSUMERS


class TestImport(transfer.Commands, base.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.placement = cls.share(placement.Placement())
        transfer.fill(cls.placement.client)

    ADDED = (f"added 4 names, {PROVIDERS} providers, {CONSUMERS} "
             "consumers; 0 were there before\n")
    SAME = "0 differences, 0 left out\n"

    def sources(self):
        return (("database", ("--database-connection",
                              self.placement.database)),
                ("api", ("--url", self.placement.url, "--token", "admin")))

    def test_all_of_it_comes(self):
        for name, source in self.sources():
            with self.subTest(name):
                self.path = str(self.make_directory())
                code, out, err = self.manage("import", *source)
                self.assertEqual((0, self.ADDED + self.SAME), (code, out))
                self.assertIn(f"providers: {PROVIDERS} of "
                              f"{PROVIDERS}\n", err)

    def test_what_is_kept(self):
        self.manage("import", "--database-connection",
                    self.placement.database)
        there, here = self.placement.client, self.store()
        cell = there.get(f"/resource_providers/{uuids.cell0}")
        found = here.resource_providers.get(uuids.cell0)
        self.assertEqual(
            (cell["generation"], "cell0", uuids.host0, uuids.host0,
             {"CUSTOM_FAST"}),
            (found.generation, found.name, found.parent_uuid,
             found.root_uuid, found.traits))
        vm = there.get(f"/allocations/{uuids.vm1}")
        kept = here.allocations.get(uuids.vm1)
        self.assertEqual(
            (vm["consumer_generation"], "MIGRATION", "project1", "user1"),
            (kept.generation, kept.type, kept.project_id, kept.user_id))
        self.assertEqual(
            {uuid: part["resources"]
             for uuid, part in vm["allocations"].items()},
            {uuid: part.resources for uuid, part in kept.allocations.items()})
        self.assertEqual([], list(here.bulk.miscounts()))

    def test_it_goes_on_where_it_was_interrupted(self):
        for name, source in self.sources():
            with self.subTest(name):
                self.path = str(self.make_directory())
                codes = []
                while not codes or codes[-1]:
                    codes.append(self.break_before(4, *source))
                # Of 8 batches, the first two lives write three each.
                self.assertEqual([-signal.SIGKILL, -signal.SIGKILL, 0],
                                 codes)
                code, out, _err = self.manage("import", *source)
                self.assertEqual(
                    (0, "added 0 names, 0 providers, 0 consumers; "
                     f"{PROVIDERS + CONSUMERS} were there before\n"
                     + self.SAME), (code, out))

    def break_before(self, number, *source):
        """Import in a process that is killed before it writes that batch;
        return how it ended."""
        return subprocess.run(
            [sys.executable, "-m", breaking.__name__, str(number),
             "--state-path", self.path, "placement", "import", *source],
            capture_output=True, timeout=120, check=False).returncode

    def test_verify_only_tells_what_differs(self):
        source = ("--database-connection", self.placement.database)
        self.manage("import", *source)
        here = self.store()
        here.traits.replace(uuids.cell0, None, frozenset())
        here.allocations.delete(uuids.vm0)
        here.resource_classes.create("CUSTOM_OURS")
        here.resource_providers.create(uuids.extra, "extra")
        vm = here.allocations.get(uuids.vm1)
        here.allocations.replace([models.Claim(
            uuids.vm1, vm.generation, "other", vm.user_id,
            {uuids.storage: {"DISK_GB": 10}}, "MIGRATION")])
        code, out, _err = self.manage("import", "--verify-only", *source)
        lines = out.splitlines()
        self.assertEqual((3, "6 differences, 0 left out"), (code, lines[-1]))
        self.assertEqual({
            "resource class CUSTOM_OURS: not in the source",
            f"provider {uuids.extra}: not in the source",
            f"provider {uuids.cell0}: differs in generation, traits",
            f"provider {uuids.storage}: differs in generation",
            f"consumer {uuids.vm0}: missing",
            f"consumer {uuids.vm1}: differs in generation, project, "
            "allocations"}, set(lines[:-1]))

    def test_sources_that_are_none(self):
        other = self.path + "/other.sqlite"
        with contextlib.closing(sqlite3.connect(other)) as connection:
            connection.execute("CREATE TABLE resource_classes (id, name)")
        for name, told, *source in (
                ("no file", "no such file", "--database-connection",
                 f"sqlite:///{self.path}/nope"),
                ("another database", "table traits has no id, name",
                 "--database-connection", f"sqlite:///{other}"),
                ("no URL", "--database-connection", "--database-connection",
                 "what"),
                ("no server", "refused", "--database-connection",
                 f"mysql+pymysql://u:secret@127.0.0.1:{ports.find()}/p"),
                ("no such driver", "install", "--database-connection",
                 "postgresql+asyncpg://u:secret@127.0.0.1/p"),
                ("nobody there", "http://127.0.0.1", "--url",
                 f"http://127.0.0.1:{ports.find()}"),
                ("no Placement", "404", "--url",
                 self.placement.url + "/nope", "--token", "admin"),
                ("no token", "401", "--url", self.placement.url),
                ("no admin", "403", "--url", self.placement.url,
                 "--token", "someone")):
            with self.subTest(name):
                code, out, err = self.manage("import", *source)
                self.assertEqual((1, ""), (code, out))
                self.assertEqual(1, err.count("\n"), err)
                self.assertIn(told, err)
                self.assertNotIn("secret", err)


class TestImportFromServers(transfer.Commands, base.TestCase):
    """The databases that Placements have in earnest."""

    def test_all_of_it_comes_from_mariadb(self):
        self.check_import(mariadb.MariaDB(), "READ ONLY")

    def test_all_of_it_comes_from_postgresql(self):
        self.check_import(postgresql.PostgreSQL(), "read-only")

    def check_import(self, server, refusal):
        database = self.start(server)
        there = self.start(placement.Placement(database.url))
        transfer.fill(there.client)
        source = ("--database-connection", database.url)
        self.assertEqual((0, TestImport.ADDED + TestImport.SAME),
                         self.manage("import", *source)[:2])
        # What the database tells is what the API tells.
        self.assertEqual(
            (0, TestImport.SAME), self.manage(
                "import", "--verify-only", "--url", there.url,
                "--token", "admin")[:2])
        self.assert_it_can_not_write(source[1], refusal)

    def assert_it_can_not_write(self, url, refusal):
        with (database_module.DatabaseSource(url, "p", "u") as source,
              self.assertRaisesRegex(sa.exc.DBAPIError, refusal)):
            source._connection.execute(sa.text("DELETE FROM traits"))
