"""The broker goes away in the middle of 200 creates."""

from tests.integration import cloud
from tests.integration.parts import rabbitmq


class OutageTest(cloud.CrashCase):

    @classmethod
    def make_broker(cls):
        cls.broker = rabbitmq.private()
        return cls.broker

    def mend(self):
        if not self.broker.node.running:
            self.broker.node.start()
        self.broker.wait_until_ready()
        super().mend()

    def test_the_broker_away_for_longer_than_a_compute_may_be_silent(self):
        asked = self.begin_creates()
        self.wait_for_creates(5)
        self.broker.node.kill()
        self.wait_until_down(*self.cloud.computes, *self.cloud.schedulers)
        # What a caller wants is stored all the same, and answered.
        late = self.begin_creates(10)
        self.assertEqual({202: cloud.CREATES}, asked.statuses)
        self.assertEqual({202: 10}, late.statuses)

        self.broker.node.start()
        self.broker.wait_until_ready()
        self.cloud.wait_until_up()

        self.check_all_stopped(asked)
        self.check_all_stopped(late)
        self.check_created_once([*asked.ids, *late.ids])
