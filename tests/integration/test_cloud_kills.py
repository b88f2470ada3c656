"""kill -9 in the middle of 200 creates."""

import os
import signal

from tests.integration import cloud
from tests.integration.parts import creates
from tests.integration.parts import wait


class KillTest(cloud.CrashCase):

    def test_a_scheduler_that_holds_claims(self):
        asked = self.begin_creates()
        victim = self.cloud.schedulers[0]
        self.stall_deciding(victim)
        victim.kill()

        self.check_all_stopped(asked)

        self.assertEqual({202: cloud.CREATES}, asked.statuses)
        self.check_created_once(asked.ids)

    def test_a_compute(self):
        asked = self.begin_creates()
        victim, *others = self.cloud.computes
        self.wait_for_creates(2, victim)
        victim.kill()
        self.assertEqual({202: cloud.CREATES}, asked.statuses)
        self.wait_until_down(victim)
        late = self.begin_creates(10)
        bodies = self.client.wait_for_all("STOPPED", "ERROR", deadline=180)
        for id in late.ids:
            self.assertFalse(bodies[id]["host"].startswith(victim.name))

        victim.start()
        self.check_all_stopped(late)
        ends = self.check_all_stopped(asked)

        elsewhere = [id for id, body in ends.items()
                     if not body["host"].startswith(victim.name)]
        self.assertEqual(dict.fromkeys([*elsewhere, *late.ids], 1),
                         self.new_creates(*others))
        self.assertEqual({1}, set(self.new_creates(victim).values()))

    def test_a_worker_of_the_api(self):
        asked = self.begin_creates()
        workers = self.cloud.api.children
        self.assertEqual(2, len(workers))
        self.wait_for_creates(2)
        os.kill(min(workers), signal.SIGKILL)
        self.client.hang_up()

        self.check_all_stopped(asked)

        # Who got no answer may have got an instance all the same.
        self.assertEqual(set(), set(asked.statuses)
                         - {202, creates.NO_ANSWER})
        self.assertEqual({1}, set(self.new_creates().values()))
        wait.until(lambda: len(self.cloud.api.children - {min(workers)}) == 2,
                   "another worker takes its place")

    def test_everything_at_once(self):
        asked = self.begin_creates()
        ids = asked.ids
        self.wait_for_creates(10)
        for daemon in self.cloud.processes:
            daemon.kill()
        for daemon in self.cloud.processes:
            daemon.launch()
        self.cloud.wait_until_up()

        self.check_all_stopped(asked)

        self.check_created_once(ids)
