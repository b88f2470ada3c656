import csv
import unittest

from tests.benchmark import report
from tests.benchmark import rows


def figure(**values):
    return rows.Figure(**{"count": 10, "p50": 10.0, "cpu": 8.0,
                          "rate": 100.0, **values})


ROW = next(row for row in rows.ROWS if row.name == "Q1_limit10")
CLAIMS = next(row for row in rows.ROWS if row.name == "C2_put_random")
FILL = next(row for row in rows.ROWS if row.name == "C4_fill")


class TestReport(unittest.TestCase):

    def test_ratios(self):
        ours = figure(p50=2.0, cpu=1.0, rate=500.0)
        self.assertEqual((8.0, 5.0), report.ratios(ROW, ours, figure()))
        peer = figure(rate=50.0)
        self.assertEqual((8.0, 10.0), report.ratios(CLAIMS, ours, peer))

    def test_a_bar_wants_both_ratios(self):
        peer = figure(p50=1000.0, cpu=1000.0)
        for p50, cpu, expected in ((10.0, 10.0, "holds"),
                                   (10.1, 10.0, "missed"),
                                   (10.0, 10.1, "missed")):
            with self.subTest(p50=p50, cpu=cpu):
                self.assertEqual(expected, report.verdict(
                    ROW, figure(p50=p50, cpu=cpu), peer))

    def test_a_wrong_answer_is_no_answer(self):
        ours = figure(p50=0.1, cpu=0.1, faults=["500"])
        self.assertEqual("wrong", report.verdict(ROW, ours, figure()))
        self.assertEqual("wrong", report.verdict(FILL, ours, figure()))

    def test_a_peer_that_failed_says_nothing(self):
        peer = figure(count=0, p50=0.0, cpu=0.0, rate=0.0, faults=["gone"])
        self.assertEqual("unknown", report.verdict(ROW, figure(), peer))
        self.assertEqual("unknown", report.verdict(CLAIMS, figure(), peer))

    def test_a_row_without_a_ratio_is_to_be_exact(self):
        self.assertEqual("exact", report.verdict(FILL, figure(), figure()))

    def test_the_table(self):
        figures = {"neo4j": {"Q1_limit10": figure(p50=2.0, cpu=0.5)},
                   "placement": {"Q1_limit10": figure(p50=400.0, cpu=300.0)}}
        self.assertEqual([
            ["row", "neo4j p50 ms", "neo4j CPU ms", "neo4j /s",
             "placement p50 ms", "placement CPU ms", "placement /s",
             "neo4j CPU ×", "neo4j speed ×", "at least", "bar"],
            ["Q1_limit10", "2", "0.5", "100", "400", "300", "100",
             "600.0", "200.0", "100", "holds"]],
            list(csv.reader(report.csv(figures).splitlines())))
        first, second = report.table(figures).splitlines()
        self.assertEqual(len(first), len(second))

    def test_one_side_alone(self):
        table = report.table({"sqlite": {"Q1_limit10": figure()}})
        self.assertEqual(["Q1_limit10", "10", "8", "100"],
                         table.splitlines()[1].split())
