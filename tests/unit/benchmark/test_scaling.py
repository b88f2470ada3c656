import csv
import unittest

from tests.benchmark import plot
from tests.benchmark import scaling


class TestScaling(unittest.TestCase):

    CURVES = plot.Curves(
        latency={"neo4j Q1": {1000: 2.0, 100_000: 6.0},
                 "placement Q1": {1000: 200.0}},
        cpu={"neo4j Q1": {1000: 1.0, 10_000: 2.0, 100_000: 3.5}},
        memory={"neo4j": {1000: 90.0, 100_000: 299.0}},
        ready={"neo4j": {1000: 2.0, 100_000: 31.0}})

    def test_the_table(self):
        self.assertEqual([
            ["Figure", "1,000 hosts", "100,000 hosts", "Bar", ""],
            ["neo4j Q1, time", "1.00 ×", "3.00 ×", "≤ 3 ×", "holds"],
            ["neo4j Q1, CPU", "1.00 ×", "3.50 ×", "≤ 3 ×", "missed"],
            ["neo4j, worker", "90 MB", "299 MB", "≤ 300 MB", "holds"],
            ["neo4j, from start to first answer", "2 s", "31 s", "≤ 30 s",
             "missed"]],
            list(csv.reader(scaling.csv(self.CURVES).splitlines())))
        self.assertEqual(5, len(scaling.table(self.CURVES).splitlines()))

    def test_the_cloud_that_the_bars_are_about_was_not_measured(self):
        curves = plot.Curves(latency={"neo4j Q1": {1000: 1.0, 10_000: 9.0}},
                             ready={"neo4j": {10_000: 31.0}})
        self.assertEqual(["unknown", "unknown"], [
            line[-1] for line in csv.reader(
                scaling.csv(curves).splitlines()[1:])])

    def test_nothing_was_measured(self):
        self.assertEqual("", scaling.table(plot.Curves()))
