"""The rules of a query: each takes from a pool what does not obey it.

Both the search and Explain work with these same rules, so that what is told
is what decided. The semantics are those of Placement's
``GET /allocation_candidates`` at microversion 1.39, which tell apart

* the unsuffixed group, which *spreads*: each resource class may come from
  another provider of the tree, or from one that shares with it. An aggregate
  of the root is one of the whole tree. Required traits are found together
  on those providers that give something; none of them has a forbidden one.
* a suffixed group: one provider gives all, has all required traits, and is
  in the aggregates itself.
"""

import abc
from collections.abc import Sequence

import numpy as np

from tachyon.placement import pools
from tachyon.placement import reasons

Removed = list[tuple[reasons.Reason, np.ndarray]]


class Rule(abc.ABC):
    """One thing that is asked. ``stage`` names it as the query does.

    ``joint`` rules look at what others left, and mean nothing alone.
    """

    joint = False

    def __init__(self, space: pools.Space, stage: str, suffix: str) -> None:
        self.space = space
        self.snapshot = space.snapshot
        self.stage = stage + suffix
        self.suffix = suffix

    @abc.abstractmethod
    def apply(self, pool: pools.Pool) -> pools.Pool:
        """Return what the rule leaves of a pool."""

    @abc.abstractmethod
    def explain(self, pool: pools.Pool, rows: np.ndarray) -> Removed:
        """Say why these roots can't be served once the rule was applied.

        :param pool: what there was before.
        :param rows: roots that the rule took; not empty.
        :returns: a partition of ``rows``, each part with its reason.
        """

    def shortfall(self, pool: pools.Pool, rows: np.ndarray) -> np.ndarray:
        """Return how far these roots, which the rule takes, are from obeying
        it: float64, from just above 0 to 1."""
        return np.ones(len(rows))

    def _reason(self, code: reasons.Code, **params: object) -> reasons.Reason:
        if self.suffix:
            params["group"] = self.suffix
        return reasons.Reason(code, params)

    def _having(self, traits: Sequence[str]) -> np.ndarray:
        having = np.zeros(self.snapshot.n, bool)
        for trait in traits:
            having[self.snapshot.trait_rows(trait)] = True
        return having

    def _within(self, aggregates: Sequence[str]) -> np.ndarray:
        within = np.zeros(self.snapshot.n, bool)
        for uuid in aggregates:
            within[self.snapshot.aggregate_rows(uuid)] = True
        return within


class RootTraits(Rule):
    """What the root itself must have, and must not."""

    def __init__(self, space: pools.Space, required: frozenset[str],
                 forbidden: frozenset[str]) -> None:
        super().__init__(space, "root_required", "")
        self._required = sorted(required)
        self._forbidden = sorted(forbidden)

    def apply(self, pool: pools.Pool) -> pools.Pool:
        roots = ~self._having(self._forbidden)
        for trait in self._required:
            roots &= self._having([trait])
        return pool.keep_anchors(roots)

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> Removed:
        faults = [(f"has {trait}", self._having([trait]))
                  for trait in self._forbidden]
        faults += [(f"lacks {trait}", ~self._having([trait]))
                   for trait in self._required]
        removed = []
        for detail, meant in faults:
            first = meant[rows]
            if first.any():
                removed.append((self._reason(
                    reasons.Code.ROOT_TRAITS, required=self._required,
                    forbidden=self._forbidden, detail=detail), rows[first]))
                rows = rows[~first]
        return removed


class InTree(Rule):
    """The tree of one provider. Who spreads may not leave it either."""

    def __init__(self, space: pools.Space, suffix: str, uuid: str) -> None:
        super().__init__(space, "in_tree", suffix)
        self._uuid = uuid

    def apply(self, pool: pools.Pool) -> pools.Pool:
        row = self.snapshot.row_of(self._uuid)
        tree = np.zeros(self.snapshot.n, bool)
        if row is not None:
            tree[self.snapshot.tree(int(self.snapshot.roots[row]))] = True
        if self.suffix:
            return pool.keep(tree)
        return pools.Pool(pool.own & tree, None, pool.anchors)

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> Removed:
        return [(self._reason(reasons.Code.NOT_IN_TREE, in_tree=self._uuid),
                 rows)]


class MemberOf(Rule):
    """Of each set of aggregates, one. The same provider is in all of them."""

    def __init__(self, space: pools.Space, suffix: str,
                 aggregates: Sequence[frozenset[str]]) -> None:
        super().__init__(space, "member_of", suffix)
        self._aggregates = [sorted(one_of) for one_of in aggregates]

    def apply(self, pool: pools.Pool) -> pools.Pool:
        within = self._within(self._aggregates[0])
        for one_of in self._aggregates[1:]:
            within &= self._within(one_of)
        if self.suffix:
            return pool.keep(within)
        return pool.keep(within | self.space.by_root(within), within)

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> Removed:
        return [(self._reason(reasons.Code.NOT_IN_AGGREGATE,
                              aggregates=self._aggregates), rows)]


class ForbiddenAggregates(Rule):
    """None of these aggregates."""

    def __init__(self, space: pools.Space, suffix: str,
                 aggregates: frozenset[str]) -> None:
        super().__init__(space, "member_of", suffix)
        self._aggregates = sorted(aggregates)

    def apply(self, pool: pools.Pool) -> pools.Pool:
        outside = ~self._within(self._aggregates)
        left = pool.keep(outside)
        # A root in the aggregate bars its tree, and those who share with it.
        return left if self.suffix else left.keep_anchors(outside)

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> Removed:
        return [(self._reason(reasons.Code.IN_FORBIDDEN_AGGREGATE,
                              aggregates=self._aggregates), rows)]


class ForbiddenTrait(Rule):
    """Who has this trait gives nothing."""

    def __init__(self, space: pools.Space, suffix: str, trait: str) -> None:
        super().__init__(space, "required", suffix)
        self._trait = trait

    def apply(self, pool: pools.Pool) -> pools.Pool:
        return pool.keep(~self._having([self._trait]))

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> Removed:
        return [(self._reason(reasons.Code.TRAIT_FORBIDDEN,
                              trait=self._trait), rows)]


class RequiredTrait(Rule):
    """One of these traits.

    A suffixed group's provider has it itself. For the group that spreads, it
    is enough that one provider of the pool has it: then the rule takes roots
    only. That is necessary, not sufficient; which of the providers are used
    is known for each combination alone.

    :param detail: words on which providers were looked at, if only some.
    """

    def __init__(self, space: pools.Space, suffix: str,
                 one_of: frozenset[str], detail: str | None = None) -> None:
        super().__init__(space, "required", suffix)
        self._traits = sorted(one_of)
        self._detail = detail
        self.joint = detail is not None

    def apply(self, pool: pools.Pool) -> pools.Pool:
        having = self._having(self._traits)
        left = pool.keep(having)
        if self.suffix:
            return left
        return pool.keep_anchors(self.space.anchors(left))

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> Removed:
        code = reasons.Code.TRAIT_MISSING
        params: dict[str, object] = {"trait": " or ".join(self._traits)}
        if len(self._traits) > 1:
            params["traits"] = self._traits
        if not any(len(self.snapshot.trait_rows(t)) for t in self._traits):
            code = reasons.Code.TRAIT_UNKNOWN_ANYWHERE
        elif self._detail:
            params["detail"] = self._detail
        return [(self._reason(code, **params), rows)]


class Nobody(Rule):
    """A suffixed group that asks for nothing that could be looked for.

    Placement finds no provider for a group without resources that has
    neither required traits nor member_of, whatever it forbids.
    """

    def __init__(self, space: pools.Space, suffix: str) -> None:
        super().__init__(space, "resources", suffix)

    def apply(self, pool: pools.Pool) -> pools.Pool:
        return pool.keep(np.zeros(self.snapshot.n, bool))

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> Removed:
        return [(self._reason(
            reasons.Code.NO_COMBINATION, detail="a group without resources "
            "needs required traits or member_of"), rows)]
