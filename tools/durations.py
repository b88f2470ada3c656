"""Keep how long the slow tests take, so that workers get equal shares.

stestr shares tests out by what they took the last time, which a clean clone
does not know; by number alone one worker would be busy long after the other.

    stestr last --subunit | python tools/durations.py save
    python tools/durations.py load
"""

import collections
import dbm.dumb
import pathlib
import sys

import subunit
import testtools
from stestr.repository import util

TREE = pathlib.Path(__file__).resolve().parents[1]
KEPT = TREE / "tests" / "durations.txt"
TIMES = TREE / ".stestr" / "times.dbm"
SHORT = 2.0                             # seconds; such are not kept


def read(stream) -> dict[str, float]:
    """Return the seconds of each test of a subunit stream: from the end of
    the one before it on its worker, since a class is set up in between."""
    ends: dict[str, object] = {}
    found: collections.Counter[str] = collections.Counter()

    def ended(test: dict) -> None:
        started, stopped = test["timestamps"]
        if started is None or stopped is None or test["status"] == "exists":
            return
        worker = next((tag for tag in test["tags"]
                       if tag.startswith("worker-")), "")
        found[test["id"]] += (
            stopped - ends.get(worker, started)).total_seconds()
        ends[worker] = stopped

    result = testtools.StreamToDict(ended)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(
        stream, non_subunit_name="stdout").run(result)
    result.stopTestRun()
    return found


def save() -> None:
    found = read(sys.stdin.buffer)
    KEPT.write_text("".join(
        f"{seconds:.0f} {test_id}\n" for test_id, seconds
        in sorted(found.items()) if seconds >= SHORT))


def load() -> None:
    """Tell stestr, if it does not know better."""
    if TIMES.parent.exists() or not KEPT.exists():
        return
    util.get_repo_initialise(repo_url=str(TREE))
    with dbm.dumb.open(str(TIMES), "c") as times:
        for line in KEPT.read_text().splitlines():
            seconds, test_id = line.split(" ", 1)
            times[test_id] = seconds


if __name__ == "__main__":
    {"save": save, "load": load}[sys.argv[1]]()
