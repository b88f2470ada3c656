"""SIGSTOP past every TTL, in the middle of 200 creates, then SIGCONT.

Who was overtaken meanwhile is told no, and does nothing.
"""

from tests.integration import cloud
from tests.integration.parts import wait


class StallTest(cloud.CrashCase):

    def test_a_scheduler(self):
        asked = self.begin_creates()
        victim = self.cloud.schedulers[0]
        self.stall_deciding(victim)
        self.assertEqual({202: cloud.CREATES}, asked.statuses)
        before = self.check_all_stopped(asked)
        self.check_created_once(asked.ids)
        log = len(victim.output)

        victim.wake()

        wait.until(lambda: "was overtaken" in victim.output[log:],
                   "the stale scheduler is told no")
        self.cloud.wait_until_up()
        self.assertEqual(before, self.check_all_stopped(asked))
        self.check_created_once(asked.ids)

    def test_a_compute(self):
        asked = self.begin_creates()
        victim, *others = self.cloud.computes
        self.wait_for_creates(2, victim)
        victim.stall()
        self.assertEqual({202: cloud.CREATES}, asked.statuses)
        before = self.client.wait_for_all("STOPPED", "ERROR", deadline=180)
        created = self.new_creates(victim)
        log = len(victim.output)

        victim.wake()

        wait.until(lambda: "was overtaken" in victim.output[log:],
                   "the stale compute is told no")
        self.cloud.wait_until_up()
        after = self.check_all_stopped(asked)
        self.assertEqual(before, {**before, **after})
        self.assertEqual(
            dict.fromkeys((id for id, body in after.items()
                           if not body["host"].startswith(victim.name)), 1),
            self.new_creates(*others))
        # No more than its driver had in hand when it was stopped.
        self.assertLessEqual(len(self.new_creates(victim)),
                             len(created) + cloud.CONCURRENT)
