"""Pools: the providers that are still in play for a part of a request.

Rules (``tachyon.placement.rules``) make pools smaller, all by array masks;
what a pool leaves of the *anchors*, the roots that it can serve, decides.
"""

import dataclasses

import numpy as np

from tachyon.placement import snapshot as snapshot_module


@dataclasses.dataclass(frozen=True, slots=True)
class Pool:
    """Providers, as bool[n] each.

    ``own`` may serve their own tree. ``via`` may serve the trees they share
    with; None if nobody shares anything. ``anchors`` are the roots that may
    be served at all; None for all of them.
    """

    own: np.ndarray
    via: np.ndarray | None
    anchors: np.ndarray | None = None

    def keep(self, own: np.ndarray, via: np.ndarray | None = None) -> "Pool":
        """Return the pool with only these (via: as own, if not given)."""
        left = None
        if self.via is not None:
            left = self.via & (own if via is None else via)
        return Pool(self.own & own, left, self.anchors)

    def keep_anchors(self, anchors: np.ndarray) -> "Pool":
        """Return the pool with only these roots to be served."""
        if self.anchors is not None:
            anchors = self.anchors & anchors
        return Pool(self.own, self.via, anchors)

    def union(self, other: "Pool") -> "Pool":
        """Return the providers of both; anchors are as in this one."""
        via = self.via
        if via is not None and other.via is not None:
            via = via | other.via
        return Pool(self.own | other.own, via, self.anchors)


class Space:
    """The ground that all pools of a query lie on."""

    def __init__(self, snapshot: snapshot_module.Snapshot) -> None:
        self.snapshot = snapshot
        self.sharing = snapshot.sharing

    def everyone(self) -> Pool:
        """Return the pool before any rule.

        """
        via = None
        if len(self.sharing):
            via = np.zeros(self.snapshot.n, bool)
            via[self.sharing.rows] = True
        return Pool(self.snapshot.live, via)

    def by_root(self, mask: np.ndarray) -> np.ndarray:
        """Return bool[n]: whose root is in the mask."""
        if not self.snapshot.nested:
            return mask
        return mask[self.snapshot.roots]

    def anchors(self, pool: Pool) -> np.ndarray:
        """Return bool[n]: the roots that a pool can serve."""
        served = pool.own
        if self.snapshot.nested:
            served = np.zeros(self.snapshot.n, bool)
            served[self.snapshot.roots[pool.own]] = True
        if pool.via is not None:
            served = served.copy()
            served[self.sharing.anchors[pool.via[self.sharing.providers]]] = (
                True)
        if pool.anchors is not None:
            served = served & pool.anchors
        return served

    def sums(self, pool: Pool, values: np.ndarray) -> np.ndarray:
        """Return float64[n]: the sum of values by row over all providers of
        a pool that serve a root, at each root."""
        n = self.snapshot.n
        rows = np.flatnonzero(pool.own)
        sums = np.bincount(self.snapshot.roots[rows], values[rows], n)
        if pool.via is not None:
            pairs = np.flatnonzero(pool.via[self.sharing.providers])
            sums += np.bincount(self.sharing.anchors[pairs],
                                values[self.sharing.providers[pairs]], n)
        return sums

    def highest(self, pool: Pool, values: np.ndarray) -> np.ndarray:
        """Return int64[n]: as ``sums``, the highest value, or -1."""
        highest = np.full(self.snapshot.n, -1, np.int64)
        rows = np.flatnonzero(pool.own)
        np.maximum.at(highest, self.snapshot.roots[rows], values[rows])
        if pool.via is not None:
            pairs = np.flatnonzero(pool.via[self.sharing.providers])
            np.maximum.at(highest, self.sharing.anchors[pairs],
                          values[self.sharing.providers[pairs]])
        return highest
