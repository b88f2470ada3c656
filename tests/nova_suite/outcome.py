"""What a run of nova's tests means: which of them ended as they should."""

import collections
import dataclasses
from collections.abc import Mapping, Sequence

from tests.nova_suite import lists
from tests.nova_suite import run

PASSED = ("success", "xfail")
# Characters of what a test left to read, from the end.
SHOWN = 6000


@dataclasses.dataclass(frozen=True)
class Row:
    """A run: how many tests ended how, and what is wrong with it."""

    name: str
    counts: Mapping[str, int]
    excepted: int
    seconds: float
    wrong: list[str]


def judge(outcome: run.Outcome, modules: Sequence[lists.Module],
          exceptions: Mapping[str, str]) -> list[Row]:
    """Return a row for each module of a run.

    Wrong is a test that neither passed nor is an exception, an exception
    that passed, another number of tests than there are, and a run that broke
    off.
    """
    rows = [_row(module.name, [each for each in outcome.ended if
                               each.id.startswith(f"{module.name}.")],
                 module.tests, exceptions) for module in modules]
    if outcome.exit_code:
        rows[-1].wrong.append(f"{modules[-1].name}: the run ended with "
                              f"{outcome.exit_code}\n{outcome.log[-SHOWN:]}")
    return rows


def _row(name: str, ended: Sequence[run.Ended], tests: int,
         exceptions: Mapping[str, str]) -> Row:
    wrong = []
    for each in ended:
        if each.status in PASSED and each.id in exceptions:
            wrong.append(f"{each.id}: passed, and is listed as an exception")
        elif each.status not in PASSED and each.id not in exceptions:
            wrong.append(f"{each.id}: {each.status}\n{each.text[-SHOWN:]}")
    if len(ended) != tests:
        wrong.append(f"{name}: {len(ended)} tests ended, not {tests}")
    return Row(lists.short(name),
               collections.Counter(each.status for each in ended),
               sum(each.id in exceptions for each in ended),
               sum(each.seconds for each in ended), wrong)


def table(swap: str, rows: Sequence[Row]) -> str:
    """Return the rows and their sum, as text."""
    lines = [f"{'Swapped: ' + swap:<52} passed xfail excepted wrong  seconds"]
    for row in [*sorted(rows, key=lambda row: row.name), _sum(rows)]:
        lines.append(
            f"{row.name:<52} {row.counts.get('success', 0):6} "
            f"{row.counts.get('xfail', 0):5} {row.excepted:8} "
            f"{len(row.wrong):5} {row.seconds:8.0f}")
    return "\n".join(lines)


def _sum(rows: Sequence[Row]) -> Row:
    counts: collections.Counter[str] = collections.Counter()
    for row in rows:
        counts.update(row.counts)
    return Row("all", counts, sum(row.excepted for row in rows),
               sum(row.seconds for row in rows),
               [each for row in rows for each in row.wrong])
