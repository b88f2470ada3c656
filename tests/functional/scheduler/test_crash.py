"""A scheduler is killed between any two actions; another one takes over."""

import json
import pathlib
import subprocess
import sys
import time

from tests.functional.scheduler import base
from tests.functional.scheduler import crashes

ROOT = pathlib.Path(__file__).parents[3]
DEADLINE = 30.0


class TestCrash(base.SchedulerCase):
    def setUp(self):
        super().setUp()
        self.uuids = {name: self.add_host(name, VCPU=total)
                      for name, total in (("h1", 4), ("h2", 3))}
        self.beat()
        self.config("scheduler", sweep_interval=0.1)

    def crash(self, instance, point):
        killed = subprocess.run(
            [sys.executable, "-m", "tests.functional.scheduler.crashes",
             self.state_path, json.dumps(self.store_options), point,
             self.message_of(instance).id],
            cwd=ROOT, timeout=60, capture_output=True, text=True,
            check=False)
        self.assertEqual(crashes.STATUS, killed.returncode, killed.stderr)
        return self.get(instance)

    def sweep_until_cast(self):
        end = time.monotonic() + DEADLINE
        while not self.compute.casts and time.monotonic() < end:
            self.beat()
            self.scheduler.sweep()
            time.sleep(0.05)

    def test_exactly_once_whenever_it_dies(self):
        for point in crashes.POINTS:
            with self.subTest(died_before=point):
                self.compute.casts.clear()
                self.beat()
                instance = self.submit()
                left = self.crash(instance, point)
                landed = point in ("landed", "cast")
                self.assertEqual("h1" if landed else None, left.host)
                self.assertEqual(("BUILDING", 1),
                                 (left.status, left.attempt))
                self.sweep_until_cast()
                cast, = self.compute.casts
                found = self.get(instance)
                self.assertEqual(2, found.attempt)
                self.assertEqual(("create", "h1", 2), (
                    cast.action.action, cast.action.host,
                    cast.action.attempt))
                self.assertEqual({self.uuids["h1"]: {"VCPU": 1}},
                                 self.allocated(found))
                self.assertFalse(self.scheduler.begin_action(
                    self.admin_context, found.id, 1, "h1"))
                self.assertTrue(self.finish(cast.action))
                self.assertEqual("STOPPED", self.get(found).status)
                self.act(found, "delete")
                self.finish(self.compute.casts[-1].action)
                self.assertEqual({"h1": 0, "h2": 0}, {
                    name: self.used(uuid)
                    for name, uuid in self.uuids.items()})

    def test_one_who_was_only_slow_is_told_no(self):
        """It decides, stalls, is overtaken, and wakes up at its claim."""
        instance = self.submit()
        claim = self.scheduler._pipeline._actions["claim"]
        execute = claim.execute

        def stall(data):
            claim.execute = execute
            self.driver.messages.renew([(instance.id, data.attempt)], 0.0)
            self.make_scheduler()._deliveries.sweep(0.0)
            execute(data)

        claim.execute = stall
        self.wake(instance)
        cast, = self.compute.casts
        self.assertEqual(2, cast.action.attempt)
        self.assertEqual(2, self.get(instance).attempt)
        self.assertEqual(1, sum(map(self.used, self.uuids.values())))
