"""The table: what each side took, and how many times less than Placement."""

import csv as csv_module
import io
from collections.abc import Iterator, Mapping

from tests.benchmark import rows as rows_module

PEER, JUDGED = "placement", "neo4j"
_Figures = Mapping[str, Mapping[str, rows_module.Figure]]


def table(figures: _Figures) -> str:
    """Return the table for people at a terminal."""
    cells = list(_cells(figures))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(
        cell.ljust(width) if number == 0 else cell.rjust(width)
        for number, (cell, width) in enumerate(
            zip(row, widths, strict=True))) for row in cells)


def csv(figures: _Figures) -> str:
    """Return the table for the documentation."""
    text = io.StringIO()
    csv_module.writer(text, lineterminator="\n").writerows(_cells(figures))
    return text.getvalue()


def verdict(row: rows_module.Row, ours: rows_module.Figure,
            peer: rows_module.Figure) -> str:
    """Say whether a bar holds: one without a ratio, if no answer was wrong.
    Where the peer failed, nobody knows."""
    if ours.faults:
        return "wrong"
    if not row.least:
        return "exact"
    if not peer.count:
        return "unknown"
    return "holds" if min(ratios(row, ours, peer)) >= row.least else "missed"


def ratios(row: rows_module.Row, ours: rows_module.Figure,
           peer: rows_module.Figure) -> tuple[float, float]:
    """Return how many times more our CPU does, and how many times sooner,
    or more often, we answer."""
    swifter = (ours.rate / (peer.rate or float("inf")) if row.by_rate
               else peer.p50 / (ours.p50 or float("inf")))
    return peer.cpu / (ours.cpu or float("inf")), swifter


def _cells(figures: _Figures) -> Iterator[list[str]]:
    others = [side for side in figures if side != PEER]
    yield ["row", *(f"{side} {what}" for side in figures
                    for what in ("p50 ms", "CPU ms", "/s")),
           *(f"{side} {what}" for side in others if PEER in figures
             for what in ("CPU ×", "speed ×")),
           *(("at least", "bar") if JUDGED in figures and PEER in figures
             else ())]
    for row in rows_module.ROWS:
        if any(row.name in each for each in figures.values()):
            yield list(_row(row, figures, others))


def _row(row: rows_module.Row, figures: _Figures,
         others: list[str]) -> Iterator[str]:
    yield row.name
    for each in figures.values():
        figure = each[row.name]
        yield from (f"{value:.3g}" for value in (
            figure.p50, figure.cpu, figure.rate))
    if PEER not in figures:
        return
    peer = figures[PEER][row.name]
    for side in others:
        yield from (f"{ratio:.1f}" for ratio in ratios(
            row, figures[side][row.name], peer))
    if JUDGED in figures:
        yield f"{row.least:g}" if row.least else "exact"
        yield verdict(row, figures[JUDGED][row.name], peer)
