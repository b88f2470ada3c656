"""The faulty driver fails as it is told, and only so."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tests import base as tests_base
from tests.functional.db import base
from tests.functional.db import faulty


class TestFaultyDriver(tests_base.TestCase):

    def setUp(self):
        super().setUp()
        self.driver = faulty.FaultyDriver(base.make_driver(self))

    def _create(self):
        return self.driver.resource_providers.create(uuids.host, "host")

    def test_it_works_until_it_is_told(self):
        self._create()
        self.assertEqual("host", self.driver.resource_providers.get(
            uuids.host).name)
        self.assertTrue(self.driver.is_alive())
        self.assertEqual(["resource_providers.create",
                          "resource_providers.get", "is_alive"],
                         self.driver.calls)

    def test_before(self):
        self.driver.fail("resource_providers.create")
        for _turn in range(2):
            self.assertRaises(exception.DriverUnavailable, self._create)
        self.driver.heal()
        self.assertEqual("host", self._create().name)

    def test_after(self):
        self.driver.fail("resource_providers.create", times=1, after=True)
        self.assertRaises(exception.DriverUnavailable, self._create)
        self.assertRaises(exception.DuplicateProvider, self._create)

    def test_everything(self):
        self.driver.fail()
        for call in (self.driver.traits.list, self.driver.snapshot,
                     self._create):
            self.assertRaises(exception.DriverUnavailable, call)
