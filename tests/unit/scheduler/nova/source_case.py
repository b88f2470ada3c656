"""What tests of the host source ``nova`` start from: databases, and a view."""

import atexit
import datetime
import functools
import pathlib
import shutil
import tempfile

from tachyon.placement import view as view_module
from tachyon.scheduler.host_sources.nova import source as source_module
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes
from tests.unit.scheduler.nova import databases

NOON = databases.NOON
CELLS = ("c1", "c2")
HOSTS = {"h1": "c1", "h2": "c1", "h3": "c2"}


@functools.cache
def templates():
    """Return a directory with empty databases, made once a process."""
    path = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, path)
    databases.make_schema(*(f"sqlite:///{path}/{name}"
                            for name in ("api", *CELLS)))
    return path


class SourceCase(base.TestCase):
    """Gives ``cloud``, two cells with three hosts at noon, a ``clock`` and a
    ``wall`` clock; ``make`` makes a source."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Not within a test, whose temporary files go with it.
        cls.templates = templates()

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.state_path) / "nova"
        shutil.copytree(self.templates, self.path)
        self.cloud = databases.NovaDatabases({
            name: f"sqlite:///{self.path}/{name}"
            for name in ("api", *CELLS)})
        self.addCleanup(self.cloud.close)
        for host, cell in HOSTS.items():
            self.cloud.add_host(host, cell)
        self.config("nova_hosts", api_connection=self.cloud.urls["api"],
                    max_age=1.0, service_down_time=60.0)
        self.clock = fakes.Clock()
        self.wall = NOON.replace(tzinfo=datetime.UTC).timestamp()
        self.driver = fakes.Driver(placement_fakes.make_forest(**{
            name: {"inventory": {"VCPU": 1}} for name in (*HOSTS, "alien")}))
        self.view = view_module.View(self.driver)

    def make(self):
        source = source_module.NovaSource(
            self.conf, self.driver, "nova", self.clock, lambda: self.wall)
        self.addCleanup(source.close)
        return source

    def facts(self, source, later=1.0):
        self.clock.now += later
        token = source.refresh()
        with self.view.read() as snapshot:
            self.snapshot = snapshot
            return source.facts(snapshot, token)

    def node(self, facts, host):
        node, = facts.find(host=host)
        return node

    def row(self, host):
        return self.snapshot.row_of(placement_fakes.uuid(host))

    def known(self, facts):
        return {host for host in (*HOSTS, "alien")
                if facts.by_row[self.row(host)] >= 0}

    def aggregates(self, facts, host):
        return [each.id for each in facts.aggregates[
            int(facts.by_row[self.row(host)])]]

    def where(self, source, uuid, later=1.0):
        return self.facts(source, later).instances.host_of(uuid)
