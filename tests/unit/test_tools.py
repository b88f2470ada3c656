"""The tools that say whether all is well must not say so when it is not."""

import datetime
import io
import pathlib
import shutil
import subprocess
import sys

import subunit
from stestr.repository import util

from tests import base

TOOLS = pathlib.Path(__file__).parents[2] / "tools"
COUNT = TOOLS / "count.py"

TRACEBACK = """Traceback (most recent call last):
  File "a.py", line 1, in test_b
    self.assertEqual([],
    ^^^^^^^^^^^^^^^^
  File "b.py", line 2, in assertEqual
    raise mismatch_error
module.MismatchError: !=:
reference = []
actual    = [{'a':
 1}]

"""


def make_stream(*events):
    """Return the bytes of a subunit stream of (test id, status) pairs, or
    (test id, status, traceback)."""
    output = io.BytesIO()
    stream = subunit.StreamResultToBytes(output)
    stream.startTestRun()
    for test_id, status, *tracebacks in events:
        for traceback in tracebacks:
            stream.status(test_id=test_id, file_name="traceback",
                          file_bytes=traceback.encode(), eof=True,
                          mime_type="text/plain;charset=utf8")
        stream.status(test_id=test_id, test_status=status)
    stream.stopTestRun()
    return output.getvalue()


class TestCount(base.TestCase):
    CASES = [
        ("all passed", [("a", "success"), ("b", "success")],
         0, "passed=2 failed=0 skipped=0"),
        ("an expected failure passes", [("a", "xfail")],
         0, "passed=1 failed=0 skipped=0"),
        ("one failed", [("a", "success"), ("b", "fail")],
         1, "passed=1 failed=1 skipped=0"),
        ("one passed that should have failed", [("a", "uxsuccess")],
         1, "passed=0 failed=1 skipped=0"),
        ("one was begun, and its worker died",
         [("a", "success"), ("b", "inprogress")],
         1, "passed=1 failed=1 skipped=0"),
        ("one was skipped", [("a", "success"), ("b", "skip")],
         0, "passed=1 failed=0 skipped=1"),
        ("all were skipped", [("a", "skip")],
         1, "passed=0 failed=0 skipped=1"),
        ("listed, not run", [("a", "exists")],
         1, "passed=0 failed=0 skipped=0"),
        ("nothing ran", [], 1, "passed=0 failed=0 skipped=0"),
    ]

    def test_last_line_and_exit_code(self):
        for name, events, code, line in self.CASES:
            with self.subTest(name):
                done = subprocess.run(
                    [sys.executable, str(COUNT)], input=make_stream(*events),
                    capture_output=True, check=False)
                self.assertEqual(
                    (code, line),
                    (done.returncode,
                     done.stdout.decode().splitlines()[-1]),
                    done.stderr.decode())

    def test_failures_are_named(self):
        done = subprocess.run(
            [sys.executable, str(COUNT)], check=False, capture_output=True,
            input=make_stream(("tests.a", "success"), ("tests.b", "fail")))
        self.assertEqual(["failed: tests.b (fail)"],
                         done.stdout.decode().splitlines()[:-1])

    def test_failures_say_why(self):
        done = subprocess.run(
            [sys.executable, str(COUNT)], check=False, capture_output=True,
            input=make_stream(("tests.b", "fail", TRACEBACK)))
        self.assertEqual(
            ["failed: tests.b (module.MismatchError: !=: reference = [] "
             "actual = [{'a': 1}])"],
            done.stdout.decode().splitlines()[:-1])


class TestDurations(base.TestCase):

    def setUp(self):
        super().setUp()
        self.tree = pathlib.Path(self.state_path) / "tree"
        for name in ("tools", "tests"):
            (self.tree / name).mkdir(parents=True)
        shutil.copy(TOOLS / "durations.py", self.tree / "tools")

    def run_tool(self, verb, **kwargs):
        subprocess.run([sys.executable, self.tree / "tools/durations.py",
                        verb], check=True, **kwargs)

    def test_what_is_slow_is_kept_with_what_its_class_took(self):
        output = io.BytesIO()
        stream = subunit.StreamResultToBytes(output)
        begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        for worker, test_id, *seconds in (
                ("worker-0", "a.A.one", 0, 10),
                ("worker-1", "b.B.one", 0, 1),
                ("worker-1", "b.B.two", 5, 8),
                ("worker-0", "a.A.two", 10, 11)):
            for status, second in zip(("inprogress", "success"), seconds,
                                      strict=True):
                stream.status(
                    test_id=test_id, test_status=status, test_tags={worker},
                    timestamp=begin + datetime.timedelta(seconds=second))
        self.run_tool("save", input=output.getvalue())
        self.assertEqual("10 a.A.one\n7 b.B.two\n",
                         (self.tree / "tests/durations.txt").read_text())

    def test_a_new_repository_knows_them(self):
        (self.tree / "tests/durations.txt").write_text("10 a.A.one\n")
        self.run_tool("load")
        self.assertEqual(
            {"known": {"a.A.one": 10.0}, "unknown": {"a.A.two"}},
            util.get_repo_open(repo_url=str(self.tree)).get_test_times(
                ["a.A.one", "a.A.two"]))

    def test_another_knows_better(self):
        util.get_repo_initialise(repo_url=str(self.tree))
        (self.tree / "tests/durations.txt").write_text("10 a.A.one\n")
        self.run_tool("load")
        self.assertEqual(
            {}, util.get_repo_open(repo_url=str(self.tree)).get_test_times(
                ["a.A.one"])["known"])
