"""Say how many tests passed and failed: reads a subunit stream from stdin.

Prints each failure and each skip on a line of its own, then ``passed=N
failed=N skipped=N``. A test that was begun and never ended has failed: its
worker died.
"""

import collections
import sys

import subunit
import testtools

PASSED = ("success", "xfail")
SKIPPED = ("skip",)


def kind_of(status: str) -> str:
    if status in PASSED:
        return "passed"
    return "skipped" if status in SKIPPED else "failed"


def main() -> int:
    counts: collections.Counter[str] = collections.Counter()

    def ended(test: dict) -> None:
        if test["status"] == "exists":
            return
        kind = kind_of(test["status"])
        counts[kind] += 1
        if kind == "failed":
            print(f"failed: {test['id']} ({test['status']})")
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
