"""New hosts are mapped to their cells, as nova does it."""

import sqlalchemy as sa

from tachyon.scheduler.host_sources.nova import tables
from tests.unit.scheduler.nova import source_case


class TestMapping(source_case.SourceCase):

    def mapped(self):
        """Return the cell of each mapped host."""
        with self.cloud.engines["api"].connect() as connection:
            return {host: cell for host, cell in connection.execute(sa.select(
                tables.HOSTS.c.host, tables.CELLS.c.uuid).join(
                tables.CELLS, tables.CELLS.c.id == tables.HOSTS.c.cell_id))}

    def test_new_hosts(self):
        source = self.make()
        self.assertEqual(["h1", "h2", "h3"],
                         sorted(source.discover_hosts()))
        self.assertEqual(source_case.HOSTS, self.mapped())
        self.assertEqual([], source.discover_hosts())
        self.cloud.add_host("h4", "c2")
        self.assertEqual(["h4"], source.discover_hosts())

    def test_hosts_that_others_have_mapped(self):
        """They are not looked at again."""
        self.make().discover_hosts()
        self.cloud.update(tables.NODES, "h1", mapped=0)
        source = self.make()
        self.assertEqual([], source.discover_hosts())
        self.cloud.execute("api", sa.delete(tables.HOSTS))
        self.assertEqual([], source.discover_hosts())

    def test_another_scheduler_is_faster(self):
        """It maps a host between a look and the insert."""
        first, second = self.make(), self.make()
        first.refresh()
        faster = []

        def insert(connection, cursor, statement, *others):
            if statement.startswith("INSERT") and not faster:
                faster.extend(second.discover_hosts())

        sa.event.listen(first._api.engine, "before_cursor_execute", insert)
        self.assertEqual([], first.discover_hosts())
        self.assertEqual(["h1", "h2", "h3"], sorted(faster))
        self.assertEqual(source_case.HOSTS, self.mapped())

    def test_a_cell_that_is_down(self):
        """The hosts of the others are mapped."""
        self.cloud.engines["c1"].dispose()
        (self.path / "c1").write_bytes(b"no database" * 1000)
        self.assertEqual(["h3"], self.make().discover_hosts())
