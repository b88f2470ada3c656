import csv
import unittest

from tests.benchmark import figures
from tests.benchmark import report
from tests.benchmark import rows


def figure(**values):
    return figures.Figure(**{"count": 10, "p50": 10.0, "cpu": 8.0,
                             "rate": 100.0, **values})


def row(name):
    return next(row for row in rows.ROWS if row.name == name)


QUERY, CLAIMS, FILL = row("Q1_limit10"), row("C2_put_random"), row("C4_fill")
WIDE, INSTANCES = row("Q5_wide8_none"), row("I1_instances")


class TestReport(unittest.TestCase):

    def test_ratios(self):
        ours = figure(p50=2.0, cpu=1.0, rate=500.0)
        self.assertEqual((8.0, 5.0), report.ratios(QUERY, ours, figure()))
        peer = figure(rate=50.0)
        self.assertEqual((8.0, 10.0), report.ratios(CLAIMS, ours, peer))

    def test_a_bar_wants_both_ratios(self):
        peer = figure(p50=1000.0, cpu=1000.0)
        for p50, cpu, expected in ((10.0, 10.0, "holds"),
                                   (10.1, 10.0, "missed"),
                                   (10.0, 10.1, "missed")):
            with self.subTest(p50=p50, cpu=cpu):
                self.assertEqual(expected, report.verdict(
                    QUERY, figure(p50=p50, cpu=cpu), peer))

    def test_a_bar_in_pings(self):
        for pings, expected in ((100.0, "holds"), (100.1, "missed"),
                                (0.0, "unknown")):
            with self.subTest(pings):
                self.assertEqual(expected, report.verdict(
                    WIDE, figure(pings=pings), None))

    def test_a_bar_a_second(self):
        for rate, expected in ((100.0, "holds"), (99.9, "missed")):
            with self.subTest(rate):
                self.assertEqual(expected, report.verdict(
                    INSTANCES, figure(rate=rate), None))

    def test_a_wrong_answer_is_no_answer(self):
        ours = figure(p50=0.1, cpu=0.1, pings=1.0, faults=["500"])
        for each in (QUERY, FILL, WIDE, INSTANCES):
            with self.subTest(each.name):
                self.assertEqual("wrong",
                                 report.verdict(each, ours, figure()))

    def test_a_peer_that_failed_says_nothing(self):
        peer = figure(count=0, p50=0.0, cpu=0.0, rate=0.0, faults=["gone"])
        self.assertEqual("unknown", report.verdict(QUERY, figure(), peer))
        self.assertEqual("unknown", report.verdict(CLAIMS, figure(), peer))
        self.assertEqual("unknown", report.verdict(CLAIMS, figure(), None))

    def test_a_row_without_a_number_is_to_be_exact(self):
        self.assertEqual("exact", report.verdict(FILL, figure(), figure()))


class TestTable(unittest.TestCase):

    FIGURES = {
        "neo4j": {"Q1_limit10": figure(p50=2.0, cpu=0.5),
                  "Q5_wide8_none": figure(pings=120.0),
                  "I1_instances": figure(p50=0.0, rate=150.0)},
        "sqlite": {"Q1_limit10": figure(p50=8.0, cpu=6.0)},
        "placement": {"Q1_limit10": figure(p50=400.0, cpu=300.0)}}

    def test_for_the_documentation(self):
        self.assertEqual([
            ["Row", "Bar", "neo4j", "", "sqlite", ""],
            ["Q1_limit10", "≥ 100 ×", "600 ×, 200 ×", "holds", "50 ×, 50 ×",
             "missed"],
            ["Q5_wide8_none", "≤ 100 pings", "120 pings", "missed", "", ""],
            ["I1_instances", "≥ 100/s", "150/s", "holds", "", ""]],
            list(csv.reader(report.csv(self.FIGURES).splitlines())))

    def test_for_people(self):
        head, *found = report.table(self.FIGURES).splitlines()
        self.assertEqual(["Q1_limit10", "Q5_wide8_none", "I1_instances"],
                         [line.split()[0] for line in found])
        self.assertEqual({len(head)}, set(map(len, found)))
        self.assertEqual("2 0.5 100 8 6 100 400 300 100 600.0 200.0 50.0 50.0 "
                         "≥ 100 × holds missed".split(), found[0].split()[1:])

    def test_one_side_alone(self):
        table = report.table({"sqlite": {"Q1_limit10": figure()}})
        self.assertEqual("Q1_limit10 10 8 100 ≥ 100 × unknown".split(),
                         table.splitlines()[1].split())
