"""What is asked of placement: the one request type of the engine.

HTTP queries, instances and nova's request specs all end in a ``Query``.
Semantics are those of Placement's ``GET /allocation_candidates`` at 1.39.
"""

import dataclasses
from collections.abc import Mapping

_NONE: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class RequestGroup:
    """Resources that one provider (or, unsuffixed, one tree) must give.

    ``suffix`` is empty for the unsuffixed group. ``member_of`` and
    ``required_any`` are conjunctions of disjunctions: of each set, one.
    Amounts are at least 1. The unsuffixed group asks for some resource; a
    suffixed one need not, if it is in a ``same_subtree``.
    """

    suffix: str = ""
    resources: Mapping[str, int] = dataclasses.field(default_factory=dict)
    required: frozenset[str] = _NONE
    required_any: tuple[frozenset[str], ...] = ()
    forbidden: frozenset[str] = _NONE
    member_of: tuple[frozenset[str], ...] = ()
    forbidden_aggregates: frozenset[str] = _NONE
    in_tree: str | None = None

    @property
    def all_required(self) -> tuple[frozenset[str], ...]:
        """Return ``required`` and ``required_any`` in one form."""
        return tuple(frozenset((trait,)) for trait in sorted(self.required)
                     ) + self.required_any


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """A whole request.

    ``group_policy`` is ``isolate``, ``none`` or None (not given).
    ``same_subtree`` lists sets of suffixes. ``limit`` caps the candidates.
    """

    groups: tuple[RequestGroup, ...]
    group_policy: str | None = None
    same_subtree: tuple[frozenset[str], ...] = ()
    root_required: frozenset[str] = _NONE
    root_forbidden: frozenset[str] = _NONE
    limit: int | None = None
