"""kill -9 of the standalone, wherever it hurts: exactly once all the same.

The proof is in the domain driver's journal, not only in the store's rows: each
instance was created once, and what runs is what the store says.
"""

import concurrent.futures
import signal
import sys

import requests

from tests.integration import base
from tests.integration import outcome
from tests.integration.parts import client as http
from tests.integration.parts import daemons
from tests.integration.parts import journals
from tests.integration.parts import wait


class KillCase(base.TestCase):
    """Creates named instances through a server that may die meanwhile."""

    def make_standalone(self, delay: float) -> daemons.Standalone:
        return daemons.Standalone(self.make_directory(), {
            "fake": {"hosts": 10, "delay": delay}})

    def create_all(self, daemon, names):
        """Ask for those that are not there; a dead server ends it."""
        there = {body["name"] for body in daemon.client.instances()}
        missing = [name for name in names if name not in there]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return [id for id in pool.map(
                lambda name: _try_to_create(daemon.url, name), missing) if id]

    def check_exactly_once(self, daemon, names, acknowledged):
        """Every name has one instance, made once, with one allocation."""
        found = journals.Journals([daemon.state_path])
        bodies = outcome.check(self, daemon.client, found, acknowledged)
        self.assertEqual(sorted(names), sorted(
            body["name"] for body in bodies.values()))
        self.assertEqual(
            [], [body for body in bodies.values()
                 if body["status"] != "STOPPED"])
        self.assertEqual(dict.fromkeys(bodies, 1), found.creates_by_id())


class KillInTheMiddleTest(KillCase):

    def test_100_creates_survive_a_kill_in_their_middle(self):
        daemon = self.start(self.make_standalone(delay=0.1))
        names = [f"vm-{number}" for number in range(100)]
        found = journals.Journals([daemon.state_path])

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            creating = pool.submit(self.create_all, daemon, names)
            wait.until(lambda: found.all_creates() >= 30, "30 creates",
                       interval=0.01)
            daemon.kill()
            acknowledged = creating.result()
        daemon.start()
        acknowledged += self.create_all(daemon, names)

        self.check_exactly_once(daemon, names, acknowledged)

    def test_100_creates_survive_three_kills(self):
        daemon = self.start(daemons.Standalone(self.make_directory(), {
            "fake": {"hosts": 10, "delay": 0.5},
            "scheduler": {"max_attempts": 5}}))
        names = [f"vm-{number}" for number in range(100)]
        found = journals.Journals([daemon.state_path])
        acknowledged = self.create_all(daemon, names)

        for share in (10, 40, 70):
            wait.until(lambda share=share: found.all_creates() >= share,
                       f"{share} creates", interval=0.01)
            daemon.kill()
            daemon.start()

        self.check_exactly_once(daemon, names, acknowledged)

    def test_a_create_deleted_while_building_stays_gone_after_a_kill(self):
        daemon = self.start(self.make_standalone(delay=1.0))
        client = daemon.client
        ids = [client.create()["id"] for _ in range(6)]
        for id in ids[:4]:
            client.delete(id)
        daemon.kill()
        daemon.start()

        for id in ids[:4]:
            client.wait_for(id, "DELETED")
            self.assertEqual({}, client.allocations_of(id))
        for id in ids[4:]:
            client.wait_for(id, "STOPPED")
        found = journals.Journals([daemon.state_path])
        found.wait_until_gone(ids[:4])
        self.assertEqual(set(ids[4:]), set(found.alive()))
        self.assertEqual([], client.ledger().errors())


class KillPointCase(KillCase):

    def check(self, point):
        names = [f"vm-{number}" for number in range(8)]
        daemon = self.make_standalone(delay=0.05)
        usual = daemon.argv
        daemon.argv = [sys.executable, "-m", "tests.integration.parts.killer",
                       point, "4", daemon.binary, *usual[1:]]
        self.start(daemon)
        acknowledged = self.create_all(daemon, names)
        self.assertEqual(-signal.SIGKILL, daemon.wait_for_exit())

        daemon.argv = usual
        daemon.start()
        acknowledged += self.create_all(daemon, names)

        self.check_exactly_once(daemon, names, acknowledged)


class KillInThePipelineTest(KillPointCase):
    """Killed between any two actions of the pipeline."""

    def test_before_the_wake_up(self):
        self.check("before the wake-up")

    def test_before_candidates(self):
        self.check("before candidates")

    def test_between_candidates_and_filter(self):
        self.check("between candidates and filter")

    def test_between_filter_and_weigh(self):
        self.check("between filter and weigh")

    def test_between_weigh_and_claim(self):
        self.check("between weigh and claim")

    def test_after_claim_before_the_cast(self):
        self.check("after claim, before the cast")


class KillBehindThePipelineTest(KillPointCase):
    """Killed between the cast and the end."""

    def test_after_the_cast(self):
        self.check("after the cast")

    def test_before_the_driver(self):
        self.check("before the driver")

    def test_after_the_driver_before_finish(self):
        self.check("after the driver, before finish")

    def test_before_finish_is_stored(self):
        self.check("before finish is stored")

    def test_after_finish(self):
        self.check("after finish")


def _try_to_create(url: str, name: str) -> str | None:
    """Return the id, or None when the server is gone."""
    try:
        return http.Client(url).create(name)["id"]
    except (requests.ConnectionError,
            requests.exceptions.ChunkedEncodingError):
        return None
