"""What happens to Tachyon's figures as the cloud grows: the table."""

import csv as csv_module
import io
from collections.abc import Iterator, Mapping

from tests.benchmark import plot
from tests.benchmark import report

# The bars are those of a cloud of so many hosts: what it may take, and how
# many times what the smallest one measured takes.
HOSTS = 100_000
MOST_TIMES = 3.0
MOST_MEGABYTES = 300.0
MOST_SECONDS = 30.0


def table(curves: plot.Curves) -> str:
    """Return the table for people at a terminal; nothing if there is none."""
    cells = list(_cells(curves))
    return report.aligned(cells) if len(cells) > 1 else ""


def csv(curves: plot.Curves) -> str:
    """Return the table for the documentation."""
    text = io.StringIO()
    csv_module.writer(text, lineterminator="\n").writerows(_cells(curves))
    return text.getvalue()


def _cells(curves: plot.Curves) -> Iterator[list[str]]:
    sizes = sorted({hosts for points in curves.latency.values()
                    for hosts in points})
    yield ["Figure", *(f"{hosts:,} hosts" for hosts in sizes), "Bar", ""]
    for what, lines in (("time", curves.latency), ("CPU", curves.cpu)):
        for name, points in lines.items():
            if not name.startswith(report.PEER):
                yield [f"{name}, {what}", *_times(points, sizes)]
    for what, lines, unit, most in (
            ("worker", curves.memory, "MB", MOST_MEGABYTES),
            ("from start to first answer", curves.ready, "s", MOST_SECONDS)):
        for name, points in lines.items():
            if name != report.PEER:
                yield [f"{name}, {what}", *(
                    f"{points[hosts]:.3g} {unit}" if hosts in points else ""
                    for hosts in sizes), f"≤ {most:g} {unit}",
                    _said(points, most)]


def _times(points: Mapping[int, float], sizes: list[int]) -> Iterator[str]:
    """Give how many times what it is with the fewest hosts each is."""
    first = points[min(points)] or float("inf")
    for hosts in sizes:
        yield f"{points[hosts] / first:.2f} ×" if hosts in points else ""
    yield f"≤ {MOST_TIMES:g} ×"
    yield _said(points, MOST_TIMES * first)


def _said(points: Mapping[int, float], most: float) -> str:
    if HOSTS not in points:
        return "unknown"
    return "holds" if points[HOSTS] <= most else "missed"
