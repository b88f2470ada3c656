"""Say how many tests passed and failed: reads a subunit stream from stdin.

Prints each failure and each skip, with its reason, on a line of its own, then
``passed=N failed=N skipped=N``. A test that was begun and never ended has
failed: its worker died.
"""

import collections
import itertools
import sys

import subunit
import testtools

PASSED = ("success", "xfail")
SKIPPED = ("skip",)
LONGEST = 400                           # letters of a reason


def kind_of(status: str) -> str:
    if status in PASSED:
        return "passed"
    return "skipped" if status in SKIPPED else "failed"


def reason_of(test: dict) -> str:
    """Return what the last exception of a failure says, or its status."""
    text = "".join(content.as_text() for name, content
                   in test["details"].items()
                   if name.startswith("traceback"))
    frames = text.rpartition('\n  File "')[2].splitlines()[1:]
    said = itertools.dropwhile(lambda line: line.startswith(" "), frames)
    return " ".join(" ".join(said).split())[:LONGEST] or test["status"]


def main() -> int:
    counts: collections.Counter[str] = collections.Counter()

    def ended(test: dict) -> None:
        if test["status"] == "exists":
            return
        kind = kind_of(test["status"])
        counts[kind] += 1
        if kind == "failed":
            print(f"failed: {test['id']} ({reason_of(test)})")
        elif kind == "skipped":
            reason = test["details"].get("reason")
            print(f"skipped: {test['id']}: "
                  f"{reason.as_text() if reason else 'no reason given'}")

    result = testtools.StreamToDict(ended)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(
        sys.stdin.buffer, non_subunit_name="stdout").run(result)
    result.stopTestRun()
    print(f"passed={counts['passed']} failed={counts['failed']} "
          f"skipped={counts['skipped']}")
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
