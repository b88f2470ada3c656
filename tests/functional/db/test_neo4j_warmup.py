"""The rehearsal: what the server knows afterwards, and what it leaves."""

import math
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.db import models
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import warmup
from tests.functional.db import neo4j_store
from tests.functional.db import test_neo4j

EVERYTHING = ("MATCH (n) RETURN labels(n), properties(n), COUNT { (n)--() } "
              "ORDER BY elementId(n)")
FORGET = "CALL db.clearQueryCaches() YIELD value RETURN value"


class TestWarmUp(test_neo4j.Neo4jCase):

    def create_one(self, name):
        """Do what an instance takes from a request to its end."""
        self.submit(name, project_id=uuids.project)
        id = getattr(uuids, name)
        (message, _instance), = self.driver.messages.claim(
            "scheduler-1:4711", 30.0, ids=[getattr(uuids, f"{name}-msg")])
        self.driver.messages.renew([(id, message.attempt)], 30.0)
        self.driver.instances.land(
            id, message.attempt, "host", uuids.host,
            self.claim(id, {uuids.host: {"VCPU": 1, "DISK_GB": 1}},
                       consumer_type="INSTANCE"),
            self.make_decision(f"req-{id}", id, project_id=uuids.project,
                               document={"hosts": ["host"] * 500}))
        self.driver.instances.finish(id, message.attempt, "host", "STOPPED",
                                     ip_address="10.0.0.1")
        self.driver.services.report([
            models.Heartbeat("host", "tachyon-compute")])

    def test_no_plan_is_made_afterwards(self):
        self.make_provider("host", VCPU=8, DISK_GB=8)
        self.create_one("first")
        # Looks at the schema have a plan, too, and come by the clock.
        for patch in (mock.patch.object(warmup, "PATIENCE", 300.0),
                      mock.patch.object(connection, "FRESH", math.inf)):
            patch.start()
            self.addCleanup(patch.stop)
        self.server.run(FORGET)
        self.driver.warm_up()
        self.driver.warm_up()
        rehearsed = self.plans()
        self.driver.warm_up()
        self.create_one("second")
        self.assertEqual(rehearsed, self.plans())

    def plans(self):
        """Return how many plans there were, and forget them."""
        (text,), = self.server.run(FORGET)
        return int("".join(filter(str.isdigit, text)) or 0)

    def test_it_leaves_nothing(self):
        self.make_provider("host", VCPU=8)
        before = self.server.run(EVERYTHING)
        self.driver.warm_up()
        self.assertEqual(before, self.server.run(EVERYTHING))

    def test_nobody_waits_for_it(self):
        """Who writes meanwhile has a number of his own."""
        self.make_provider("host", VCPU=8)
        store = self.driver._store

        def rehearse(txn):
            warmup.rehearse(txn)
            self.take(uuids.vm)
            return self.used(uuids.host)

        self.assertEqual(1, store.look_long(rehearse, neo4j_store.PATIENCE))

    def test_a_store_that_is_not_ready(self):
        self.server.clear()
        driver = self.open()
        driver.warm_up()
        self.assertEqual([], self.server.run(EVERYTHING))
        driver.close()
        driver.warm_up()
