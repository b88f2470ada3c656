"""The table of the benchmark of Nova's calls."""

from tests import base
from tests.benchmark import figures
from tests.benchmark.nova import __main__ as main


class TestTable(base.TestCase):
    def test_ratios(self):
        stock = figures.Figure(10, 1500.0, 1200.0, 0.6)
        ours = figures.Figure(500, 15.0, 30.0, 60.0)
        cells = main.cells({1000: {
            "1 server": {"nova-scheduler": stock, "tachyon-scheduler": ours},
            "20 servers": {"tachyon-scheduler": ours}}})
        self.assertEqual([
            ["1000, 1 server", "1500.0, 1200.0; 0.6", "15.0, 30.0; 60",
             "100", "40"],
            ["1000, 20 servers", "", "15.0, 30.0; 60", "", ""]], cells[1:])

    def test_nothing_was_answered(self):
        nothing = figures.Figure(0, 0.0, 0.0, 0.0, faults=["no"])
        cells = main.cells({1: {"1 server": dict.fromkeys(
            ("nova-scheduler", "tachyon-scheduler"), nothing)}})
        self.assertEqual(["", ""], cells[1][3:])
