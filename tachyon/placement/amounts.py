"""The rules of a query on amounts: of one provider, and of several groups.

They belong to ``tachyon.placement.rules``, and tell in numbers how far a
host is from obeying them.
"""

from collections.abc import Sequence

import numpy as np

from tachyon.placement import columns
from tachyon.placement import pools
from tachyon.placement import reasons
from tachyon.placement import rules


class Resource(rules.Rule):
    """An amount of one class, of one provider."""

    def __init__(self, space: pools.Space, suffix: str, resource_class: str,
                 amount: int) -> None:
        super().__init__(space, "resources", suffix)
        self.resource_class = resource_class
        self.amount = amount

    def apply(self, pool: pools.Pool) -> pools.Pool:
        return pool.keep(self.snapshot.fits(self.resource_class,
                                            self.amount))

    def shortfall(self, pool: pools.Pool, rows: np.ndarray) -> np.ndarray:
        free = self.snapshot.free(self.resource_class)
        highest = np.maximum(self.space.highest(pool, free)[rows], 0)
        # Enough, but barred by the unit rules, is nearer than any shortage.
        return np.maximum(1 - highest / self.amount, 1e-9)

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> rules.Removed:
        column = self.snapshot.column(self.resource_class)
        if column is None:
            return [(self._reason(reasons.Code.NO_INVENTORY,
                                  resource_class=self.resource_class), rows)]
        offering = np.zeros(self.snapshot.n, bool)
        offering[column.rows] = True
        free = self.snapshot.free(self.resource_class)
        np.maximum(free, 0, out=free)
        offered = pool.keep(offering)
        highest = self.space.highest(offered, free)[rows]
        total = self.space.sums(offered, free)[rows]
        none = highest < 0
        barred = highest >= self.amount
        split = ~none & ~barred & (total >= self.amount)
        asked = {"resource_class": self.resource_class,
                 "requested": self.amount}
        removed = []
        for code, part, params in (
                (reasons.Code.NO_INVENTORY, none,
                 {"resource_class": self.resource_class}),
                (reasons.Code.RESOURCE_CONSTRAINT, barred, asked),
                (reasons.Code.FRAGMENTED, split, asked),
                (reasons.Code.INSUFFICIENT_RESOURCE,
                 ~(none | barred | split), asked)):
            if not part.any():
                continue
            found: dict[str, object] = dict(params)
            if code in (reasons.Code.FRAGMENTED,
                        reasons.Code.INSUFFICIENT_RESOURCE):
                found["max_free"] = int(highest[part].max())
            if code is reasons.Code.FRAGMENTED:
                found["sum_free"] = int(total[part].max())
            removed.append((self._reason(code, **found), rows[part]))
        return removed


class Together(rules.Rule):
    """What several groups ask of one class, from all who give it.

    Necessary, not sufficient: for each amount a that is asked, the providers
    must have room for as many pieces of a as there are groups that ask for
    it or more, and for the sum of all.
    """

    joint = True

    def __init__(self, space: pools.Space, resource_class: str,
                 amounts: Sequence[int]) -> None:
        super().__init__(space, "combination", "")
        self.resource_class = resource_class
        self._amounts = sorted(amounts, reverse=True)

    def _room(self, piece: int = 1) -> np.ndarray:
        """Return int64[n]: how many pieces of a size one candidate can take
        of each provider."""
        column = self.snapshot.column(self.resource_class)
        if column is None:
            return np.zeros(self.snapshot.n, np.int64)
        pieces = np.minimum(column.free, column.max_unit)
        np.maximum(pieces, 0, out=pieces)
        if piece > 1:
            pieces //= piece
        return column.spread(pieces, self.snapshot.n)

    def apply(self, pool: pools.Pool) -> pools.Pool:
        enough = self.space.sums(pool, self._room()) >= sum(self._amounts)
        for count, amount in enumerate(self._amounts, 1):
            last = count == len(self._amounts)
            if last or self._amounts[count] != amount:
                pieces = self._room(min(amount, columns.HUGE))
                enough &= self.space.sums(pool, pieces) >= count
        return pool.keep_anchors(enough)

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> rules.Removed:
        total = sum(self._amounts)
        room = self._room()
        sums = self.space.sums(pool, room)[rows]
        highest = self.space.highest(pool, room)[rows]
        short = sums < total
        removed = []
        if short.any():
            removed.append((self._reason(
                reasons.Code.INSUFFICIENT_RESOURCE,
                resource_class=self.resource_class, requested=total,
                max_free=int(sums[short].max()),
                detail="all groups together"), rows[short]))
        if not short.all():
            removed.append((self._reason(
                reasons.Code.FRAGMENTED, resource_class=self.resource_class,
                requested=total, max_free=int(highest[~short].max()),
                sum_free=int(sums[~short].max()),
                detail="all groups together"), rows[~short]))
        return removed


class Isolated(rules.Rule):
    """As many providers as there are suffixed groups to be kept apart."""

    joint = True

    def __init__(self, space: pools.Space, groups: int) -> None:
        super().__init__(space, "combination", "")
        self._groups = groups

    def apply(self, pool: pools.Pool) -> pools.Pool:
        ones = np.ones(self.snapshot.n, np.int64)
        return pool.keep_anchors(self.space.sums(pool, ones) >= self._groups)

    def explain(self, pool: pools.Pool, rows: np.ndarray) -> rules.Removed:
        return [(self._reason(
            reasons.Code.NO_COMBINATION, detail=f"{self._groups} groups to "
            "be isolated on as many providers"), rows)]
