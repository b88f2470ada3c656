"""Every statement finds what it needs by an index.

The statements are those that the driver really runs, asked of Neo4j with
EXPLAIN. None may scan all nodes, a label or a type of relationship, nor
multiply what two unconnected patterns find.
"""

import re

import neo4j
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.db.neo4j import changes
from tests.functional.db import test_neo4j

# Read as a whole, but along an index.
WHOLE = {"Trait", "ResourceClass", "ConsumerType", "Flavor", "Service"}
FORBIDDEN = re.compile(
    "All(Nodes|Relationships)Scan|Labels?Scan|Types?Scan|CartesianProduct")
SCANS = ("NodeIndexScan", "NodeUniqueIndexScan")
SORTS = ("Sort", "PartialSort", "Top", "PartialTop")


def operators(plan):
    """Return the name and the details of each operator of a plan."""
    yield (plan["operatorType"].partition("@")[0],
           plan["args"].get("Details", ""))
    for child in plan.get("children", ()):
        yield from operators(child)


class TestPlans(test_neo4j.Neo4jCase):

    def setUp(self):
        super().setUp()
        self.statements = {}
        for owner in (neo4j.ManagedTransaction, neo4j.Session):
            self._trace(owner)

    def _trace(self, owner):
        run = owner.run

        def traced(raw, query, parameters=None, **others):
            text = getattr(query, "text", query)
            self.statements[text] = {**(parameters or {}), **others}
            return run(raw, query, parameters, **others)

        owner.run = traced
        self.addCleanup(setattr, owner, "run", run)

    def assert_by_index(self, *, walked=None, is_sorted=True):
        """No statement reads a label from end to end.

        ``walked`` is a label that may be walked along an index, since the
        caller wants a page in that order. Whether a page of few is sorted all
        the same is for the planner, who knows how many there are; unless
        ``is_sorted`` is False.
        """
        statements, self.statements = self.statements, {}
        self.assertNotEqual({}, statements)
        with neo4j.GraphDatabase.driver(
                self.server.uri, notifications_min_severity="OFF",
                auth=("neo4j", self.server.password)) as driver, \
                driver.session() as session:
            for text, params in statements.items():
                plan = session.run(f"EXPLAIN {text}", params).consume().plan
                for name, details in operators(plan):
                    self._check(text, name, details, walked, is_sorted)
        self.statements = {}

    def _check(self, text, name, details, walked, is_sorted):
        self.assertIsNone(FORBIDDEN.search(name), f"{details}: {text}")
        if name in SCANS:
            label = details.partition(":")[2].partition("(")[0]
            self.assertIn(label, WHOLE | {walked}, f"{details}: {text}")
        if not is_sorted and f":{walked})" in text:
            self.assertNotIn(name, SORTS, f"{details}: {text}")

    # ----------------------------------------------------------------- tests
    def test_the_check_itself(self):
        for query in ("MATCH (n) RETURN n", "MATCH (c:Consumer) RETURN c",
                      "MATCH (c:Consumer {type: 'x'}) RETURN c",
                      "MATCH ()-[r:CONSUMES]->() RETURN r",
                      "MATCH (c:Consumer) WHERE c.uuid IS NOT NULL RETURN c"):
            with self.subTest(query):
                self.statements = {query: {}}
                self.assertRaises(AssertionError, self.assert_by_index)

    def test_placement(self):
        self.make_provider("root", traits=["HW_CPU_X86_AVX"],
                           aggregates=[uuids.agg], VCPU=8, MEMORY_MB=8)
        self.make_provider("child", uuids.root, VCPU=8)
        cursor, pages = self.driver.snapshot()
        list(pages)
        self.take(uuids.vm, {uuids.root: {"VCPU": 1, "MEMORY_MB": 1},
                             uuids.child: {"VCPU": 1}},
                  provider_generations={uuids.root: 3},
                  consumer_type="INSTANCE")
        self.take(uuids.vm, {uuids.root: {"VCPU": 2}}, 1)
        self.driver.changes(cursor)
        self.driver.allocations.list_by_provider(uuids.root)
        for args in (("demo",), ("demo", "alice"),
                     ("demo", "alice", "INSTANCE")):
            self.driver.allocations.usages(*args)
        self.driver.allocations.delete(uuids.vm)
        self.driver.resource_providers.update(uuids.child, "other", None)
        self.driver.resource_providers.update(uuids.child, "other",
                                              uuids.root)
        self.driver.inventories.replace(uuids.root, 5, {})
        self.driver.resource_providers.delete(uuids.child)
        self.driver.changes(cursor)
        self.assert_by_index()

    def test_catalogues(self):
        for controller in (self.driver.traits, self.driver.resource_classes):
            controller.create("CUSTOM_A")
            controller.list()
            controller.delete("CUSTOM_A")
        self.driver.changes(self.driver.snapshot()[0])
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
        self.driver.instances.get(uuids.vm)
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
        self.assert_by_index(walked="Instance")
        self.driver.messages.list()
        self.assert_by_index(walked="Message")
        for kwargs in ({}, {"consumer_uuid": uuids.vm},
                       {"project_id": "demo"}):
            self.driver.decisions.list(**kwargs)
        self.assert_by_index(walked="Decision")

    def test_pages_of_providers_are_not_sorted(self):
        list(changes.snapshot(self.driver._store)[1])
        self.assert_by_index(walked="ResourceProvider", is_sorted=False)

    def test_services_and_flavors(self):
        self.driver.services.list()
        self.driver.flavors.list()
        self.driver.flavors.get("m1.tiny")
        self.driver.flavors.delete("m1.tiny")
        self.assert_by_index()

    def test_sync(self):
        self.driver.sync()
        self.statements = {
            text: params for text, params in self.statements.items()
            if not text.startswith(("CREATE CONSTRAINT", "CREATE INDEX"))}
        self.assert_by_index()
