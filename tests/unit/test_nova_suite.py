"""The runs of nova's tests: the lists, and what counts as a failure."""

import contextlib
import io
import unittest
from unittest import mock

import testtools

from tests.nova_suite import __main__ as command
from tests.nova_suite import lists
from tests.nova_suite import options
from tests.nova_suite import outcome
from tests.nova_suite import run

MODULE = lists.Module("nova.tests.functional.test_m", 2)
A, B = f"{MODULE.name}.Test.test_a", f"{MODULE.name}.Test.test_b"


class TestLists(testtools.TestCase):
    def test_what_is_named_is_run(self):
        for swap in lists.SWAPS:
            names = {each.name for each in lists.modules(swap)}
            for test in [*lists.share(swap), *lists.exceptions(swap)]:
                self.assertIn(test.rsplit(".", 2)[0], names)
            self.assertEqual(
                set(), set(lists.share(swap)) & set(lists.exceptions(swap)))
            self.assertEqual(len(lists.share(swap)),
                             len(set(lists.share(swap))))

    def test_what_is_excepted_is_covered(self):
        """Unless it is so with stock nova, too, tests of ours see to it."""
        for each in lists.all_exceptions():
            if each.swaps == lists.SWAPS:
                continue
            self.assertTrue(each.covers, each.name)
            for name in each.covers:
                found = unittest.defaultTestLoader.loadTestsFromName(name)
                self.assertLess(0, found.countTestCases(), name)

    def test_batches(self):
        sizes = (30, 10, 1, 90, 2)
        modules = [lists.Module(str(size), size) for size in sizes]
        self.assertEqual(
            [[30, 10], [1], [90], [2]],
            [[each.tests for each in batch]
             for batch in lists.batches(modules)])


class TestJudge(testtools.TestCase):
    def judge(self, statuses, exceptions=(), code=0):
        row, = outcome.judge(run.Outcome(
            [run.Ended(name, status, 1.0, "why")
             for name, status in statuses.items()], code, "the log"),
            [MODULE], dict.fromkeys(exceptions, "reason"))
        return row.wrong

    def test_all_is_well(self):
        self.assertEqual([], self.judge({A: "success", B: "xfail"}))
        self.assertEqual([], self.judge({A: "success", B: "failure"}, [B]))

    def test_what_is_wrong(self):
        for status in ("failure", "error", "skip", "uxsuccess"):
            self.assertEqual([f"{B}: {status}\nwhy"],
                             self.judge({A: "success", B: status}))
        self.assertEqual([f"{B}: passed, and is listed as an exception"],
                         self.judge({A: "success", B: "success"}, [B]))
        self.assertEqual([f"{MODULE.name}: 1 tests ended, not 2"],
                         self.judge({A: "success"}))
        self.assertEqual(
            [f"{MODULE.name}: the run ended with -9\nthe log"],
            self.judge({A: "success", B: "success"}, code=-9))


class TestOptions(testtools.TestCase):
    def test_places(self):
        """Nova's values go where Tachyon has them, and nowhere else."""
        mine = {"filter_scheduler": {"weighing", "host_subset_size"},
                "metrics": set(), "nova_hosts": {"service_down_time"},
                "scheduler": {"max_attempts", "workers", "image_check"},
                "nova": {"max_attempts"}}
        given = {"filter_scheduler": {"host_subset_size": 2, "other": 1},
                 "metrics": {"required": True},
                 "scheduler": {"max_attempts": 4, "workers": 8,
                               "image_check": True},
                 "workarounds": {"disable_fallback_pcpu_query": True},
                 "DEFAULT": {"service_down_time": 9,
                             "default_availability_zone": "nova"}}
        self.assertEqual(
            {("nova_hosts", "service_down_time", 9),
             ("nova_hosts", "default_availability_zone", "nova"),
             ("filter_scheduler", "host_subset_size", 2),
             ("nova", "disable_fallback_pcpu_query", True),
             ("nova", "max_attempts", 4), ("scheduler", "image_check", True)},
            set(options.places(given, mine)))


class FakeSide(contextlib.nullcontext):
    """Ends one test of each module that it is to run."""

    def __init__(self, swap):
        super().__init__(self)

    def run(self, names, ended):
        found = [run.Ended(f"{name}.Test.test_a", "success", 1.0, "")
                 for name in names]
        for each in found:
            ended(each)
        return run.Outcome(found, 0, "")


class TestCommand(testtools.TestCase):
    def run_it(self, *argv):
        with mock.patch.object(run, "Side", FakeSide), \
                contextlib.redirect_stdout(io.StringIO()) as out:
            return command.main(argv), out.getvalue()

    def test_all_pass(self):
        code, text = self.run_it("-j", "2", "test_json_filter", "_1404867$")
        self.assertEqual(0, code, text)
        self.assertIn(" 1/2 success test_json_filter.Test.test_a", text)
        for swap in lists.SWAPS:
            self.assertIn(f"Swapped: {swap}", text)

    def test_no_such_module(self):
        code, text = self.run_it("test_nothing")
        self.assertEqual((1, "No module of the list is called so.\n"),
                         (code, text))

    def test_one_is_missing(self):
        code, text = self.run_it("--swap", "both", "test_cold_migrate")
        self.assertEqual(1, code)
        self.assertIn("test_cold_migrate: 1 tests ended, not 4", text)
