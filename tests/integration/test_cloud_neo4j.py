"""The cloud of ``test_cloud`` with its store in Neo4j: production's set-up."""

from tests.integration import test_cloud
from tests.integration.parts import neo4j


class Neo4jStore:
    """A Neo4j server of the test class's own, so that it can be killed."""

    @classmethod
    def make_store(cls):
        cls.neo4j = neo4j.Neo4j()
        cls.share(cls.neo4j)
        cls.shared.append(cls.neo4j.process)
        return {
            "database": {"driver": "neo4j"},
            "neo4j_database": {"uri": cls.neo4j.uri,
                               "username": cls.neo4j.username,
                               "password": cls.neo4j.password}}


class LifecycleTest(Neo4jStore, test_cloud.LifecycleTest):
    """What holds on SQLite holds on Neo4j."""


class CrashTest(Neo4jStore, test_cloud.CrashTest):
    """The same daemons die, on Neo4j; and Neo4j itself."""

    def test_neo4j_killed_in_the_middle_of_creates(self):
        ids = self.create(30)
        self.wait_for_creates(5)
        self.neo4j.process.kill()
        answers = [self.client.ask(method, path, body).status_code
                   for method, path, body in (
                       ("GET", "/resource_providers", None),
                       ("POST", "/api/v1/instances", {
                           "name": "refused", "flavor": "m1.tiny",
                           "image": "debian-12"}))]
        self.assertEqual([503, 503], answers)
        self.neo4j.process.start()
        self.neo4j.wait_until_ready()
        self.cloud.wait_until_up()

        self.check_end(ids)

        for id in self.create(5):
            self.client.wait_for(id, "STOPPED")
