"""Tachyon and Placement side by side, on this machine, in one run.

Each side is started with a store of its own, gets the same clouds, and is
asked the same, one side after another: see ``rows``. Ratios are to Placement.
On a machine that does other work, too, CPU is the figure to look at.
"""

import argparse
import contextlib
import dataclasses
import http.client
import importlib.util
import json
import os
import pathlib
import queue
import signal
import sys
import time
from collections.abc import Iterator, Sequence

from tests.benchmark import claims
from tests.benchmark import figures as figures_module
from tests.benchmark import plot
from tests.benchmark import report
from tests.benchmark import rows as rows_module
from tests.benchmark import scaling
from tests.benchmark import sides as sides_module
from tests.benchmark import wire

# By side; by row; see ``figures.Figure``.
Figures = dict[str, dict[str, figures_module.Figure]]

# What is measured over clouds of several sizes.
SCALED = ("Q1_limit10", "Q2_limit10", "Q2_trait1pct")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write what was asked for. Return 1 if an
    answer of Tachyon was wrong; a bar that is missed is told, and no
    failure."""
    given = _parse(argv)
    # What was started is stopped, however this ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wanted = [row for row in rows_module.ROWS
              if not given.rows or row.name.startswith(tuple(given.rows))]
    figures: Figures = {name: {} for name in given.sides}
    curves = plot.Curves()
    for shape, hosts in (("flat", given.hosts), ("numa", given.numa_hosts)):
        here = [row for row in wanted if row.shape == shape]
        crowds = given.crowds if shape == "flat" else ()
        for name in given.sides if here or crowds else ():
            with _running(name, hosts, shape, given.warm) as side:
                for row in here:
                    if row.ours and name == report.PEER:
                        continue
                    figures[name][row.name] = _measure(row, side,
                                                       given.seconds)
                _measure_crowds(side, given.seconds, crowds, curves)
            _keep(given, figures, curves)
    for hosts in given.scale:
        for name in given.sides:
            with _running(name, hosts, "flat", given.warm) as side:
                _measure_scale(side, given.seconds, curves)
            _keep(given, figures, curves)
    print(report.table(figures))
    print(scaling.table(curves))
    return 1 if _tell_faults(figures) else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests.benchmark", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=10_000,
                        help="of the flat cloud (10000)")
    parser.add_argument("--numa-hosts", type=int, default=3000,
                        help="of the cloud with NUMA nodes (3000)")
    parser.add_argument("--sides", nargs="+", choices=sides_module.SIDES,
                        default=list(sides_module.SIDES))
    parser.add_argument("--rows", nargs="+", metavar="PREFIX", default=[],
                        help="only those whose names begin so: Q1 C2")
    parser.add_argument("--seconds", type=float, default=5.0,
                        help="of each measurement (5)")
    parser.add_argument("--warm", type=float, default=60.0,
                        help="seconds of claims before the first measurement "
                             "of a side: a server on Java takes several times "
                             "the CPU until it has compiled what it does (60)")
    parser.add_argument("--crowds", type=int, nargs="+", default=[],
                        metavar="N", help="PUT claims from so many clients, "
                        "for a curve: 1 2 4 8 16")
    parser.add_argument("--scale", type=int, nargs="+", default=[],
                        metavar="N", help="queries of flat clouds of so many "
                        "hosts, for a curve: 1000 10000 100000")
    parser.add_argument("--json", type=pathlib.Path,
                        help="a file for all figures")
    parser.add_argument("--output", type=pathlib.Path,
                        help="a directory for the table (CSV) and the curves "
                             "(SVG)")
    given = parser.parse_args(argv)
    missing = [name for name in sides_module.PEER_PACKAGES
               if importlib.util.find_spec(name) is None]
    if missing and report.PEER in given.sides:
        _tell(f"{report.PEER} is left out: {', '.join(missing)} not "
              "installed (tests/benchmark/requirements.txt)")
        given.sides.remove(report.PEER)
    return given


@contextlib.contextmanager
def _running(name: str, hosts: int, shape: str, warm: float
             ) -> Iterator[sides_module.Side]:
    _tell(f"{name}: {hosts} {shape} hosts")
    with sides_module.SIDES[name](hosts, shape) as side:
        _tell(f"  ready after {side.ready_after:.1f} s")
        claims.claims(side, warm, claims.CLIENTS, rows_module.Q1)
        yield side
        _tell("  memory: " + ", ".join(
            f"{part} {size:.0f} MB" for part, size in side.memory().items()))


def _measure(row: rows_module.Row, side: sides_module.Side,
             seconds: float) -> figures_module.Figure:
    try:
        figure = row.run(side, seconds)
    except (OSError, RuntimeError, http.client.HTTPException, queue.Empty,
            wire.Refused) as exc:
        # The other rows are worth having.
        figure = figures_module.Figure(0, 0.0, 0.0, 0.0, faults=[repr(exc)])
    _tell(f"  {row.name}: p50 {figure.p50:.2f} ms, CPU {figure.cpu:.2f} ms, "
          f"{figure.rate:.1f}/s, n={figure.count}"
          + (f", {figure.pings:.1f} pings" if figure.pings else "")
          + (f", {figure.note}" if figure.note else ""))
    return figure


def _measure_crowds(side: sides_module.Side, seconds: float,
                    crowds: Sequence[int], curves: plot.Curves) -> None:
    for count in crowds:
        figure = claims.claims(side, seconds, count, None)
        _tell(f"  {count} clients: {figure.rate:.1f} claims/s")
        curves.claims.setdefault(side.name, {})[count] = figure.rate


def _measure_scale(side: sides_module.Side, seconds: float,
                   curves: plot.Curves) -> None:
    for row in rows_module.ROWS:
        if row.name in SCALED:
            figure = _measure(row, side, seconds)
            curve = f"{side.name} {row.name}"
            curves.latency.setdefault(curve, {})[side.hosts] = figure.p50
            curves.cpu.setdefault(curve, {})[side.hosts] = figure.cpu
    curves.ready.setdefault(side.name, {})[side.hosts] = side.ready_after
    curves.memory.setdefault(side.name, {})[side.hosts] = next(
        iter(side.memory().values()))


def _keep(given: argparse.Namespace, figures: Figures,
          curves: plot.Curves) -> None:
    """Write what there is so far: a whole run takes long."""
    if given.json:
        given.json.write_text(json.dumps({
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "cpus": os.cpu_count(), "load": os.getloadavg(),
            "hosts": given.hosts, "numa_hosts": given.numa_hosts,
            "figures": {side: {row: dataclasses.asdict(figure)
                               for row, figure in each.items()}
                        for side, each in figures.items()},
            "curves": dataclasses.asdict(curves)}, indent=1) + "\n")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        if any(figures.values()):
            (given.output / "table.csv").write_text(report.csv(figures))
        if curves.latency:
            (given.output / "scale.csv").write_text(scaling.csv(curves))
        plot.draw(curves, given.output)


def _tell_faults(figures: Figures) -> int:
    """Tell all answers that should not have been; return how many were
    Tachyon's. That the peer gives more than there is is no failure of ours.
    """
    ours = 0
    for side, each in figures.items():
        for row, figure in each.items():
            for fault in figure.faults:
                _tell(f"{side}, {row}: {fault}")
            ours += len(figure.faults) if side != report.PEER else 0
    return ours


def _tell(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)
