"""Heartbeats: batched, renewed, kept while the store is away."""

import threading
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon import objects
from tachyon.db import models
from tachyon.scheduler import heartbeats
from tests import base
from tests.unit.scheduler import fakes


class TestHeartbeats(base.TestCase):
    def setUp(self):
        super().setUp()
        self.driver = mock.Mock()
        self.clock = fakes.Clock()
        self.config("scheduler", claim_ttl=30.0)
        self.heartbeats = heartbeats.Heartbeats(self.conf, self.driver,
                                                self.clock)

    def add(self, host, serves=("*",), work=()):
        self.heartbeats.add(objects.HeartbeatReport(
            host=host, binary="tachyon-compute", serves=list(serves),
            work=[objects.WorkItem(instance_id=id, attempt=attempt)
                  for id, attempt in work]))

    def written(self):
        """Return the batches written since the last time."""
        calls = self.driver.services.report.call_args_list
        batches = [call.args[0] for call in calls]
        self.driver.services.report.reset_mock()
        return [[(each.host, each.serves) for each in batch]
                for batch in batches]

    def settle(self, *hosts):
        for host in hosts:
            self.add(host)
        self.heartbeats.flush()
        self.written()

    def test_one_write_for_all(self):
        self.settle("c1", "c2", "c3")
        for host in ("c1", "c2", "c3", "c1"):
            self.clock.now += 1.0
            self.add(host)
        self.assertEqual([], self.written())
        self.heartbeats.flush()
        self.assertEqual([[("c1", ("*",)), ("c2", ("*",)), ("c3", ("*",))]],
                         self.written())
        self.heartbeats.flush()
        self.assertEqual([], self.written())

    def test_the_last_one_counts(self):
        self.settle("c1")
        self.add("c1", work=[(uuids.a, 1)])
        self.add("c1", work=[(uuids.b, 2)])
        self.heartbeats.flush()
        self.driver.messages.renew.assert_called_once_with([(uuids.b, 2)],
                                                           30.0)
        self.driver.services.report.assert_called_once_with([
            models.Heartbeat("c1", "tachyon-compute", ("*",),
                             ((uuids.b, 2),))])

    def test_a_new_one_is_written_at_once(self):
        self.add("c1")
        self.assertEqual([[("c1", ("*",))]], self.written())

    def test_one_that_serves_others_is_written_at_once(self):
        self.settle("c1")
        self.clock.now += 1.0
        self.add("c1", ["a*"])
        self.assertEqual([[("c1", ("a*",))]], self.written())

    def test_many_new_ones_are_written_in_batches(self):
        for number in range(50):
            self.add(f"c{number}")
        self.assertEqual([[("c0", ("*",))]], self.written())
        self.clock.now += heartbeats.HURRY_INTERVAL
        self.add("c50")
        self.assertEqual([50], [len(batch) for batch in self.written()])

    def test_kept_while_the_store_is_away(self):
        gone = exception.DriverUnavailable(reason="gone")
        self.settle("c1", "c2")
        for controller in (self.driver.services.report,
                           self.driver.messages.renew):
            self.add("c1", work=[(uuids.a, 1)])
            self.add("c2", work=[(uuids.b, 1)])
            controller.side_effect = gone
            self.assertRaises(exception.DriverUnavailable,
                              self.heartbeats.flush)
            controller.side_effect = None
            self.driver.services.report.reset_mock()
            self.driver.messages.renew.reset_mock()
            self.add("c2", work=[(uuids.b, 2)])          # newer, wins
            self.heartbeats.flush()
            self.driver.messages.renew.assert_called_once_with(
                [(uuids.a, 1), (uuids.b, 2)], 30.0)

    def test_none_is_lost_between_threads(self):
        self.settle(*(f"c{number}" for number in range(8)))
        written = []
        self.driver.messages.renew.side_effect = (
            lambda work, ttl: written.extend(work))

        def report(number):
            for attempt in range(1, 101):
                self.add(f"c{number}", work=[(uuids.a, attempt)])
                self.heartbeats.flush()

        threads = [threading.Thread(target=report, args=(number,))
                   for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(8, written.count((uuids.a, 100)))
