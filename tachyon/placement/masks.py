"""From a query to pools: which providers may give what, by masks alone.

This is the first half of a search. It never looks at providers one by one,
and keeps each step, so that Explain can tell later what took whom.
"""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np

from tachyon.placement import amounts
from tachyon.placement import pools
from tachyon.placement import query as query_module
from tachyon.placement import rules


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One rule, and the providers before and after it."""

    rule: rules.Rule
    before: pools.Pool
    after: pools.Pool


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """What one provider gives in a candidate: all that a suffixed group asks
    for, or one class of what the unsuffixed group does."""

    suffix: str
    resources: Mapping[str, int]
    pool: pools.Pool


@dataclasses.dataclass(frozen=True, slots=True)
class Evaluation:
    """All steps in order, the parts they leave, and the roots (bool[n]) in
    which each part, taken alone, finds a provider."""

    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    fitting: np.ndarray


class Evaluator:
    """Evaluates one query."""

    def __init__(self, space: pools.Space, query: query_module.Query) -> None:
        self._space = space
        self._query = query
        self._steps: list[Step] = []
        self._parts: list[Part] = []
        self._start = space.everyone()

    def evaluate(self) -> Evaluation:
        query = self._query
        if query.root_required or query.root_forbidden:
            self._start = self._take(
                rules.RootTraits(self._space, query.root_required,
                                 query.root_forbidden), self._start)
        spreading = []
        for group in query.groups:
            pool = self._start
            for rule in self._properties(group):
                pool = self._take(rule, pool)
            if group.suffix:
                self._parts.append(self._whole(group, pool))
            else:
                spreading = self._spread(group, pool)
                self._parts += spreading
        fitting = self._space.snapshot.live
        for part in self._parts:
            fitting = fitting & self._space.anchors(part.pool)
        for step in self._combining():
            assert step.after.anchors is not None
            fitting = fitting & step.after.anchors
        return Evaluation(tuple(self._steps), tuple(self._parts), fitting)

    def _take(self, rule: rules.Rule, pool: pools.Pool) -> pools.Pool:
        step = Step(rule, pool, rule.apply(pool))
        self._steps.append(step)
        return step.after

    def _properties(self, group: query_module.RequestGroup
                    ) -> Iterator[rules.Rule]:
        """Yield the rules on what providers are, not on what they have."""
        space, suffix = self._space, group.suffix
        # Placement does not apply in_tree to a group without resources; but
        # one that names no provider leaves nothing.
        if group.in_tree and (group.resources or (
                space.snapshot.row_of(group.in_tree) is None)):
            yield rules.InTree(space, suffix, group.in_tree)
        if group.member_of:
            yield rules.MemberOf(space, suffix, group.member_of)
        if group.forbidden_aggregates:
            yield rules.ForbiddenAggregates(space, suffix,
                                            group.forbidden_aggregates)
        for trait in sorted(group.forbidden):
            yield rules.ForbiddenTrait(space, suffix, trait)
        for one_of in group.all_required:
            yield rules.RequiredTrait(space, suffix, one_of)
        if not group.resources and not (group.all_required
                                        or group.member_of):
            yield rules.Nobody(space, suffix)

    def _whole(self, group: query_module.RequestGroup,
               pool: pools.Pool) -> Part:
        for name, amount in group.resources.items():
            pool = self._take(amounts.Resource(self._space, group.suffix, name,
                                             amount), pool)
        return Part(group.suffix, group.resources, pool)

    def _spread(self, group: query_module.RequestGroup,
                pool: pools.Pool) -> list[Part]:
        parts = []
        for name, amount in group.resources.items():
            rule = amounts.Resource(self._space, group.suffix, name, amount)
            parts.append(Part(group.suffix, {name: amount},
                              self._take(rule, pool)))
        return parts

    def _combining(self) -> list[Step]:
        """Take the steps that look at several parts at once."""
        begin = len(self._steps)
        if self._space.snapshot.nested or len(self._space.sharing):
            for group in self._query.groups:
                if not group.suffix and group.resources:
                    self._traits_of_givers(group)
        by_class: dict[str, list[Part]] = {}
        for part in self._parts:
            for name in part.resources:
                by_class.setdefault(name, []).append(part)
        for name, parts in by_class.items():
            if len(parts) > 1:
                asked = [part.resources[name] for part in parts]
                self._take(amounts.Together(self._space, name, asked),
                           _union(parts))
        suffixed = [part for part in self._parts if part.suffix]
        if self._query.group_policy == "isolate" and len(suffixed) > 1:
            self._take(amounts.Isolated(self._space, len(suffixed)),
                       _union(suffixed))
        return self._steps[begin:]

    def _traits_of_givers(self, group: query_module.RequestGroup) -> None:
        # The rule was taken over all providers before; now only those that
        # may give something count.
        givers = _union([part for part in self._parts if not part.suffix])
        for one_of in group.all_required:
            self._take(rules.RequiredTrait(
                self._space, group.suffix, one_of,
                detail="among providers that fit"), givers)


def _union(parts: list[Part]) -> pools.Pool:
    pool = parts[0].pool
    for part in parts[1:]:
        pool = pool.union(part.pool)
    return pool
