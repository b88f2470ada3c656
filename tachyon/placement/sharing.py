"""Who shares with whom: pairs of a sharing provider and a tree it serves.

A provider with the trait MISC_SHARES_VIA_AGGREGATE gives its resources to
each tree that has a provider, any provider, in one of its aggregates. That
tree's root is then an *anchor* of the sharing provider. The pairs are laid
out as two arrays, sorted by anchor; they hold no pair of a provider with its
own tree, which needs no sharing.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tachyon.placement import snapshot as snapshot_module

SHARES = "MISC_SHARES_VIA_AGGREGATE"


class Sharing:
    """``providers[i]`` shares with the tree of root ``anchors[i]``."""

    def __init__(self, snapshot: "snapshot_module.Snapshot") -> None:
        self.rows = np.sort(snapshot.trait_rows(SHARES))
        keys = [np.zeros(0, np.int64)]
        for row in self.rows.tolist():
            served = [snapshot.aggregate_rows(uuid)
                      for uuid in snapshot.aggregates_of[row]]
            if served:
                anchors = np.unique(snapshot.roots[np.concatenate(served)])
                anchors = anchors[anchors != snapshot.roots[row]]
                keys.append(anchors.astype(np.int64) * snapshot.n + row)
        pairs = np.sort(np.concatenate(keys))
        self.anchors = (pairs // max(snapshot.n, 1)).astype(np.int32)
        self.providers = (pairs % max(snapshot.n, 1)).astype(np.int32)
        self._starts = np.searchsorted(
            self.anchors, np.arange(snapshot.n + 1, dtype=np.int32))

    def __len__(self) -> int:
        return len(self.anchors)

    def providers_for(self, anchor: int) -> list[int]:
        """Return the rows that share with the tree of a root, ascending."""
        if not len(self):
            return []
        begin, end = self._starts[anchor], self._starts[anchor + 1]
        rows: list[int] = self.providers[begin:end].tolist()
        return rows
