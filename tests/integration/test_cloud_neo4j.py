"""The life of instances in production's set-up: the store is in Neo4j."""

from tests.integration import cloud
from tests.integration import test_cloud


class LifecycleTest(cloud.Neo4jStore, test_cloud.LifecycleTest):
    """What holds on SQLite holds on Neo4j."""
