"""tachyon-api, tachyon-scheduler and tachyon-compute apart, on RabbitMQ."""

from tests.integration import base
from tests.integration import scenario
from tests.integration.parts import daemons
from tests.integration.parts import journals
from tests.integration.parts import rabbitmq
from tests.integration.parts import wait


class CloudTestCase(base.TestCase):
    """Daemons of three kinds, on a store that subclasses can choose."""

    @classmethod
    def make_store(cls):
        """Return the options of the store; None: one SQLite file."""
        return None


class LifecycleTest(scenario.Lifecycle, CloudTestCase):
    """What holds in one process holds in seven."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cloud = cls.share(daemons.Cloud(
            cls.share_directory(), api_workers=2, schedulers=1, computes=2,
            store=cls.make_store(), compute_options={"fake": {"hosts": 2}}))
        cls.client = cls.cloud.client
        cls.journals = journals.Journals(
            [daemon.state_path for daemon in cls.cloud.computes])

    def test_a_compute_opens_no_store(self):
        for daemon in self.cloud.computes:
            self.assertEqual([], list(daemon.directory.rglob("*.sqlite*")))


class CrashTest(CloudTestCase):
    """A daemon dies or stalls; the others carry its work to its end."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cloud = cls.share(daemons.Cloud(
            cls.share_directory(), api_workers=2, schedulers=2, computes=3,
            store=cls.make_store(), broker=rabbitmq.private(),
            compute_options={"fake": {
                "hosts": 1, "delay": 0.3, "vcpus": 64, "disk_gb": 4000}}))
        cls.client = cls.cloud.client
        cls.journals = journals.Journals(
            [daemon.state_path for daemon in cls.cloud.computes])

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clear)
        # The creates of the tests before.
        self.creates_before = self.journals.creates_by_id()

    def clear(self):
        """Leave an empty cloud in which everything is up."""
        for daemon in self.cloud.processes:
            daemon.wake()
            if not daemon.running:
                daemon.start()
        self.cloud.wait_until_up()
        ids = [body["id"] for body in self.client.instances()]
        for id in ids:
            self.client.delete(id)
        for id in ids:
            self.client.wait_for(id, "DELETED")

    def new_creates(self, compute=None):
        """Return how often each instance of this test was created."""
        found = self.journals if compute is None else journals.Journals(
            [compute.state_path])
        return {id: number for id, number in found.creates_by_id().items()
                if id not in self.creates_before}

    def wait_for_creates(self, number, compute=None):
        wait.until(lambda: len(self.new_creates(compute)) >= number,
                   f"{number} creates", interval=0.01)

    def create(self, number):
        return [self.client.create(f"vm-{n}")["id"] for n in range(number)]

    def check_end(self, ids):
        """Return these instances by id, of all there are: each runs once,
        where the store says, and has one allocation there; or it is in ERROR
        and has nothing."""
        bodies = {id: self.client.wait_for(id, "STOPPED", "ERROR",
                                           deadline=60) for id in ids}
        landed = {id: body["host"] for id, body in bodies.items()
                  if body["status"] == "STOPPED"}
        ledger = self.client.ledger()
        self.assertEqual([], ledger.errors())
        self.assertEqual(
            sorted((host, id) for id, host in landed.items()),
            sorted((host, consumer) for host, consumers
                   in ledger.consumers.items() for consumer in consumers))
        wait.until(lambda: self.journals.copies() == sorted(landed.items()),
                   "what runs is what the store says")
        return bodies

    def test_a_compute_killed_in_the_middle_of_creates(self):
        victim = self.cloud.computes[0]
        ids = self.create(30)
        self.wait_for_creates(2, victim)
        victim.kill()
        wait.until(lambda: self.client.services()[
            "tachyon-compute", victim.name]["state"] == "down",
            "the victim is seen down")

        late = self.create(10)
        for id in late:
            body = self.client.wait_for(id, "STOPPED", deadline=60)
            self.assertFalse(body["host"].startswith(victim.name), body)
        ends = [self.client.wait_for(id, "STOPPED", "ERROR", deadline=60)
                for id in ids]
        for body in ends:
            if body["status"] == "ERROR":
                self.assertIn(victim.name, body["fault"])
        victim.start()
        self.check_end([*ids, *late])

    def test_a_scheduler_killed_in_the_middle_of_100_creates(self):
        ids = self.create(100)
        self.wait_for_creates(10)
        self.cloud.schedulers[0].kill()

        bodies = self.check_end(ids)

        self.assertEqual({"STOPPED"},
                         {body["status"] for body in bodies.values()})
        self.assertEqual(dict.fromkeys(ids, 1), self.new_creates())

    def test_a_compute_stalled_past_its_claims_is_told_no(self):
        victim = self.cloud.computes[1]
        ids = self.create(30)
        self.wait_for_creates(2, victim)
        victim.stall()
        before = {id: self.client.wait_for(id, "STOPPED", "ERROR",
                                           deadline=60) for id in ids}

        victim.wake()
        self.cloud.wait_until_up()

        self.assertEqual(before, self.check_end(ids))

    def test_everything_killed_at_once(self):
        ids = self.create(40)
        self.wait_for_creates(5)
        for daemon in self.cloud.processes:
            daemon.kill()
        for daemon in self.cloud.processes:
            daemon.launch()
        for daemon in self.cloud.processes:
            daemon.wait_until_ready()

        bodies = self.check_end(ids)

        self.assertEqual({"STOPPED"},
                         {body["status"] for body in bodies.values()})
        self.assertEqual(dict.fromkeys(ids, 1), self.new_creates())

    def test_the_broker_killed_in_the_middle_of_creates(self):
        broker = rabbitmq.private()
        ids = self.create(30)
        self.wait_for_creates(5)
        broker.node.kill()
        # What a caller wants is stored all the same, and answered.
        ids += self.create(5)
        broker.node.start()
        broker.wait_until_ready()
        self.cloud.wait_until_up()

        bodies = self.check_end(ids)

        # It may have been away for longer than a compute may be silent.
        self.assertEqual([], [
            body for body in bodies.values() if body["status"] == "ERROR"
            and "its compute is down" not in body["fault"]])
        for id in self.create(5):
            self.client.wait_for(id, "STOPPED")
