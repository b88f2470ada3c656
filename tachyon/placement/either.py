"""Either: what was found by one query, or else by another.

A host that one of both admits is found. What is said of those that none
admits is said of the first query.
"""

import functools
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from tachyon.placement import reasons
from tachyon.placement import search


class Either:
    """Two results of a search, over one snapshot, as one."""

    def __init__(self, first: search.Found, second: search.Found) -> None:
        self._first, self._second = first, second
        # Rows (int32, ascending), as those of each.
        self.roots = np.union1d(first.roots, second.roots)

    @property
    def searches(self) -> tuple[search.Found, ...]:
        """Return the results that this one is made of."""
        return self._first, self._second

    def candidates(self, roots: Iterable[int] | None = None,
                   limit: int | None = None) -> Iterator[search.Candidate]:
        """Yield candidates, ``limit`` at most: first those of the first
        query, then those of the second."""
        chosen = None if roots is None else list(roots)
        return itertools.islice(itertools.chain.from_iterable(
            each.candidates(chosen, limit)
            for each in (self._first, self._second)), limit)

    @property
    def limits_hit(self) -> tuple[str, ...]:
        """Return the limits that one of the searches met so far."""
        return tuple(dict.fromkeys(self._first.limits_hit
                                   + self._second.limits_hit))

    @functools.cached_property
    def stages(self) -> tuple[reasons.Stage, ...]:
        """Return the first query's funnel, in which those that the second
        admits are not removed."""
        return self._first.funnel(self._second.roots)

    def why(self, root: int) -> list[reasons.Reason]:
        """Return all reasons why the first query does not admit a root; none
        if the second does."""
        found = self._first.why(root)
        return found if found and self._second.why(root) else []

    def nearest(self, count: int) -> list[search.Miss]:
        """Return the hosts that were nearest to fit the first query."""
        return self._first.nearest(count)
