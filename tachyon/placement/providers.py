"""The filter of ``GET /resource_providers``, over the view.

Semantics are Placement's at microversion 1.39: every criterion is about one
provider itself, and all of them must hold.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from tachyon.placement import query as query_module
from tachyon.placement import snapshot as snapshot_module


@dataclasses.dataclass(frozen=True, slots=True)
class ProviderFilter:
    """What is asked of a provider. Its ``group`` has no suffix."""

    name: str | None = None
    uuid: str | None = None
    group: query_module.RequestGroup = query_module.RequestGroup()


def find(snapshot: snapshot_module.Snapshot,
         wanted: ProviderFilter) -> list[int]:
    """Return the rows of the providers that match, ascending.

    Names that nobody knows match nothing; it is for the caller to refuse
    unknown traits and resource classes first.
    """
    group = wanted.group
    mask = _named(snapshot, wanted)
    for traits in group.all_required:
        mask = mask & _any_of(snapshot, snapshot.trait_rows, traits)
    for aggregates in group.member_of:
        mask = mask & _any_of(snapshot, snapshot.aggregate_rows, aggregates)
    if group.forbidden:
        mask = mask & ~_any_of(snapshot, snapshot.trait_rows, group.forbidden)
    if group.forbidden_aggregates:
        mask = mask & ~_any_of(snapshot, snapshot.aggregate_rows,
                               group.forbidden_aggregates)
    for resource_class, amount in group.resources.items():
        mask = mask & snapshot.fits(resource_class, amount)
    rows: list[int] = np.flatnonzero(mask).tolist()
    return rows


def _named(snapshot: snapshot_module.Snapshot,
           wanted: ProviderFilter) -> np.ndarray:
    """Return who is meant by name, uuid and in_tree."""
    mask = snapshot.live
    for key, find_row in ((wanted.name, snapshot.row_named),
                          (wanted.uuid, snapshot.row_of)):
        if key is not None:
            row = find_row(key)
            only = np.zeros(snapshot.n, bool)
            if row is not None:
                only[row] = True
            mask = mask & only
    if wanted.group.in_tree is not None:
        tree = np.zeros(snapshot.n, bool)
        row = snapshot.row_of(wanted.group.in_tree)
        if row is not None:
            tree[snapshot.tree(int(snapshot.roots[row]))] = True
        mask = mask & tree
    return mask


def _any_of(snapshot: snapshot_module.Snapshot,
            rows_of: Callable[[str], np.ndarray],
            names: frozenset[str]) -> np.ndarray:
    mask = np.zeros(snapshot.n, bool)
    for name in names:
        mask[rows_of(name)] = True
    return mask
