"""A functional test runs on every driver, under a name of its own for each."""

import sys

from tachyon.db import load
from tests.functional import stores


class TestWhereItRuns(stores.OnEveryDriver):

    def test_on_the_store_that_it_is_named_after(self):
        driver = load.get_driver(self.conf)
        self.addCleanup(driver.close)
        self.assertEqual(self.db_driver, driver.health()["name"])
        self.assertEqual([], driver.instances.list())
        self.assertEqual("m1.tiny", driver.flavors.get("m1.tiny").name)


class TestTwins(stores.base.TestCase):

    def test_each_case_has_one(self):
        twin = sys.modules[__name__].TestWhereItRunsOnNeo4j
        self.assertEqual(("neo4j", "sqlite"), (
            twin.db_driver, TestWhereItRuns.db_driver))
        self.assertEqual(f"{__name__}.TestWhereItRunsOnNeo4j",
                         f"{twin.__module__}.{twin.__qualname__}")

    def test_twins_have_none(self):
        self.assertEqual([], [name for name in vars(sys.modules[__name__])
                              if name.endswith("OnNeo4jOnNeo4j")])
