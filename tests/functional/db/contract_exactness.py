"""``changes`` under load, from many processes: what every driver must do.

Four processes write all that a view must hear of; three others follow, each
with a view of its own, and hold every answer against what was acknowledged.
In another trial three write, and two ask for candidates.
The seed is printed where something is wrong; ``TACHYON_EXACTNESS_SEED`` sets
it. How the processes interleave, no seed says.
"""

import contextlib
import os
import random
import threading
from typing import Any

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.placement import view as view_module
from tests.functional.db.exactness import questions
from tests.functional.db.exactness import trial as trial_module

PATIENCE = 60.0


class Impatient:
    """Options with which ``gc`` removes tombstones of any age."""

    change_retention = 0

    def __init__(self, conf: Any, group: Any = None):
        self._conf = conf
        self._group = group

    def __getattr__(self, name: str) -> Any:
        if self._group is not None:
            return getattr(self._group, name)
        found = getattr(self._conf, name)
        return Impatient(self._conf, found) if name == "database" else found


class Restored:
    """The store of a test is copied, and put back."""

    @property
    def dump(self) -> str:
        """Where the copy of the store goes that is restored."""
        return os.path.join(self.state_path, "dump")


class ExactnessTrials(Restored):
    """Under load. Half of the time is for plain writes, a quarter each for
    those with ``gc`` and across restores. Answers take a little more."""

    SECONDS: float                      # of all, besides what starting takes

    def make_trial(self, kind: type[trial_module.Trial] = trial_module.Trial
                   ) -> Any:
        seed = int(os.environ.get("TACHYON_EXACTNESS_SEED")
                   or random.SystemRandom().randrange(2 ** 32))
        return kind(self.opener, seed, self.hold)

    def test_views_are_exact(self):
        with self.make_trial() as trial:
            for _round in range(4):
                trial.run(self.SECONDS / 8)
                trial.compare()
            trial.check_ledger()
            # What is wrong must not be mended by a fresh load.
            self.assertEqual([1] * trial_module.READERS,
                             trial.board.loads.tolist(), trial.counts())

    def test_views_are_exact_while_gc_runs(self):
        collector = self.open()
        collector.conf = Impatient(collector.conf)
        with self.make_trial() as trial:
            expired = trial.board.expired
            for _round in range(2):
                trial.run(self.SECONDS / 8, 0.05, collector.gc)
                while not expired.all():
                    trial.run(0.1, 0.02, collector.gc)
                trial.compare()
            trial.check_ledger()

    def test_views_are_exact_across_a_restore(self):
        with self.make_trial() as trial:
            trial.run(self.SECONDS / 20)
            with trial.quiet():
                turns = trial.board.acks.copy()
                self.driver.backup(self.dump)
            trial.run(self.SECONDS / 20)
            with trial.away():
                ahead = int(trial.board.acks.sum())
                trial.go_back(lambda: self.driver.restore(self.dump), turns)
                # The store comes to the same numbers, by another way.
                trial.run(0, 0.02, in_all=ahead + len(turns))
            trial.run(self.SECONDS / 20)
            trial.compare()
            trial.check_ledger()

    def test_answers_are_of_one_moment(self):
        """Candidates are what they were at one moment between question and
        answer, with all that was acknowledged before; and all answers of all
        processes are moments of one store."""
        with self.make_trial(questions.Trial) as trial:
            trial.run(self.SECONDS / 15, in_all=50)
            trial.check_order()


class ExactnessContract(Restored):
    """The worst moments, one at a time."""

    def test_a_writer_between_commit_and_answer(self):
        """Others go on, and nobody ever sees half of what it wrote."""
        for name in ("a", "b", "c"):
            self.make_provider(name, VCPU=100)
        view = view_module.View(self.open())
        self.assertEqual([0, 0, 0], self._shown(view))
        with self._held() as (committed, go_on):
            self.assertTrue(committed.wait(PATIENCE))
            self.assertIn(self._shown(view), ([0, 0, 0], [5, 5, 0]))
            self.take(uuids.other, {uuids.b: {"VCPU": 2},
                                    uuids.c: {"VCPU": 2}})
            self.assertIn(self._shown(view), ([0, 2, 2], [5, 7, 2]))
            go_on.set()
        self.assertEqual([5, 7, 2], self._shown(view))

    @contextlib.contextmanager
    def _held(self) -> Any:
        committed, go_on = threading.Event(), threading.Event()

        def pause(where: str) -> None:
            if where == "after":
                committed.set()
                go_on.wait(PATIENCE)

        driver = self.open()
        self.hold(driver, pause)
        writer = threading.Thread(target=driver.allocations.replace, args=(
            [self.claim(uuids.vm, {uuids.a: {"VCPU": 5},
                                   uuids.b: {"VCPU": 5}})],))
        writer.start()
        try:
            yield committed, go_on
        finally:
            go_on.set()
            writer.join()

    def _shown(self, view: view_module.View) -> list[int]:
        with view.read() as snapshot:
            used = snapshot.used("VCPU")
            return [used.item(snapshot.row_of(uuid))
                    for uuid in (uuids.a, uuids.b, uuids.c)]

    def test_a_cursor_from_before_a_restore(self):
        """The store goes through the same numbers again, with other content:
        who was away meanwhile must not take it for what he knows."""
        for name in ("a", "b", "c"):
            self.make_provider(name, VCPU=100)
        self.driver.backup(self.dump)
        ahead, level, behind = (
            view_module.View(self.open()) for _index in range(3))
        self.assertEqual([0, 0, 0], self._shown(behind))
        self.take(uuids.one, {uuids.a: {"VCPU": 1}})
        self.assertEqual([1, 0, 0], self._shown(level))
        self.take(uuids.two, {uuids.b: {"VCPU": 2}})
        self.assertEqual([1, 2, 0], self._shown(ahead))
        cursors = self._cursor()
        self.driver.restore(self.dump)
        self.assertRaises(exception.CursorExpired, self.driver.changes,
                          cursors)
        self.take(uuids.three, {uuids.c: {"VCPU": 3}})
        for view in (ahead, level, behind):
            self.assertEqual([0, 0, 3], self._shown(view))
            self._assert_equals_store(view)

    def test_a_store_restored_twice(self):
        """Each restore is another life, of the same copy too."""
        self.make_provider("a", VCPU=100)
        self.driver.backup(self.dump)
        cursors = [self._cursor()]
        for _turn in range(2):
            self.driver.restore(self.dump)
            cursors.append(self._cursor())
        self.assertEqual(3, len(set(cursors)))
        for cursor in cursors[:2]:
            self.assertRaises(exception.CursorExpired, self.driver.changes,
                              cursor)

    def _cursor(self) -> str:
        return self.driver.changes(self.driver.snapshot()[0]).cursor

    def _assert_equals_store(self, view: view_module.View) -> None:
        with view.read() as snapshot:
            mine = {uuid: snapshot.provider(row)
                    for row, uuid in enumerate(snapshot.uuids)
                    if snapshot.live[row]}
        _cursor, pages = self.driver.snapshot()
        self.assertEqual({one.uuid: one for page in pages for one in page},
                         mine)
