"""Production's set-up: the clouds of ``test_cloud*`` with their store in
Neo4j."""

import time

from tests.integration import cloud
from tests.integration import test_cloud
from tests.integration import test_cloud_kills
from tests.integration import test_cloud_outages
from tests.integration import test_cloud_stalls
from tests.integration.parts import wait

# Seconds within which a request is refused, at the most: Tachyon gives up
# after 5, the machine may be slow.
PATIENCE = 15.0
# Seconds within which a server just started, on a machine that has a lot to
# do besides, has planned what it is asked.
RECOVERY = 120.0


class LifecycleTest(cloud.Neo4jStore, test_cloud.LifecycleTest):
    """What holds on SQLite holds on Neo4j."""


class KillTest(cloud.Neo4jStore, test_cloud_kills.KillTest):
    """Whoever dies."""


class StallTest(cloud.Neo4jStore, test_cloud_stalls.StallTest):
    """Whoever stalls."""


class OutageTest(cloud.OwnNeo4jStore, test_cloud_outages.OutageTest):
    """And whatever goes away: the server, too."""

    def mend(self):
        if not self.neo4j.process.running:
            self.neo4j.process.start()
        self.neo4j.wait_until_ready()
        super().mend()

    def test_the_store_away(self):
        asked = self.begin_creates()
        self.wait_for_creates(5)
        self.neo4j.process.kill()
        for method, path in (("GET", "/resource_providers"),
                             ("GET", "/api/v1/instances"),
                             ("POST", "/api/v1/instances"),
                             ("GET", "/api/v1/services")):
            self.check_refused(method, path)

        self.neo4j.process.start()
        self.neo4j.wait_until_ready()
        self.assertEqual(set(), set(asked.statuses) - {202, 503})
        wait.until(lambda: self.client.ask(
            "GET", "/resource_providers").status_code == 200,
            "the API answers again", deadline=RECOVERY)
        self.cloud.wait_until_up()

        self.check_all_stopped(asked)
        # Who was answered 503 may have got an instance all the same.
        self.assertEqual({1}, set(self.new_creates().values()))

    def check_refused(self, method, path):
        began = time.monotonic()
        answer = self.client.ask(method, path, {
            "name": "refused", "flavor": "m1.tiny", "image": "debian-12"}
            if method == "POST" else None)
        self.assertEqual(503, answer.status_code, answer.text)
        self.assertLess(time.monotonic() - began, PATIENCE)
