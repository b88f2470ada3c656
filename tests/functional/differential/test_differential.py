"""Placement 16 and Tachyon are asked the same, and must answer the same.

200 sequences of requests are played on SQLite, in quarters, which several
processes can share, and some more on Neo4j. A failure prints the seed, and
all that was asked; ``TACHYON_DIFFERENTIAL_SEED`` starts from another, and
``TACHYON_DIFFERENTIAL_SEQUENCES`` plays so many, in each test.
"""

import os

from oslotest import base as oslotest_base

from tests.functional.differential import compare
from tests.functional.differential import peers
from tests.functional.differential import sequence
from tests.functional.differential import tally
from tests.functional.differential import world

SEED = int(os.environ.get("TACHYON_DIFFERENTIAL_SEED", "0"))
SEQUENCES = int(os.environ.get("TACHYON_DIFFERENTIAL_SEQUENCES", "0"))
# Of all requests: so many at least must have the same answer, and be accepted.
SAME = 0.98
ACCEPTED = 0.55
CANDIDATES = 0.02                       # had allocation candidates


class Plays:
    """Plays so many ``sequences``, from the seed ``first`` on."""

    db_driver = "sqlite"
    sequences = 50
    first = 0

    def setUp(self):
        super().setUp()
        self.tally = tally.Tally()
        self.failures = []

    def test_same_answers(self):
        count = SEQUENCES or self.sequences
        for number in range(count):
            self._play(SEED + self.first + number)
        if self.failures:
            self.fail("\n\n".join(self.failures))
        self.assertEqual(count * sequence.LENGTH, self.tally.total)
        self.check_shares()

    def check_shares(self):
        """What is let through on purpose must stay rare."""
        total, shares = self.tally.total, self.tally.shares()
        self.assertLessEqual(set(shares), {compare.SAME, *compare.PURPOSES})
        self.assertGreater(shares[compare.SAME], SAME)
        self.assertGreater(self.tally.accepted.total() / total, ACCEPTED)
        self.assertGreater(self.tally.candidates / total, CANDIDATES)

    def _play(self, seed):
        with (peers.Placement() as theirs,
              peers.Tachyon(self.db_driver) as ours):
            asked = []
            for kind, request in sequence.Sequence(seed, ours.look).make():
                asked.append(str(request))
                found = self._compare(kind, request, theirs, ours)
                if found:
                    self.failures.append("\n".join(
                        [f"seed {seed}:", *asked, *found]))
                    return              # they know different things by now

    def _compare(self, kind, request, theirs, ours):
        wanted, got = theirs.ask(request), ours.ask(request)
        if request.method != "GET":
            theirs.forget_empty_consumers(world.CONSUMERS)
        verdict = compare.compare(request, wanted, got, ours.ask)
        if not verdict.differences:
            self.tally.add(kind, request, wanted, verdict)
        return verdict.differences


class QuarterTestCase(Plays, oslotest_base.BaseTestCase):

    def check_shares(self):
        super().check_shares()
        if self.tally.total >= self.sequences * sequence.LENGTH:
            self.assertEqual(set(), self.tally.missing_routes())
            self.assertEqual(set(),
                             self.tally.missing_versions(sequence.KINDS))


class SecondQuarterTestCase(QuarterTestCase):
    first = 50


class ThirdQuarterTestCase(QuarterTestCase):
    first = 100


class FourthQuarterTestCase(QuarterTestCase):
    first = 150


class OnNeo4jTestCase(Plays, oslotest_base.BaseTestCase):
    db_driver = "neo4j"
    sequences = 15
    first = 200
