"""The order in which the parts of tachyon-standalone start."""

import threading
import time

import fixtures

from tachyon.cmd import standalone
from tachyon.db import models
from tests import base

DEADLINE = 10.0


class Driver:
    """Knows the compute from the moment on that a test says so."""

    def __init__(self):
        self.ages = []
        self.asked = threading.Event()
        self.closed = 0
        self.services = self

    def list(self):
        self.asked.set()
        return [models.Service(
            id="1", host="testhost", binary="tachyon-compute", serves=("*",),
            enabled=True, disabled_reason=None, last_seen=None, age=age)
            for age in self.ages]

    def close(self):
        self.closed += 1


class Part:

    binary, host = "tachyon-compute", "testhost"

    def __init__(self, name, order):
        self.name, self.order = name, order
        self.reported = True

    def start(self):
        self.order.append(f"{self.name} starts")

    def stop(self):
        self.order.append(f"{self.name} stops")

    def has_reported(self):
        return self.reported

    def is_alive(self):
        return self.name != "dead"


class TestStandalone(base.TestCase):

    def setUp(self):
        super().setUp()
        self.driver = Driver()
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.cmd.standalone.load.get_driver",
            lambda conf: self.driver))
        self.order = []
        self.service = standalone.StandaloneService(self.conf)
        for name in ("scheduler", "compute", "api"):
            setattr(self.service, name, Part(name, self.order))
        self.service.parts = (self.service.scheduler, self.service.compute,
                              self.service.api)

    def start(self):
        thread = threading.Thread(target=self.service.start)
        thread.start()
        self.addCleanup(thread.join, DEADLINE)
        self.addCleanup(self.service.stop)
        return thread

    def test_http_waits_for_a_young_heartbeat(self):
        # One of the last life, which ended a moment ago.
        self.driver.ages = [5.0]
        thread = self.start()
        self.assertTrue(self.driver.asked.wait(DEADLINE))
        self.driver.asked.clear()
        self.assertTrue(self.driver.asked.wait(DEADLINE))
        self.assertEqual(["scheduler starts", "compute starts"], self.order)
        self.driver.ages = [0.0]
        thread.join(DEADLINE)
        self.assertEqual("api starts", self.order[-1])
        self.assertEqual(1, self.driver.closed)

    def test_http_waits_for_the_inventory(self):
        self.driver.ages = [0.0]
        self.service.compute.reported = False
        thread = self.start()
        self.assertFalse(self.driver.asked.wait(0.2))
        self.service.compute.reported = True
        thread.join(DEADLINE)
        self.assertEqual("api starts", self.order[-1])

    def test_it_does_not_wait_for_ever(self):
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.cmd.standalone.COMPUTE_WAIT", 0.1))
        logger = self.useFixture(fixtures.FakeLogger())
        self.service.start()
        self.assertEqual("api starts", self.order[-1])
        self.assertIn("may find no host", logger.output)

    def test_stopped_while_it_waits(self):
        thread = self.start()
        self.assertTrue(self.driver.asked.wait(DEADLINE))
        before = time.monotonic()
        self.service.stop()
        thread.join(DEADLINE)
        self.assertTrue(time.monotonic() - before < standalone.COMPUTE_WAIT)
        self.assertNotIn("api starts", self.order)
        self.assertEqual(
            ["api stops", "compute stops", "scheduler stops"],
            self.order[-3:])

    def test_alive_as_a_whole(self):
        self.assertTrue(self.service.is_alive())
        self.service.compute.name = "dead"
        self.assertFalse(self.service.is_alive())
