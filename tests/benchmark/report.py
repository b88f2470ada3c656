"""The table: what each side took, how many times less than Placement, and
whether that is enough."""

import csv as csv_module
import io
from collections.abc import Iterator, Mapping, Sequence

from tests.benchmark import figures as figures_module
from tests.benchmark import rows as rows_module

PEER = "placement"
_Figures = Mapping[str, Mapping[str, figures_module.Figure]]


def table(figures: _Figures) -> str:
    """Return the table for people at a terminal."""
    return aligned(list(_cells(figures)))


def aligned(cells: Sequence[Sequence[str]]) -> str:
    """Return rows of text with their columns below each other."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(
        cell.ljust(width) if number == 0 else cell.rjust(width)
        for number, (cell, width) in enumerate(
            zip(row, widths, strict=True))) for row in cells)


def csv(figures: _Figures) -> str:
    """Return the table for the documentation: what does not depend on the
    machine, as far as that goes."""
    text = io.StringIO()
    csv_module.writer(text, lineterminator="\n").writerows(_brief(figures))
    return text.getvalue()


def _brief(figures: _Figures) -> Iterator[list[str]]:
    ours = [side for side in figures if side != PEER]
    yield ["Row", "Bar", *(cell for side in ours for cell in (side, ""))]
    for row in _rows_of(figures):
        peer = figures.get(PEER, {}).get(row.name)
        yield [row.name, bar(row), *(
            cell for side in ours
            for cell in _judged(row, figures[side].get(row.name), peer))]


def _judged(row: rows_module.Row, ours: figures_module.Figure | None,
            peer: figures_module.Figure | None) -> tuple[str, str]:
    if ours is None:
        return "", ""
    said = []
    if peer is not None and peer.count:
        said += [f"{ratio:.3g} ×" for ratio in ratios(row, ours, peer)]
    if ours.pings:
        said.append(f"{ours.pings:.3g} pings")
    if row.rate:
        said.append(f"{ours.rate:.3g}/s")
    return ", ".join(said), verdict(row, ours, peer)


def verdict(row: rows_module.Row, ours: figures_module.Figure,
            peer: figures_module.Figure | None) -> str:
    """Say whether a bar holds: one without a number, if no answer was wrong.
    Where what it needs is missing, nobody knows."""
    if ours.faults:
        return "wrong"
    if row.pings:
        return _said(ours.pings > 0, ours.pings <= row.pings)
    if row.rate:
        return _said(True, ours.rate >= row.rate)
    if not row.least:
        return "exact"
    if peer is None or not peer.count:
        return "unknown"
    return _said(True, min(ratios(row, ours, peer)) >= row.least)


def _said(known: bool, holds: bool) -> str:
    return ("holds" if holds else "missed") if known else "unknown"


def bar(row: rows_module.Row) -> str:
    """Return the bar in words."""
    if row.pings:
        return f"≤ {row.pings:g} pings"
    if row.rate:
        return f"≥ {row.rate:g}/s"
    return f"≥ {row.least:g} ×" if row.least else "exact"


def ratios(row: rows_module.Row, ours: figures_module.Figure,
           peer: figures_module.Figure) -> tuple[float, float]:
    """Return how many times more our CPU does, and how many times sooner,
    or more often, we answer."""
    swifter = (ours.rate / (peer.rate or float("inf")) if row.by_rate
               else peer.p50 / (ours.p50 or float("inf")))
    return peer.cpu / (ours.cpu or float("inf")), swifter


def _cells(figures: _Figures) -> Iterator[list[str]]:
    ours = [side for side in figures if side != PEER]
    yield ["row", *(f"{side} {what}" for side in figures
                    for what in ("p50 ms", "CPU ms", "/s")),
           *(f"{side} {what}" for side in ours
             for what in (("CPU ×", "speed ×") if PEER in figures else ())),
           *(f"{side} pings" for side in ours),
           "bar", *ours]
    for row in _rows_of(figures):
        yield list(_row(row, figures, ours))


def _rows_of(figures: _Figures) -> Iterator[rows_module.Row]:
    """Yield the rows that were measured on any side."""
    for row in rows_module.ROWS:
        if any(row.name in each for each in figures.values()):
            yield row


def _row(row: rows_module.Row, figures: _Figures,
         ours: list[str]) -> Iterator[str]:
    yield row.name
    found = {side: each.get(row.name) for side, each in figures.items()}
    for figure in found.values():
        yield from (("", "", "") if figure is None else (
            f"{value:.3g}" if value else ""
            for value in (figure.p50, figure.cpu, figure.rate)))
    peer = found.get(PEER)
    for side in ours if PEER in figures else ():
        figure = found[side]
        yield from (("", "") if figure is None or peer is None else (
            f"{ratio:.1f}" for ratio in ratios(row, figure, peer)))
    for side in ours:
        figure = found[side]
        yield f"{figure.pings:.1f}" if figure and figure.pings else ""
    yield bar(row)
    for side in ours:
        figure = found[side]
        yield "" if figure is None else verdict(row, figure, peer)
