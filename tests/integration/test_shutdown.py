"""SIGTERM and Ctrl-C end each daemon with 0, in time, and lose nothing."""

import signal

from tests.integration import base
from tests.integration.parts import daemons
from tests.integration.parts import journals
from tests.integration.parts import wait

IN_TIME = 15.0


class StandaloneShutdownTest(base.TestCase):

    def check(self, number):
        daemon = self.start(daemons.Standalone(self.make_directory(), {
            "fake": {"hosts": 4, "delay": 0.5}}))
        client = daemon.client
        found = journals.Journals([daemon.state_path])
        ids = [client.create()["id"] for _ in range(24)]
        wait.until(lambda: found.all_creates() >= 4, "4 creates",
                   interval=0.01)

        code = daemon.stop(IN_TIME, number)

        self.assertEqual(0, code, daemon.output[-4000:])
        self.assertNotIn("Traceback", daemon.output)
        daemon.start()
        for id in ids:
            client.wait_for(id, "STOPPED")
        self.assertEqual(dict.fromkeys(ids, 1), found.creates_by_id())
        self.assertEqual([], client.ledger().errors())

    def test_sigterm_with_work_in_hand(self):
        self.check(signal.SIGTERM)

    def test_ctrl_c_with_work_in_hand(self):
        self.check(signal.SIGINT)


class CloudShutdownTest(base.TestCase):

    def test_each_daemon_can_be_restarted_while_instances_are_made(self):
        cloud = self.start(daemons.Cloud(
            self.make_directory(), schedulers=1, computes=2,
            compute_options={"fake": {"hosts": 2, "delay": 0.3}}))
        found = journals.Journals(
            [daemon.state_path for daemon in cloud.computes])
        ids = []
        for daemon in (cloud.schedulers[0], cloud.computes[0], cloud.api):
            ids += [cloud.client.create()["id"] for _ in range(12)]
            wanted = len(ids) - 10
            wait.until(lambda wanted=wanted: found.all_creates() >= wanted,
                       "two more creates", interval=0.01)

            self.assertEqual(0, daemon.stop(IN_TIME), daemon.name)
            self.assertNotIn("Traceback", daemon.output, daemon.name)
            daemon.start()

        for id in ids:
            cloud.client.wait_for(id, "STOPPED")
        self.assertEqual(dict.fromkeys(ids, 1), found.creates_by_id())
        self.assertEqual([], cloud.client.ledger().errors())
