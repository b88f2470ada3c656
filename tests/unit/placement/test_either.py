"""Either: two queries, and the hosts that one of both admits."""

import unittest

from tachyon.placement import either
from tachyon.placement import search
from tests.unit.placement import fakes
from tests.unit.placement import test_search

group, query = test_search.group, test_search.query

FIRST = query(group("", {"PCPU": 2}))
SECOND = query(group("", {"VCPU": 2}))


class TestEither(unittest.TestCase):

    def setUp(self):
        lent = fakes.snapshot_of(fakes.make_forest(
            both={"inventory": {"PCPU": 4, "VCPU": 4}},
            first={"inventory": {"PCPU": 4}},
            neither={"inventory": {"PCPU": 1, "VCPU": 1}},
            second={"inventory": {"VCPU": 4}},
            nothing={"inventory": {"DISK_GB": 1}}))
        self.snapshot = lent.__enter__()
        self.addCleanup(lent.__exit__, None, None, None)
        self.found = either.Either(search.find(self.snapshot, FIRST),
                                   search.find(self.snapshot, SECOND))

    def names(self, rows):
        return [self.snapshot.names[row] for row in rows]

    def test_roots(self):
        self.assertEqual({"both", "first", "second"},
                         set(self.names(self.found.roots)))
        self.assertEqual(sorted(self.found.roots), list(self.found.roots))

    def test_candidates_of_the_first_come_first(self):
        root = self.snapshot.row_named("both")
        amounts = [dict(candidate.allocations[0][1])
                   for candidate in self.found.candidates([root], 9)]
        self.assertEqual([{"PCPU": 2}, {"VCPU": 2}], amounts)
        self.assertEqual(1, len(list(self.found.candidates([root], 1))))
        self.assertEqual(4, len(list(self.found.candidates())))

    def test_the_funnel_counts_who_is_out_of_both(self):
        removed = {name: reason.text() for stage in self.found.stages
                   for (reason, _), names in zip(
                       stage.removed, stage.examples, strict=True)
                   for name in names}
        self.assertEqual({"neither", "nothing"}, set(removed))
        self.assertIn("PCPU", removed["neither"])
        self.assertEqual(3, self.found.stages[-1].after)

    def test_why(self):
        told = {name: bool(self.found.why(self.snapshot.row_named(name)))
                for name in ("both", "first", "second", "neither")}
        self.assertEqual({"both": False, "first": False, "second": False,
                          "neither": True}, told)

    def test_nothing_was_cut_short(self):
        self.assertEqual((), self.found.limits_hit)
