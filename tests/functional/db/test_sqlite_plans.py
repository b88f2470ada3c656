"""Every statement finds what it needs by an index.

The statements are those that the driver really runs, asked of SQLite with
EXPLAIN QUERY PLAN.
"""

import contextlib
import re
import sqlite3

from oslo_utils.fixture import uuidsentinel as uuids

from tests.functional.db import test_sqlite

# Read as a whole, or of one row.
WHOLE = {"store", "traits", "resource_classes", "consumer_types", "flavors",
         "services", "subtree", "json_each", "id", "CONSTANT"}
SCAN = re.compile(r"^SCAN (\w+)(.*)$")


class TestPlans(test_sqlite.SQLiteCase):

    def setUp(self):
        super().setUp()
        self.statements = {}
        pool = self.driver._store._pool
        open_connection = pool._open

        def open_traced():
            connection = open_connection()
            connection.set_trace_callback(self._note)
            return connection

        pool._close_free()
        pool._open = open_traced

    def _note(self, statement):
        if statement.split(None, 1)[0] in ("SELECT", "INSERT", "UPDATE",
                                           "DELETE", "WITH"):
            self.statements[statement] = None

    def assert_by_index(self, *, ordered=()):
        """No table is read from end to end.

        ``ordered`` are tables that may be walked along an index, since the
        caller wants a page in that order.
        """
        self.assertNotEqual({}, self.statements)
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            for statement in self.statements:
                for *_ids, detail in connection.execute(
                        "EXPLAIN QUERY PLAN " + statement):
                    self._check(statement, detail, ordered)
        self.statements.clear()

    def _check(self, statement, detail, ordered):
        scan = SCAN.match(detail)
        if scan is not None and scan[1] not in WHOLE:
            table, how = scan.groups()
            self.assertTrue(table in ordered, f"{detail}: {statement}")
            if table != "messages":     # is in that order by itself
                self.assertIn("USING INDEX", how, statement)
        if ordered:
            self.assertNotIn("TEMP B-TREE FOR ORDER", detail, statement)

    # ----------------------------------------------------------------- tests
    def test_placement(self):
        self.make_provider("root", traits=["HW_CPU_X86_AVX"],
                           aggregates=[uuids.agg], VCPU=8, MEMORY_MB=8)
        self.make_provider("child", uuids.root, VCPU=8)
        self.assert_by_index()
        cursor, pages = self.driver.snapshot()
        list(pages)
        self.take(uuids.vm, {uuids.root: {"VCPU": 1, "MEMORY_MB": 1},
                             uuids.child: {"VCPU": 1}},
                  provider_generations={uuids.root: 3},
                  consumer_type="INSTANCE")
        self.take(uuids.vm, {uuids.root: {"VCPU": 2}}, 1)
        self.driver.changes(cursor)
        self.driver.allocations.list_by_provider(uuids.root)
        self.driver.allocations.usages("demo", "alice", "INSTANCE")
        self.driver.allocations.delete(uuids.vm)
        self.driver.resource_providers.update(uuids.child, "other", None)
        self.driver.inventories.replace(uuids.root, 5, {})
        self.driver.resource_providers.delete(uuids.child)
        self.driver.traits.create("CUSTOM_A")
        self.driver.traits.delete("CUSTOM_A")
        self.driver.resource_classes.create("CUSTOM_A")
        self.driver.resource_classes.delete("CUSTOM_A")
        self.driver.changes(cursor)
        self.assert_by_index()

    def test_instances(self):
        self.make_provider("host", VCPU=8)
        self.submit("vm")
        attempt = self.claim_message(uuids.vm).attempt
        self.statements.clear()         # it listed the messages
        self.driver.messages.claim("me", 30, limit=5)
        self.driver.messages.claim("me", 30, ids=[uuids.a, uuids.b])
        self.driver.messages.renew([(uuids.vm, attempt)], 30)
        self.land(uuids.vm, attempt)
        self.driver.instances.unland(uuids.vm, attempt, "host")
        self.land(uuids.vm, attempt)
        instance = self.driver.instances.finish(uuids.vm, attempt, "host",
                                                "STOPPED")
        instance = self.driver.instances.submit_action(
            uuids.vm, instance.generation,
            self.make_message(uuids.vm, "start", "start-msg"))
        (message, instance), = self.driver.messages.claim("me", 30)
        self.driver.instances.fail(uuids.vm, message.attempt, "no")
        self.driver.instances.end(uuids.vm, instance.generation + 1)
        self.driver.decisions.get(f"req-{uuids.vm}")
        self.driver.gc()
        self.assert_by_index()

    def test_lists(self):
        self.submit("vm")
        for kwargs in ({}, {"include_deleted": True},
                       {"project_id": "demo"},
                       {"project_id": "demo", "include_deleted": True},
                       {"project_id": "demo", "marker": uuids.vm},
                       *({"filters": {name: "x"}} for name in (
                           "name", "status", "host", "flavor", "image")),
                       {"marker": uuids.vm}):
            self.driver.instances.list(**kwargs)
        self.driver.messages.list()
        for kwargs in ({}, {"consumer_uuid": uuids.vm},
                       {"project_id": "demo"}):
            self.driver.decisions.list(**kwargs)
        self.assert_by_index(ordered=("instances", "messages", "decisions"))

    def test_a_filter_that_picks_few_is_looked_up(self):
        for name in ("name", "status", "host"):
            self.driver.instances.list(filters={name: "x"})
        self.driver.instances.list(project_id="demo")
        self.driver.decisions.list(consumer_uuid=uuids.vm)
        self.assert_by_index()

    def test_services_and_flavors(self):
        self.driver.services.list()
        self.driver.flavors.list()
        self.driver.flavors.get("m1.tiny")
        self.driver.flavors.delete("m1.tiny")
        self.assert_by_index()
