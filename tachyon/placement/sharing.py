"""Who shares with whom: pairs of a sharing provider and a tree it serves.

A provider with the trait MISC_SHARES_VIA_AGGREGATE gives its resources to
each tree that has a provider, any provider, in one of its aggregates. That
tree's root is then an *anchor* of the sharing provider. The pairs are laid
out as two arrays, sorted by anchor; they hold no pair of a provider with its
own tree, which needs no sharing.
"""

import numpy as np

from tachyon.placement import forest as forest_module

SHARES = "MISC_SHARES_VIA_AGGREGATE"


class Sharing:
    """``providers[i]`` shares with the tree of root ``anchors[i]``."""

    def __init__(self, forest: forest_module.Forest) -> None:
        sharers = forest.trait_rows.get(SHARES)
        self.rows = (np.zeros(0, np.int32) if sharers is None
                     else np.sort(sharers.rows))
        n = max(forest.n, 1)
        keys = [np.zeros(0, np.int64)]
        for row in self.rows.tolist():
            served = [forest.aggregate_rows[uuid].rows
                      for uuid in forest.aggregates[row]]
            if served:
                anchors = np.unique(forest.roots[np.concatenate(served)])
                anchors = anchors[anchors != forest.roots[row]]
                keys.append(anchors.astype(np.int64) * n + row)
        pairs = np.sort(np.concatenate(keys))
        self.anchors = (pairs // n).astype(np.int32)
        self.providers = (pairs % n).astype(np.int32)
        self._starts = np.searchsorted(
            self.anchors, np.arange(forest.n + 1, dtype=np.int32))

    def __len__(self) -> int:
        return len(self.anchors)

    def providers_for(self, anchor: int) -> list[int]:
        """Return the rows that share with the tree of a root, ascending."""
        if not len(self):
            return []
        begin, end = self._starts[anchor], self._starts[anchor + 1]
        rows: list[int] = self.providers[begin:end].tolist()
        return rows
