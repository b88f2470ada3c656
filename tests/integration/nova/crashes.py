"""What is under way when something dies comes to an end, and leaves nothing
behind that nobody has."""

import sys

from tests.integration.nova import base
from tests.integration.nova import client

# What a scheduler logs when nova's conductor may call it.
ANSWERS = "Requests of nova's are answered"


class CrashTests(base.StackCase):

    def begin(self, calls=4):
        """Ask for many servers, by several calls."""
        return [id for _ in range(calls) for id in self.nova.boot(count=3)]

    def check_outcome(self, ids):
        """Each server runs, or says why not; what is allocated is what they
        have; and more can be had."""
        active = 0
        for id in ids:
            server = self.nova.wait_for(id, "ACTIVE", "ERROR")
            if server["status"] == "ACTIVE":
                active += 1
            else:
                self.assertTrue(server["fault"]["message"])
        client.until(lambda: self.allocations() == self.expected(),
                     "each allocation has its server")
        self.stack.manage("placement", "audit", "--verbose")
        client.until(self.works, "servers can be had again")
        return active

    def works(self):
        """Return whether a new server becomes active."""
        id, = self.nova.boot()
        return self.nova.wait_for(
            id, "ACTIVE", "ERROR")["status"] == "ACTIVE"

    def restart(self, process, argv=None):
        process.kill()
        process.spawn(argv)

    def test_a_scheduler_dies(self):
        """It has given servers a host, and dies before it says so."""
        scheduler = self.stack.schedulers[0]
        before = scheduler.output.count(ANSWERS)
        self.restart(scheduler, [
            sys.executable, "-m", "tests.integration.parts.killer",
            "after nova's claims, before the answer", "1",
            *map(str, (scheduler.binary, *scheduler.argv[1:]))])
        client.until(lambda: scheduler.output.count(ANSWERS) > before,
                     "the scheduler that will die is there")
        doomed = scheduler.children
        ids = self.begin()
        client.until(lambda: not doomed & scheduler.children, "it dies")
        self.restart(scheduler)
        ids += self.begin()
        self.assertIn(self.check_outcome(ids), range(1, len(ids)))

    def test_the_broker_dies(self):
        ids = self.begin()
        self.restart(self.stack.broker.node)
        self.stack.broker.wait_until_ready()
        self.check_outcome(ids)

    def test_the_store_dies(self):
        ids = self.begin()
        self.restart(self.stack.neo4j.process)
        ids += self.begin()
        self.stack.neo4j.wait_until_ready()
        self.check_outcome(ids)
