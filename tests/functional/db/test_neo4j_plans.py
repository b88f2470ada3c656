"""Every statement finds what it needs by an index, however much there is.

``test_neo4j`` holds every statement that the contract suite makes the driver
send to that. Here they run among few and among many: planners change their
minds.
"""

from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.db.neo4j import changes
from tests.functional.db import crowd
from tests.functional.db import neo4j_store
from tests.functional.db import profiler
from tests.functional.db import test_neo4j

FEW, MANY = 200, 1000
LIMIT = 10                              # of a page


class TestPlans(test_neo4j.Neo4jCase):

    def play_among(self, count):
        """Return what each statement of a play cost at most, by its text."""
        neo4j_store.empty()
        crowd.come(self.server, count)
        with profiler.Profiler() as played:
            for play in (self.play_placement, self.play_catalogues,
                         self.play_instances, self.play_lists,
                         self.play_services_and_flavors, self.driver.gc):
                play()
        self.assertEqual([], [fault for each in played.profiles
                              for fault in each.faults()])
        hits = {}
        for each in played.profiles:
            hits[each.text] = max(hits.get(each.text, 0), each.hits)
        return hits

    def play_placement(self):
        self.make_provider("root", traits=["HW_CPU_X86_AVX"],
                           aggregates=[uuids.agg], VCPU=8, MEMORY_MB=8)
        self.make_provider("child", uuids.root, VCPU=8)
        with mock.patch.object(changes, "PAGE", LIMIT):
            cursor, pages = self.driver.snapshot()
            list(pages)
        self.take(uuids.vm, {uuids.root: {"VCPU": 1, "MEMORY_MB": 1},
                             uuids.child: {"VCPU": 1}},
                  provider_generations={uuids.root: 3},
                  consumer_type="INSTANCE")
        self.take(uuids.vm, {uuids.root: {"VCPU": 2}}, 1)
        self.driver.changes(cursor)
        self.driver.allocations.list_by_provider(uuids.root)
        self.driver.allocations.get_many([uuids.vm, uuids.other])
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

    def play_catalogues(self):
        for controller in (self.driver.traits, self.driver.resource_classes):
            controller.create("CUSTOM_A")
            controller.list()
            controller.delete("CUSTOM_A")
        self.driver.changes(self.driver.snapshot()[0])

    def play_instances(self):
        self.make_provider("host", VCPU=8)
        self.driver.messages.claim("me", 30, limit=LIMIT)
        self.submit("vm")
        self.driver.messages.claim("me", 30, ids=[uuids.a, uuids.b])
        attempt = self.claim_one(getattr(uuids, "vm-msg"))
        self.driver.messages.renew([(uuids.vm, attempt)], 30)
        self.driver.messages.postpone(uuids.vm, attempt, 0)
        attempt = self.claim_one(getattr(uuids, "vm-msg"))
        self.land(uuids.vm, attempt)
        self.driver.instances.unland(uuids.vm, attempt, "host")
        self.land(uuids.vm, attempt)
        instance = self.driver.instances.finish(uuids.vm, attempt, "host",
                                                "STOPPED")
        instance = self.driver.instances.submit_action(
            uuids.vm, instance.generation,
            self.make_message(uuids.vm, "start", "start-msg"))
        attempt = self.claim_one(getattr(uuids, "start-msg"))
        instance = self.driver.instances.fail(uuids.vm, attempt, "no")
        self.driver.instances.end(uuids.vm, instance.generation)
        self.driver.instances.get(uuids.vm)
        self.driver.decisions.get(f"req-{uuids.vm}")

    def play_lists(self):
        self.submit("listed", host="host-1", project_id="crowd-1")
        for kwargs in ({}, {"include_deleted": True},
                       {"project_id": "crowd-1"},
                       {"project_id": "crowd-1", "include_deleted": True},
                       {"project_id": "crowd-1", "marker": uuids.listed},
                       *({"filters": {name: value}} for name, value in (
                           ("name", "vm-1"), ("status", "BUILDING"),
                           ("host", "host-1"), ("flavor", "m1.tiny"),
                           ("image", "cirros"))),
                       {"project_id": "crowd-1", "filters": {"name": "vm-1"}},
                       {"marker": uuids.listed}):
            self.driver.instances.list(limit=LIMIT, **kwargs)
        self.driver.messages.list(LIMIT)
        for kwargs in ({}, {"consumer_uuid": uuids.vm},
                       {"project_id": "crowd-1"},
                       {"marker": f"req-{uuids.vm}"},
                       {"project_id": "crowd-1",
                        "marker": f"req-{uuids.vm}"}):
            self.driver.decisions.list(limit=LIMIT, **kwargs)

    def play_services_and_flavors(self):
        self.driver.services.list()
        self.driver.flavors.list()
        self.driver.flavors.get("m1.tiny")
        self.driver.flavors.delete("m1.tiny")

    def claim_one(self, id):
        (_message, instance), = self.driver.messages.claim("me", 30, ids=[id])
        return instance.attempt

    # ----------------------------------------------------------------- tests
    def test_cost_does_not_grow_with_the_store(self):
        few, many = self.play_among(FEW), self.play_among(MANY)
        self.assertEqual(few.keys(), many.keys())
        self.assertLess(50, len(few))
        self.assertEqual({}, {
            text: (few[text], many[text]) for text in few
            if many[text] > 2 * few[text] + LIMIT})

    def test_the_check_itself(self):
        for query in ("MATCH (n) RETURN n", "MATCH (c:Consumer) RETURN c",
                      "MATCH (c:Consumer {type: 'x'}) RETURN c",
                      "MATCH ()-[r:CONSUMES]->() RETURN r",
                      "MATCH (c:Consumer) WHERE c.uuid IS NOT NULL RETURN c",
                      "MATCH (a:Trait), (b:Flavor) RETURN a.name, b.name",
                      "MATCH (i:Instance) WHERE i.name = 'x' AND "
                      "i.created_at IS NOT NULL AND i.id IS NOT NULL "
                      "RETURN i ORDER BY i.image LIMIT $limit"):
            with self.subTest(query), profiler.Profiler() as profiled:
                self.driver._store.ask(query, limit=1)
                played, = profiled.profiles
                self.assertNotEqual([], played.faults())

    def test_sync(self):
        with profiler.Profiler() as profiled:
            self.driver.sync()
        self.assertEqual([], [fault for each in profiled.profiles
                              for fault in each.faults()])
