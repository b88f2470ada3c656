"""Requests that arrive together, and while the cloud is being loaded."""

import threading
from concurrent import futures
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids
from werkzeug import test as werkzeug_test

from tachyon.db import models
from tests.functional.placement import base
from tests.integration.parts import wait

DEADLINE = 60.0
CROWD = 6
QUERY = "/allocation_candidates?resources=VCPU:1&limit=1"
HEADERS = {"X-Auth-Token": "admin",
           "OpenStack-API-Version": "placement 1.39"}


class Held:
    """A call that says when it begins, and ends when it is let go."""

    def __init__(self, call):
        self.call = call
        self.calls = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, *args):
        self.calls += 1
        found = self.call(*args)
        self.begun.set()
        if not self.go_on.wait(DEADLINE):
            raise AssertionError("nobody let it go on")
        return found


class TestTogether(base.TestCase):

    def setUp(self):
        super().setUp()
        self.driver.resource_providers.create(uuids.host, "host")
        self.driver.inventories.replace(
            uuids.host, 0, {"VCPU": models.Inventory(total=9)})
        self.pool = futures.ThreadPoolExecutor(CROWD + 1)
        self.addCleanup(self.pool.shutdown)

    def hold(self, name):
        """Hold up what the view asks of the store, until it is let go."""
        held = Held(getattr(self.driver, name))
        patch = mock.patch.object(self.driver, name, held)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(held.go_on.set)
        return held

    def begin(self, path=QUERY):
        # A client of its own: they are not made for several threads.
        client = werkzeug_test.Client(self.fixture.app)
        return self.pool.submit(
            lambda: client.get(path, headers=HEADERS).status_code)

    def test_they_share_a_sync(self):
        self.fixture.view.sync()
        held = self.hold("changes")
        first = self.begin()
        self.assertTrue(held.begun.wait(DEADLINE))
        others = [self.begin() for _ in range(CROWD)]
        waiting = self.fixture.view._sync._changed._waiters
        wait.until(lambda: len(waiting) == CROWD, "they wait")
        held.go_on.set()
        self.assertEqual([200] * (CROWD + 1), [
            each.result(DEADLINE) for each in (first, *others)])
        self.assertEqual(2, held.calls)

    def test_a_health_check_waits_for_no_load(self):
        held = self.hold("snapshot")
        first = self.begin()
        self.assertTrue(held.begun.wait(DEADLINE))
        self.assertEqual(200, self.begin("/healthcheck").result(DEADLINE))
        self.assertFalse(first.done())
        held.go_on.set()
        self.assertEqual(200, first.result(DEADLINE))
