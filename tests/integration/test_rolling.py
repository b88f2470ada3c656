"""Every daemon is replaced, one after the other, while people use the cloud.

Nothing is lost: each request is answered as it should be, each create that
was answered 202 lands once, and the store, the domain drivers and the callers
agree in the end.
"""

import subprocess

from tests.integration import base
from tests.integration.parts import daemons
from tests.integration.parts import former
from tests.integration.parts import init
from tests.integration.parts import journals
from tests.integration.parts import load
from tests.integration.parts import neo4j

# A daemon is back before its claims run out, as it is by default; and what
# is asked of the store is a restart's loss, not that of a busy machine.
PATIENT = {"DEFAULT": {"service_down_time": 60},
           "database": {"deadline": 30},
           "scheduler": {"claim_ttl": 30}}


class Cloud(daemons.Cloud):
    """A cloud with two API daemons, whose commands can be of the former
    version."""

    def __init__(self, directory, **kwargs):
        super().__init__(directory, api_workers=1, schedulers=2, computes=3,
                         options=PATIENT,
                         compute_options={"fake": {
                             "hosts": 2, "vcpus": 4096, "delay": 0.1,
                             "memory_mb": 2 ** 24, "disk_gb": 2 ** 20}},
                         **kwargs)
        options = {group: dict(values)
                   for group, values in self.api.options.items()}
        for name in ("host", "port"):
            del options["api"][name]
        for name in ("state_path", "service_host"):
            del options["DEFAULT"][name]
        self.apis = [self.api, daemons.Api(directory, options, "api1")]

    @property
    def processes(self):
        return [*self.apis, *self.schedulers, *self.computes]

    @property
    def urls(self):
        return [api.url for api in self.apis]

    def manage(self, *args, command=(str(daemons.BIN / "tachyon-manage"),)):
        self.api.configure()
        done = subprocess.run(
            [*command, "--config-file", str(self.api.file), *args],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=daemons.START_DEADLINE)
        if done.returncode:
            raise AssertionError(f"{args}: {done.stdout}{done.stderr}")
        return done.stdout


class FormerCloud(Cloud):
    """Its store and its daemons are of the former version."""

    def sync_store(self):
        self.manage("db", "sync", command=former.argv("tachyon-manage"))
        for daemon in self.processes:
            daemon.argv[:1] = former.argv(daemon.binary)

    def install(self):
        """Put the present commands in the place of the former ones."""
        for daemon in self.processes:
            daemon.argv[:len(former.argv(daemon.binary))] = [
                str(daemons.BIN / daemon.binary)]


class RollingCase(base.TestCase):

    LIMIT = 600

    def setUp(self):
        super().setUp()
        self.init = self.useFixture(init.Init())

    def begin(self, cloud):
        """Start a cloud, and people who use it."""
        self.cloud = self.start(cloud)
        self.load = load.Load(cloud.urls)
        self.addCleanup(self.load.stop)
        self.load.start()
        self.load.wait_for_more(5)

    def restart_all(self):
        for daemon in self.cloud.processes:
            code = self.init.restart(daemon)
            self.assertEqual(0, code, daemon.name)
            self.load.wait_for_more(5)
            self.assertEqual([], self.load.surprises, daemon.name)

    def check_end(self):
        self.load.stop()
        self.assertEqual([], self.load.surprises)
        bodies = {body["id"]: body for body in self.cloud.client.instances()}
        self.assertEqual(set(self.load.ids), set(bodies))
        self.assertEqual({"STOPPED"},
                         {body["status"] for body in bodies.values()})
        found = journals.Journals(
            [daemon.state_path for daemon in self.cloud.computes])
        self.assertEqual(dict.fromkeys(bodies, 1), found.creates_by_id())
        ledger = self.cloud.client.ledger()
        self.assertEqual([], ledger.errors())
        self.assertEqual(
            sorted((body["host"], id) for id, body in bodies.items()),
            sorted((host, consumer) for host, consumers
                   in ledger.consumers.items() for consumer in consumers))
        for daemon in self.cloud.processes:
            self.assertNotIn("Traceback", daemon.output, daemon.name)

    def upgrade(self):
        former_version = self.cloud.manage("db", "version")
        self.cloud.manage("db", "sync")
        self.assertNotEqual(former_version,
                            self.cloud.manage("db", "version"))
        self.load.wait_for_more(5)
        self.cloud.install()
        self.restart_all()


def store_options(server):
    """Return what a daemon is told about a Neo4j server."""
    return {"database": {"driver": "neo4j"},
            "neo4j_database": {"uri": server.uri,
                               "username": server.username,
                               "password": server.password}}


class RestartTest(RollingCase):

    def test_all_daemons_are_restarted_under_load(self):
        server = neo4j.shared()
        server.clear()
        self.begin(Cloud(self.make_directory(), store=store_options(server)))
        self.restart_all()
        self.check_end()


class UpgradeTest(RollingCase):

    def test_neo4j(self):
        server = neo4j.Neo4j()
        self.useFixture(server)
        self.started.append(server.process)
        self.begin(FormerCloud(self.make_directory(),
                               store=store_options(server)))
        self.upgrade()
        self.check_end()

    def test_sqlite(self):
        self.begin(FormerCloud(self.make_directory()))
        self.upgrade()
        self.check_end()
