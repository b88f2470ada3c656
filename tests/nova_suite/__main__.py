"""Run nova's functional tests on Tachyon, and say what became of them.

    python -m tests.nova_suite [--swap placement|both] [-j N] [NAME...]

Without names, all modules of the list. Exits 0 only if every test passed, or
is among the exceptions.
"""

import argparse
import queue
import re
import sys
import threading
import time
from collections.abc import Sequence
from concurrent import futures

from tests.nova_suite import lists
from tests.nova_suite import outcome
from tests.nova_suite import run


def main(argv: Sequence[str] | None = None) -> int:
    asked = parse(argv)
    names = [re.compile(name) for name in asked.names or [""]]
    sessions = [Session(swap, [each for each in lists.modules(swap) if any(
        name.search(each.name) for name in names)], asked.jobs)
        for swap in asked.swap or lists.SWAPS]
    if not any(each.total for each in sessions):
        print("No module of the list is called so.")
        return 1
    return 1 if sum(each.run_all() for each in sessions) else 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.nova_suite",
        description="Run nova's functional tests on Tachyon.")
    parser.add_argument("--swap", action="append", choices=lists.SWAPS,
                        help="what Tachyon takes the place of: Placement, or "
                             "both, Placement and nova-scheduler (default: "
                             "one after the other)")
    parser.add_argument("-j", "--jobs", type=int, default=1, metavar="N",
                        help="runs at the same time (default: 1)")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="regular expression of modules of the list "
                             "(default: all)")
    return parser.parse_args(argv)


class Session:
    """Modules with one swap."""

    def __init__(self, swap: str, modules: Sequence[lists.Module],
                 jobs: int):
        self._swap, self._jobs = swap, jobs
        self._batches: queue.SimpleQueue[Sequence[lists.Module]] = (
            queue.SimpleQueue())
        for batch in lists.batches(modules):
            self._batches.put(batch)
        self.total = sum(each.tests for each in modules)
        self._exceptions = lists.exceptions(swap)
        self._lock = threading.Lock()
        self._began = 0.0
        self._ended = 0
        self._rows: list[outcome.Row] = []

    def run_all(self) -> int:
        """Return how much is wrong."""
        self._began = time.monotonic()
        with futures.ThreadPoolExecutor(self._jobs) as threads:
            for done in [threads.submit(self._work)
                         for _ in range(self._jobs)]:
                done.result()
        print(outcome.table(self._swap, self._rows), flush=True)
        return sum(len(row.wrong) for row in self._rows)

    def _work(self) -> None:
        with run.Side(self._swap) as side:
            while True:
                try:
                    batch = self._batches.get_nowait()
                except queue.Empty:
                    return
                ended = side.run([each.name for each in batch], self._say)
                found = outcome.judge(ended, batch, self._exceptions)
                with self._lock:
                    self._rows.extend(found)
                    for wrong in (each for row in found
                                  for each in row.wrong):
                        print(f"--- {wrong}", flush=True)

    def _say(self, test: run.Ended) -> None:
        with self._lock:
            self._ended += 1
            print(f"{time.monotonic() - self._began:6.0f} s "
                  f"{self._ended}/{self.total} {test.status} "
                  f"{lists.short(test.id)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
