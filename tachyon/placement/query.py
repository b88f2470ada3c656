"""What is asked of placement: the one request type of the engine.

HTTP queries, instances and nova's request specs all end in a ``Query``.
Semantics are those of Placement's ``GET /allocation_candidates`` at 1.39.
"""

import dataclasses
from collections.abc import Mapping

from tachyon import exception

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

    def check(self) -> None:
        """Check that the query says something, and does not contradict
        itself.

        :raises ValidationError:
        """
        by_suffix = {group.suffix: group for group in self.groups}
        in_subtree = frozenset[str]().union(*self.same_subtree)
        _check("groups", len(by_suffix) == len(self.groups),
               "two groups have the same suffix.")
        _check("groups", any(group.resources for group in self.groups),
               "no group asks for resources.")
        for suffix, group in by_suffix.items():
            _check(f"resources{suffix}",
                   bool(group.resources) or suffix in in_subtree,
                   "a group without resources is in no same_subtree.")
            for name, amount in group.resources.items():
                _check(f"resources{suffix}.{name}", amount > 0,
                       f"{amount} is not positive.")
        _check("same_subtree", in_subtree <= by_suffix.keys() - {""},
               "it names what is no suffix of a group.")
        _check("group_policy", self.group_policy in (None, "none", "isolate"),
               "it is neither none nor isolate.")


def _check(field: str, holds: bool, reason: str) -> None:
    if not holds:
        raise exception.ValidationError(field=field, reason=reason)
