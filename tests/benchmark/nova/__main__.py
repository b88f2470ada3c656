"""``python -m tests.benchmark.nova``: starts both sides one after the other,
calls them, and prints what each took, and how many times less Tachyon did.

On a machine that does other work, too, CPU is the figure to look at.
"""

import argparse
import json
import pathlib
import signal
import sys
import time
from collections.abc import Sequence

from tests.benchmark import figures as figures_module
from tests.benchmark import report
from tests.benchmark.nova import callers
from tests.benchmark.nova import sides

# Row: servers of a call, callers at the same time.
ROWS = {"1 server": (1, 1), "20 servers": (20, 1), "4 callers": (1, 4)}

# By hosts; by row; by side.
Figures = dict[int, dict[str, dict[str, figures_module.Figure]]]


def main(argv: Sequence[str] | None = None) -> int:
    """Return 1 if an answer of Tachyon's was wrong."""
    given = _parse(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    figures: Figures = {}
    for hosts in given.hosts:
        figures[hosts] = {row: {} for row in ROWS}
        for name in given.sides:
            _tell(f"{name}: {hosts} hosts")
            with sides.SIDES[name](hosts) as side:
                _measure(side, given, figures[hosts])
            if given.json:
                given.json.write_text(json.dumps({
                    str(hosts): {row: {side: vars(figure) for side, figure
                                       in each.items()}
                                 for row, each in rows.items()}
                    for hosts, rows in figures.items()}, indent=1) + "\n")
    print(report.aligned(cells(figures)))
    wrong = [fault for rows in figures.values() for each in rows.values()
             for side, figure in each.items() for fault in figure.faults
             if side == sides.Tachyon.name]
    return 1 if wrong else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests.benchmark.nova", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, nargs="+", metavar="N",
                        default=[1000, 10_000],
                        help="computes of the clouds (1000 10000)")
    parser.add_argument("--sides", nargs="+", choices=sides.SIDES,
                        default=list(sides.SIDES))
    parser.add_argument("--seconds", type=float, default=15.0,
                        help="of each measurement (15); at least five calls")
    parser.add_argument("--warm", type=float, default=30.0,
                        help="seconds of calls before the first one (30)")
    parser.add_argument("--json", type=pathlib.Path,
                        help="a file for all figures")
    return parser.parse_args(argv)


def _measure(side: sides.Side, given: argparse.Namespace,
             found: dict[str, dict[str, figures_module.Figure]]) -> None:
    def ask(seconds: float, servers: int, count: int
            ) -> figures_module.Figure:
        return callers.call(side.transport_url, side.placement_url, seconds,
                            servers=servers, callers=count, meter=side.cpu)

    ask(given.warm / 2, 1, 2)
    ask(given.warm / 2, 20, 1)
    for row, (servers, count) in ROWS.items():
        before = side.cpu_by_part()
        figure = found[row][side.name] = ask(given.seconds, servers, count)
        spent = {part: figures_module.ms(cpu - before[part])
                 for part, cpu in side.cpu_by_part().items()}
        parts = ", ".join(f"{part} {each / max(figure.count, 1):.1f}"
                          for part, each in spent.items())
        _tell(f"  {row}: p50 {figure.p50:.1f} ms, CPU {figure.cpu:.1f} ms, "
              f"{figure.rate:.1f}/s, n={figure.count} "
              f"(with what is given back: {parts})")
        for fault in figure.faults:
            _tell(f"  {row}: {fault}")


def cells(figures: Figures) -> list[list[str]]:
    """Return the table: what each side took, and the ratios."""
    table = [["Hosts, row", *(f"{side}: p50, CPU ms; /s"
                              for side in sides.SIDES), "p50 ×", "CPU ×"]]
    for hosts, rows in figures.items():
        for row, by_side in rows.items():
            line = [f"{hosts}, {row}"]
            for side in sides.SIDES:
                figure = by_side.get(side)
                line.append("" if figure is None else
                            f"{figure.p50:.1f}, {figure.cpu:.1f}; "
                            f"{figure.rate:.3g}")
            stock = by_side.get(sides.Stock.name)
            ours = by_side.get(sides.Tachyon.name)
            line += ([f"{stock.p50 / ours.p50:.3g}",
                      f"{stock.cpu / ours.cpu:.3g}"]
                     if stock and ours and ours.p50 and ours.cpu
                     else ["", ""])
            table.append(line)
    return table


def _tell(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
