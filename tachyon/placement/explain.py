"""Explain a search: the funnel, the reasons of one host, nearest misses.

All from the very rules and pools that decided. It costs more than the search
itself, so it is made only when asked for.
"""

import dataclasses
import functools
from collections.abc import Collection, Iterable

import numpy as np

from tachyon.placement import masks
from tachyon.placement import pools
from tachyon.placement import reasons
from tachyon.placement import rules

EXAMPLES = 3
NO_COMBINATION = reasons.Reason(reasons.Code.NO_COMBINATION, {})
GIVEN_UP = reasons.Reason(
    reasons.Code.NO_COMBINATION, {"detail": "given up after many tries"})


@dataclasses.dataclass(frozen=True, slots=True)
class Miss:
    """A host that nearly fits: its row, and all that is in the way."""

    root: int
    reasons: tuple[reasons.Reason, ...]


class Explainer:
    """Explains one evaluation."""

    def __init__(self, space: pools.Space,
                 evaluation: masks.Evaluation) -> None:
        self._space = space
        self._snapshot = space.snapshot
        self._evaluation = evaluation
        self._everyone = space.everyone()

    # ------------------------------------------------------------ the funnel
    def stages(self, barren: Collection[int], given_up: Collection[int],
               spared: Iterable[int] = ()) -> tuple[reasons.Stage, ...]:
        """Return the funnel.

        :param barren: roots that fit but have no combination.
        :param given_up: such ones of which that is not sure.
        :param spared: roots that stay, whatever is against them.
        """
        safe = np.zeros(self._snapshot.n, bool)
        safe[list(spared)] = True
        alive = np.zeros(self._snapshot.n, bool)
        alive[self._snapshot.host_rows] = True
        stages: list[reasons.Stage] = []
        for step in self._evaluation.steps:
            left = alive & (safe | self._space.anchors(step.after))
            gone = np.flatnonzero(alive & ~left)
            removed = []
            if len(gone):
                removed = step.rule.explain(step.before, gone)
            self._add(stages, step.rule.stage, int(alive.sum()), removed)
            alive = left
        out = alive & ~safe
        self._add(stages, "combination", int(alive.sum()), [
            (reason, np.array(rows)) for reason, rows in (
                (NO_COMBINATION, [r for r in sorted(barren) if out[r]]),
                (GIVEN_UP, [r for r in sorted(given_up) if out[r]]))
            if rows])
        return tuple(stages)

    def _add(self, stages: list[reasons.Stage], name: str, before: int,
             removed: rules.Removed) -> None:
        """Add a step to the funnel; steps of one name in a row are one."""
        counted = tuple((reason, len(rows)) for reason, rows in removed)
        examples = tuple(
            tuple(self._snapshot.names[row] for row in rows[:EXAMPLES])
            for _, rows in removed)
        after = before - sum(count for _, count in counted)
        if name == "combination" and not removed:
            return                       # mostly there is nothing to say
        if stages and stages[-1].name == name:
            last = stages.pop()
            before, counted = last.before, last.removed + counted
            examples = last.examples + examples
        stages.append(reasons.Stage(name, before, after, counted, examples))

    # -------------------------------------------------------------- one host
    @functools.cached_property
    def _alone(self) -> list[tuple[masks.Step, np.ndarray]]:
        """Return each rule that can stand alone, as a step from everyone,
        and the roots (bool[n]) that it leaves when it is the only one."""
        alone = []
        for step in self._evaluation.steps:
            if step.rule.joint:
                continue
            after = step.rule.apply(self._everyone)
            alone.append((masks.Step(step.rule, self._everyone, after),
                          self._space.anchors(after)))
        return alone

    def why(self, root: int) -> list[reasons.Reason]:
        """Return all rules that a root breaks, each taken alone; if there is
        none, the first one that it breaks together with those before."""
        rows = np.array([root])
        found = []
        for step, left in self._alone:
            if not left[root]:
                found += [reason for reason, _
                          in step.rule.explain(step.before, rows)]
        if found or self._evaluation.fitting[root]:
            return found
        for step in self._evaluation.steps:
            if not self._space.anchors(step.after)[root]:
                return [reason for reason, _
                        in step.rule.explain(step.before, rows)]
        return [NO_COMBINATION]

    # -------------------------------------------------------- nearest misses
    def nearest(self, count: int) -> list[Miss]:
        """Return up to ``count`` hosts that do not fit, nearest first."""
        hosts = self._snapshot.host_rows
        hosts = hosts[~self._evaluation.fitting[hosts]]
        broken = np.zeros(len(hosts), np.int64)
        short = np.zeros(len(hosts), np.float64)
        for step, left in self._alone:
            out = ~left[hosts]
            broken += out
            if out.any():
                short[out] += step.rule.shortfall(step.before, hosts[out])
        order = np.lexsort((hosts, short, np.maximum(broken, 1)))
        return [Miss(int(root), tuple(self.why(int(root))))
                for root in hosts[order[:count]]]
