"""Integer programs: how often a request can be served out of what there is.

Who asks is a *block*, served any number of times, each time in one of its
modes. A mode takes one alternative of each of its choices; an alternative is
what it takes of which stock. Stocks are called by any hashable key, and may
be drawn on by several blocks.

Where no stock is drawn on in two ways, a formula tells; else HiGHS searches.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import highspy
import numpy as np

Alternative = tuple[tuple[Any, int], ...]         # (key, amount at least 1)
Choice = tuple[Alternative, ...]
Mode = tuple[Choice, ...]
Stocks = Mapping[Any, int]           # what is left, by key

# So large a program is not searched, nor is one that counts so far: HiGHS
# calculates with floats.
VARIABLES_MAX = 50_000
COUNT_MAX = 10 ** 9
# Branches that are looked at before the best that was found is taken.
NODES_MAX = 2_000


class Block(NamedTuple):
    """``most``: it is served no more often than this; None: any number."""

    modes: tuple[Mode, ...]
    most: int | None = None


class Count(NamedTuple):
    """``times`` can be had for certain; ``exact``: and no more."""

    times: int
    exact: bool


def count(blocks: Sequence[Block], stocks: Stocks,
          search: bool = True) -> Count:
    """Return how often the blocks can be served, all taken together.

    Each mode must draw on some stock. Without a ``search``, what no formula
    tells is served in turn.
    """
    if not is_disjoint(blocks):
        return (_search(blocks, stocks) if search
                else Count(serve_in_turn(blocks, stocks), False))
    return Count(sum(_bounded(block, sum(
        _most(mode, stocks) for mode in block.modes))
        for block in blocks), True)


def _bounded(block: Block, times: int) -> int:
    return times if block.most is None else min(times, block.most)


def is_disjoint(blocks: Sequence[Block]) -> bool:
    """Return whether each stock is drawn on by a single alternative."""
    keys = [key for block in blocks for mode in block.modes
            for choice in mode for alternative in choice
            for key, _ in alternative]
    return len(keys) == len(set(keys))


def _most(mode: Mode, stocks: Stocks) -> int:
    """Return how often a mode can be had if it shares no stock, not even
    between its alternatives; else what it can't exceed."""
    return min(sum(_times(alternative, stocks) for alternative in choice)
               for choice in mode)


def _times(alternative: Alternative, stocks: Stocks) -> int:
    return max(0, min(stocks[key] // amount for key, amount in alternative))


# ------------------------------------------------------------------ in turn
def serve_in_turn(blocks: Sequence[Block], stocks: Stocks) -> int:
    """Return how often the blocks can be served one after the other, each
    from where most is left: not always as often as can be."""
    left = dict(stocks)
    return sum(_serve(block, left) for block in blocks)


def _serve(block: Block, left: dict[Any, int]) -> int:
    served = 0
    for mode in block.modes:
        while batch := _batch(mode, left):
            alternatives, times = batch
            if block.most is not None:
                times = min(times, block.most - served)
            if not times:
                break
            for key, amount in itertools.chain.from_iterable(alternatives):
                left[key] -= amount * times
            served += times
    return served


def _batch(mode: Mode, left: Stocks
           ) -> tuple[tuple[Alternative, ...], int] | None:
    """Return of each choice the alternative that can be had most often, and
    how often all of them can."""
    best = tuple(max(choice, key=lambda each: _times(each, left))
                 for choice in mode)
    total: dict[Any, int] = {}
    for key, amount in itertools.chain.from_iterable(best):
        total[key] = total.get(key, 0) + amount
    times = _times(tuple(total.items()), left)
    return (best, times) if times > 0 else None


# ------------------------------------------------------------------- HiGHS
class _Rows:
    """The rows of a program: sums of variables, and what bounds them."""

    def __init__(self) -> None:
        self.sums: list[dict[int, int]] = []
        self.lower: list[float] = []
        self.upper: list[float] = []

    def add(self, terms: dict[int, int], most: int,
            least: float = -math.inf) -> None:
        self.sums.append(terms)
        self.lower.append(least)
        self.upper.append(float(most))

    def hold(self, values: Sequence[int]) -> bool:
        return all(
            lower <= sum(factor * values[number]
                         for number, factor in terms.items()) <= upper
            for terms, lower, upper in zip(self.sums, self.lower, self.upper,
                                           strict=True))


class _Program:
    """A variable for each mode, which counts it, and one for each
    alternative of a choice that has several."""

    def __init__(self, blocks: Sequence[Block], stocks: Stocks) -> None:
        self.bounds: list[int] = []
        self.modes: list[int] = []        # the variables that are counted
        self.rows = _Rows()
        self._stocks = stocks
        self._takers: dict[Any, dict[int, int]] = {}
        for block in blocks:
            self._add(block)
        for key, terms in self._takers.items():
            # Amounts are mostly multiples of one: the rest is of no use.
            unit = math.gcd(*terms.values())
            self.rows.add({number: amount // unit
                           for number, amount in terms.items()},
                          max(0, stocks[key]) // unit)

    def _add(self, block: Block) -> None:
        counted = []
        for mode in block.modes:
            times = _bounded(block, _most(mode, self._stocks))
            counted.append(self._variable(times))
            for choice in mode:
                self._choose(choice, counted[-1])
        if block.most is not None:
            self.rows.add(dict.fromkeys(counted, 1), block.most)
        self.modes += counted

    def _choose(self, choice: Choice, times: int) -> None:
        if len(choice) == 1:
            self._take(choice[0], times)
            return
        chosen = []
        for alternative in choice:
            chosen.append(self._variable(_times(alternative, self._stocks)))
            self._take(alternative, chosen[-1])
        self.rows.add({**dict.fromkeys(chosen, 1), times: -1}, 0, 0.0)

    def _take(self, alternative: Alternative, number: int) -> None:
        for key, amount in alternative:
            terms = self._takers.setdefault(key, {})
            terms[number] = terms.get(number, 0) + amount

    def _variable(self, most: int) -> int:
        self.bounds.append(most)
        return len(self.bounds) - 1


def _search(blocks: Sequence[Block], stocks: Stocks) -> Count:
    program = _Program(blocks, stocks)
    if (len(program.bounds) <= VARIABLES_MAX
            and max(program.bounds, default=0) <= COUNT_MAX):
        values, optimal = _solve(program)
        # What floats came to is true if it is in whole numbers.
        if values is not None and program.rows.hold(values):
            return Count(sum(values[number] for number in program.modes),
                         optimal)
    return Count(serve_in_turn(blocks, stocks), False)


def _solve(program: _Program) -> tuple[list[int] | None, bool]:
    """Return the values of the variables, if any were found, and whether
    nothing is better."""
    solver = highspy.Highs()
    for name, value in (
            ("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0),
            ("mip_max_nodes", NODES_MAX),
            # It takes six times as long as all the rest, to no avail. HiGHS
            # of old has no such thing.
            ("mip_heuristic_run_feasibility_jump", False)):
        solver.setOptionValue(name, value)
    solver.passModel(_model(program))
    solver.run()
    solution = solver.getSolution()
    if not solution.value_valid:
        return None, False
    return ([round(value) for value in solution.col_value],
            solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)


def _model(program: _Program) -> highspy.HighsLp:
    width, rows = len(program.bounds), program.rows
    model = highspy.HighsLp()
    model.sense_ = highspy.ObjSense.kMaximize
    model.num_col_, model.num_row_ = width, len(rows.sums)
    cost = np.zeros(width)
    cost[program.modes] = 1.0
    model.col_cost_ = cost
    model.col_lower_ = np.zeros(width)
    model.col_upper_ = np.array(program.bounds, np.float64)
    model.integrality_ = [highspy.HighsVarType.kInteger] * width
    model.row_lower_ = np.array(rows.lower)
    model.row_upper_ = np.array(rows.upper)
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.start_ = np.cumsum([0, *map(len, rows.sums)])
    matrix.index_ = np.array([number for terms in rows.sums
                              for number in terms], np.int32)
    matrix.value_ = np.array([factor for terms in rows.sums
                              for factor in terms.values()], np.float64)
    return model
