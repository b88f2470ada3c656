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
